//! A token request as it was sent, and the answer as it will be sent.
//! Which parameters are needed is decided later; here only the syntax is.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, json};

use crate::{
    certificates::PresentedCertificate,
    realm::{OAuthError, jwt::Object},
};

/// Parameters in the order they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The parameters of `application/x-www-form-urlencoded` text.
    pub fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// These parameters.
    pub fn of<N: Into<String>, V: Into<String>>(parameters: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A parameter's value; one without a value counts as absent (RFC 6749, section 3.1).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The same with this parameter, in place of any of its name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// The first parameter that occurs more than once.
    pub fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !seen.insert(*name))
    }

    /// The parameters, in the order they were sent.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// Whether there is more than one parameter of that name.
    pub fn repeats(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).count() > 1
    }

    /// Whether there is a parameter of that name, with a value or without.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// A request to a token endpoint, or to one that authenticates clients the same way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenRequest {
    /// The body's parameters.
    pub form: Form,
    /// The URL's parameters.
    pub query: Form,
    /// The `Authorization` header fields, in order.
    pub authorization: Vec<String>,
    /// The certificate that the client presented in the TLS handshake.
    pub certificate: Option<PresentedCertificate>,
    /// The path that it was sent to.
    pub path: String,
}

impl TokenRequest {
    /// Reads the pieces of an HTTP request. `json` says whether a flat JSON object will do as well as a form.
    ///
    /// # Errors
    ///
    /// `invalid_request` when the body is neither.
    pub fn read(
        content_type: Option<&str>,
        authorization: Vec<String>,
        query: Option<&str>,
        body: &[u8],
        json: bool,
    ) -> Result<Self, OAuthError> {
        let media_type =
            content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = match media_type.as_str() {
            "application/x-www-form-urlencoded" => Form::parse(body),
            "application/json" if json => flat_object(body)?,
            _ => return Err(OAuthError::invalid_request("the body must be application/x-www-form-urlencoded")),
        };
        let query = Form::parse(query.unwrap_or_default().as_bytes());
        Ok(Self { form, query, authorization, ..Self::default() })
    }
}

fn flat_object(body: &[u8]) -> Result<Form, OAuthError> {
    let Members(members) =
        serde_json::from_slice(body).map_err(|_| OAuthError::invalid_request("the body is no JSON object"))?;
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(number) => Ok((name, number.to_string())),
        _ => Err(OAuthError::invalid_request(format!("parameter {name} must be a text"))),
    };
    Ok(Form(members.into_iter().map(text).collect::<Result<_, _>>()?))
}

/// The members of a JSON object in their order, repeated ones included (RFC 8259, section 4, leaves those open).
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

/// What a granted request is answered with (RFC 6749, section 5.1).
#[derive(Debug, Clone, PartialEq)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: String,
    /// The refresh token, if the grant gives one.
    pub refresh_token: Option<String>,
    /// Seconds the refresh token has left; 0 where there is none.
    pub refresh_expires_in: u64,
    /// The id token, if one was asked for.
    pub id_token: Option<String>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// Seconds the access token has left.
    pub expires_in: u64,
    /// Unique id of the access token.
    pub jti: String,
    /// The grant that the tokens stem from.
    pub family: String,
    /// Further members of the body.
    pub extra: Object,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
}

impl TokenAnswer {
    /// The body.
    pub fn body(&self) -> Value {
        let mut body = json!({ "access_token": self.access_token });
        if let Some(refresh_token) = &self.refresh_token {
            body["refresh_token"] = json!(refresh_token);
        }
        if !self.scopes.is_empty() {
            body["scope"] = json!(self.scopes.join(" "));
        }
        if let Some(id_token) = &self.id_token {
            body["id_token"] = json!(id_token);
        }
        body["token_type"] = json!("Bearer");
        body["expires_in"] = json!(self.expires_in);
        for (name, value) in &self.extra {
            body[name] = value.clone();
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_without_a_value_counts_as_absent() {
        let form = Form::parse(b"a=&b=1&c");
        assert_eq!(form.value("a"), None);
        assert_eq!(form.value("b"), Some("1"));
        assert!(form.contains("c") && form.value("c").is_none());
    }

    #[test]
    fn a_repeated_parameter_is_found() {
        assert_eq!(Form::parse(b"a=1&b=2&a=3").repeated(), Some("a"));
        assert_eq!(Form::parse(b"a=1&b=2").repeated(), None);
    }

    #[test]
    fn many_parameters_cost_as_many_looks_and_not_their_square() {
        let form = |count: usize| Form((0..count).map(|n| (format!("p{n}"), String::new())).collect());
        let cost = |count: usize| {
            let form = form(count);
            let once = || {
                let begun = std::time::Instant::now();
                assert_eq!(form.repeated(), None);
                begun.elapsed()
            };
            (0..5).map(|_| once()).min().unwrap()
        };
        assert!(cost(32_000) < cost(2_000) * 100, "16 times as many are to cost some 16 times as much");
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_read_as_a_form_and_a_value_is_that_of_the_first_of_its_name(body: Vec<u8>) {
            let form = Form::parse(&body);
            for (name, _) in form.clone().into_pairs() {
                proptest::prop_assert!(form.contains(&name));
                let first = form.clone().into_pairs().into_iter().find(|(known, _)| *known == name).unwrap().1;
                proptest::prop_assert_eq!(form.value(&name), Some(first.as_str()).filter(|text| !text.is_empty()));
                let repeated = form.clone().into_pairs().iter().filter(|(known, _)| *known == name).count() > 1;
                proptest::prop_assert_eq!(form.repeats(&name), repeated);
            }
            let any_repeats = form.clone().into_pairs().iter().any(|(name, _)| form.repeats(name));
            proptest::prop_assert_eq!(form.repeated().is_some(), any_repeats);
        }

        #[test]
        fn what_was_written_as_a_form_is_read_as_it_was(pairs: Vec<(String, String)>) {
            let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            proptest::prop_assert_eq!(Form::parse(text.as_bytes()).into_pairs(), pairs);
        }

        #[test]
        fn any_body_of_any_type_is_read_or_refused_as_an_invalid_request(body: Vec<u8>, media: String, json: bool) {
            for media in [media.as_str(), "application/json", "application/x-www-form-urlencoded"] {
                if let Err(error) = TokenRequest::read(Some(media), Vec::new(), None, &body, json) {
                    proptest::prop_assert_eq!((error.status, error.code.as_str()), (400, "invalid_request"));
                }
            }
        }
    }

    #[test]
    fn json_is_read_only_where_it_is_accepted() {
        let read = |json| TokenRequest::read(Some("application/json"), Vec::new(), None, br#"{"a":"1","n":2}"#, json);
        assert_eq!(read(true).unwrap().form.value("n"), Some("2"));
        assert_eq!(read(false).unwrap_err().code, "invalid_request");
        let nested = TokenRequest::read(Some("application/json"), Vec::new(), None, br#"{"a":{}}"#, true);
        assert_eq!(nested.unwrap_err().code, "invalid_request");
    }

    #[test]
    fn a_repeated_member_of_a_json_request_is_found_like_a_repeated_parameter() {
        let read = |body: &str| TokenRequest::read(Some("application/json"), Vec::new(), None, body.as_bytes(), true);
        assert_eq!(read(r#"{"a":"1","b":"2","a":"1"}"#).unwrap().form.repeated(), Some("a"));
        assert_eq!(read(r#"{"a":"1","b":"2"}"#).unwrap().form.repeated(), None);
        assert_eq!(read("[]").unwrap_err().code, "invalid_request");
    }
}
