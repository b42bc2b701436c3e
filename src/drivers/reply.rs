//! What the subject said: granted with something, or refused with a status, a code and a text.
//! Whether that is right is a verdict, and belongs to the steps.

use std::fmt;

use serde_json::Value;

use kmspec_model::redaction;

/// The subject's answer to a request that it understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply<T> {
    /// It did what was asked.
    Granted(T),
    /// It refused.
    Refused(Refusal),
}

impl<T> Reply<T> {
    /// What was granted, or nothing.
    pub fn granted(self) -> Option<T> {
        match self {
            Self::Granted(value) => Some(value),
            Self::Refused(_) => None,
        }
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Granted(_) => None,
            Self::Refused(refusal) => Some(refusal),
        }
    }

    /// Changes what was granted.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        match self {
            Self::Granted(value) => Reply::Granted(change(value)),
            Self::Refused(refusal) => Reply::Refused(refusal),
        }
    }

    /// The two cases as a `Result`, for `?` inside drivers.
    pub fn into_result(self) -> Result<T, Box<Refusal>> {
        match self {
            Self::Granted(value) => Ok(value),
            Self::Refused(refusal) => Err(Box::new(refusal)),
        }
    }
}

/// A refusal as sent: the management planes, the gateway and OAuth endpoints all fit into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Status code.
    pub status: u16,
    /// The product's code, or the OAuth `error`; as text, since planes differ in its JSON type.
    pub code: Option<String>,
    /// The `message` member.
    pub message: Option<String>,
    /// The `description` member, or the OAuth `error_description`.
    pub description: Option<String>,
    /// Header fields as received; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as received, redacted where secrets could stand.
    pub body: String,
}

impl Refusal {
    /// Reads status, header fields and body of an answer that is no grant.
    pub fn read(status: u16, headers: Vec<(String, String)>, body: &str) -> Self {
        let json: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let text = |name: &str| match json.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Self {
            status,
            code: text("code").or_else(|| text("error")),
            message: text("message"),
            description: text("description").or_else(|| text("error_description")),
            headers,
            body: redaction::body(None, body),
        }
    }

    /// The value of a header field, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// Whether it carries this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether message or description mention this, in any case.
    pub fn mentions(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        [&self.message, &self.description].into_iter().flatten().any(|part| part.to_lowercase().contains(&text))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " with code {code}")?;
        }
        match (self.description.as_deref().or(self.message.as_deref()), self.body.trim()) {
            (Some(text), _) => write!(f, " ({})", redaction::text(text.trim())),
            (None, "") => Ok(()),
            (None, body) => write!(f, " ({})", body.chars().take(200).collect::<String>()),
        }
    }
}

impl std::error::Error for Refusal {}

/// The first header field of that name, in any case.
pub fn find_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_dialects_of_refusals_read_alike() {
        let portal = Refusal::read(409, vec![], r#"{"code":901402,"message":"m","description":"taken"}"#);
        let gateway = Refusal::read(401, vec![], r#"{"code":"900901","message":"m","description":"taken"}"#);
        let oauth = Refusal::read(400, vec![], r#"{"error":"invalid_grant","error_description":"taken"}"#);
        assert!(portal.has_code("901402") && gateway.has_code("900901") && oauth.has_code("invalid_grant"));
        for refusal in [portal, gateway, oauth] {
            assert!(refusal.mentions("TAKEN"), "{refusal}");
        }
    }

    #[test]
    fn a_refusal_without_json_shows_its_body() {
        let refusal = Refusal::read(502, vec![("Via".into(), "x".into())], "bad gateway");
        assert_eq!(refusal.to_string(), "502 (bad gateway)");
        assert_eq!(refusal.header("via"), Some("x"));
    }
}
