//! Takes values that are known to be secret out of any text, whatever stands around them: a server may repeat anything.
//! What a field's name or a value's shape gives away is the business of [`super::redaction`].

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    exchange::{Answer, Exchange},
    record::{Failure, ScenarioRecord},
    redaction::{self, OPEN, kind_of, mark},
};

/// Shorter values, such as `admin`, are common words: they are taken out by their fields' names only.
const SHORTEST: usize = 8;

/// The secrets that a scenario sent or got.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redactor(BTreeMap<String, &'static str>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.0.len())
    }
}

impl Redactor {
    /// Remembers a value, and the forms in which it stands in URLs, JSON and HTML.
    pub fn learn(&mut self, kind: &'static str, value: &str) {
        if value.chars().count() < SHORTEST || value.contains(OPEN) || value.chars().all(|each| each == '*') {
            return;
        }
        let json = Value::from(value).to_string();
        let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let url: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        for form in [value, json.trim_matches('"'), &html, &url, &url.replace('+', "%20")] {
            self.0.insert(form.to_owned(), kind);
        }
    }

    /// Remembers the credentials in header fields: tokens, and passwords behind Basic.
    pub fn learn_headers(&mut self, headers: &[(String, String)]) {
        for (name, value) in headers {
            match name.to_ascii_lowercase().as_str() {
                "authorization" | "proxy-authorization" => self.learn_authorization(value.trim()),
                "cookie" => self.learn("COOKIE", value),
                "set-cookie" => {
                    let pair = value.split(';').next().unwrap_or_default();
                    self.learn("COOKIE", pair.split_once('=').map_or(pair, |(_, value)| value));
                }
                "apikey" | "internal-key" | "x-jwt-assertion" => self.learn("KEY", value),
                "location" => self.learn_url(value),
                _ => {}
            }
        }
    }

    fn learn_authorization(&mut self, value: &str) {
        let (scheme, credentials) = value.split_once(' ').unwrap_or(("", value));
        let credentials = credentials.trim();
        if !scheme.eq_ignore_ascii_case("basic") {
            return self.learn("TOKEN", credentials);
        }
        self.learn("BASIC", credentials);
        let decoded = STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((_, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
            self.learn("SECRET", password);
            // OAuth clients form-encode both parts first (RFC 6749, section 2.3.1).
            let form = format!("_={password}");
            let plain = url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned());
            plain.iter().for_each(|value| self.learn("SECRET", value));
        }
    }

    /// Remembers the query fields with secret names.
    pub fn learn_url(&mut self, url: &str) {
        url.split_once(['?', '#']).into_iter().for_each(|(_, query)| self.learn_form(query));
    }

    /// Remembers the members of a JSON text, or the fields of a form, that have secret names.
    pub fn learn_body(&mut self, body: &str) {
        match serde_json::from_str::<Value>(body) {
            Ok(json) => self.learn_json(&json),
            Err(_) => {
                self.learn_form(body);
                redaction::json_members(body).for_each(|(kind, value)| self.learn(kind, value));
            }
        }
    }

    fn learn_form(&mut self, form: &str) {
        for (name, value) in url::form_urlencoded::parse(form.trim().as_bytes()) {
            if let Some(kind) = redaction::kind_of_field(&name) {
                self.learn(kind, &value);
            }
        }
    }

    fn learn_json(&mut self, json: &Value) {
        match json {
            Value::Object(members) => members.iter().for_each(|(name, member)| match (kind_of(name), member) {
                (Some(kind), Value::String(secret)) => self.learn(kind, secret),
                _ => self.learn_json(member),
            }),
            Value::Array(items) => items.iter().for_each(|item| self.learn_json(item)),
            _ => {}
        }
    }

    /// The text without the known values, and without what gives itself away.
    pub fn text(&self, text: &str) -> String {
        let mut values: Vec<_> = self.0.iter().filter(|(value, _)| text.contains(value.as_str())).collect();
        // A value may be part of another one.
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let known =
            values.into_iter().fold(text.to_owned(), |text, (value, kind)| text.replace(value, &mark(kind, value)));
        redaction::text(&known)
    }

    /// Goes over everything that a scenario leaves behind.
    pub fn record(&self, record: &mut ScenarioRecord) {
        match &mut record.failure {
            Some(Failure::Deviates(deviation)) => {
                self.mend(&mut deviation.expected);
                self.mend(&mut deviation.observed);
            }
            Some(Failure::Error(message)) => self.mend(message),
            Some(Failure::NotApplicable(_)) | None => {}
        }
        record.exchanges.iter_mut().for_each(|exchange| self.exchange(exchange));
        record.notes.iter_mut().for_each(|note| self.mend(note));
    }

    fn exchange(&self, exchange: &mut Exchange) {
        self.mend(&mut exchange.url);
        exchange.request_headers.iter_mut().for_each(|(_, value)| self.mend(value));
        exchange.request_body.iter_mut().for_each(|body| self.mend(body));
        match &mut exchange.answer {
            Answer::Replied { headers, body, .. } => {
                headers.iter_mut().for_each(|(_, value)| self.mend(value));
                body.iter_mut().for_each(|body| self.mend(body));
            }
            Answer::Failed(why) => self.mend(why),
        }
    }

    fn mend(&self, text: &mut String) {
        *text = self.text(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_value_is_found_in_every_dress_and_a_common_word_stays() {
        let mut redactor = Redactor::default();
        let basic = STANDARD.encode("one:p&ss \"word\" 1");
        redactor.learn_headers(&[("Authorization".into(), format!("Basic {basic}"))]);
        redactor.learn_body("grant_type=password&password=admin&device_code=device-0123456789");
        redactor.learn_body(r#"{"list":[{"clientSecret":"secret-0123456789"}]}"#);
        let hostile = format!(
            "{basic} <b>p&amp;ss &quot;word&quot; 1</b> p%26ss+%22word%22+1 \"p&ss \\\"word\\\" 1\" device-0123456789 \
             secret-0123456789 admin"
        );
        let shown = redactor.text(&hostile);
        for leak in [basic.as_str(), "p&amp;ss", "p%26ss", "p&ss", "device-0", "secret-0"] {
            assert!(!shown.contains(leak), "{leak} in {shown}");
        }
        assert!(shown.ends_with(" admin"), "{shown}");
    }
}
