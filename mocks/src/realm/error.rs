//! An OAuth error answer: status, code and description (RFC 6749, section 5.2).
//! How a vendor words or numbers it otherwise is that vendor's dialect.

use serde_json::{Value, json};

use super::jwt::Object;

/// What went wrong in more detail than RFC 6749 has codes for, for the dialects that tell these apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The request names no client.
    NoClient,
    /// There is no client of that id.
    UnknownClient,
    /// There is one, and it may not be used.
    InactiveClient,
    /// The client has a secret and did not send it.
    NoSecret,
    /// The secret is another one.
    WrongSecret,
    /// The `Authorization` header cannot be read.
    UnreadableCredentials,
    /// The client authenticates in more than one way.
    SeveralCredentials,
    /// The server knows no such grant type.
    UnknownGrant,
    /// The client may not use this grant type.
    GrantNotAllowed(&'static str),
    /// The client is public, and such may not use this grant type.
    PublicClient(&'static str),
    /// The user's name or password is wrong.
    WrongPassword,
    /// The redirect URI is not the one of the authorization request.
    OtherRedirect,
    /// The assertion by which the client was to prove itself does not hold.
    Assertion(AssertionFault),
}

/// What is wrong with a client assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionFault {
    /// It does not read, or lacks what it has to say.
    Form,
    /// No key of the client signed it.
    Signature,
    /// It is made for another server.
    Audience,
    /// It has expired, or is not valid yet.
    Time,
}

/// A refusal in the form of RFC 6749, section 5.2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {description}")]
pub struct OAuthError {
    /// HTTP status.
    pub status: u16,
    /// The `error` member.
    pub code: String,
    /// The `error_description` member; left out when empty.
    pub description: String,
    /// The `error_uri` member, if any.
    pub uri: Option<String>,
    /// Header fields that go with it, such as a challenge.
    pub headers: Vec<(String, String)>,
    /// What exactly went wrong, where dialects tell that apart.
    pub cause: Option<Cause>,
    /// Members of the body that only this vendor has.
    pub extra: Object,
}

impl OAuthError {
    /// An error; characters that RFC 6749 bars from a description are replaced.
    pub fn new(status: u16, code: &str, description: impl AsRef<str>) -> Self {
        let description = description.as_ref().chars().map(|c| if allowed(c) { c } else { '?' }).collect();
        Self {
            status,
            code: code.to_owned(),
            description,
            uri: None,
            headers: Vec::new(),
            cause: None,
            extra: Object::new(),
        }
    }

    /// Says what exactly went wrong.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// 400 `invalid_request`.
    pub fn invalid_request(description: impl AsRef<str>) -> Self {
        Self::new(400, "invalid_request", description)
    }

    /// 401 `invalid_client`.
    pub fn invalid_client(description: impl AsRef<str>) -> Self {
        Self::new(401, "invalid_client", description)
    }

    /// 400 `invalid_grant`.
    pub fn invalid_grant(description: impl AsRef<str>) -> Self {
        Self::new(400, "invalid_grant", description)
    }

    /// 400 `unauthorized_client`.
    pub fn unauthorized_client(description: impl AsRef<str>) -> Self {
        Self::new(400, "unauthorized_client", description)
    }

    /// 400 `unsupported_grant_type`.
    pub fn unsupported_grant_type(description: impl AsRef<str>) -> Self {
        Self::new(400, "unsupported_grant_type", description)
    }

    /// 400 `invalid_scope`.
    pub fn invalid_scope(description: impl AsRef<str>) -> Self {
        Self::new(400, "invalid_scope", description)
    }

    /// 500 `server_error`.
    pub fn server_error(description: impl AsRef<str>) -> Self {
        Self::new(500, "server_error", description)
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Whether it says that the client did not authenticate, under any dialect's status.
    pub fn is_invalid_client(&self) -> bool {
        self.code == "invalid_client"
    }

    /// The body.
    pub fn body(&self) -> Value {
        let mut body = json!({ "error": self.code });
        if !self.description.is_empty() {
            body["error_description"] = Value::String(self.description.clone());
        }
        if let Some(uri) = &self.uri {
            body["error_uri"] = Value::String(uri.clone());
        }
        for (name, value) in &self.extra {
            body[name] = value.clone();
        }
        body
    }
}

/// `%x20-21 / %x23-5B / %x5D-7E`, RFC 6749 appendix A.8.
fn allowed(c: char) -> bool {
    matches!(c, '\u{20}'..='\u{21}' | '\u{23}'..='\u{5b}' | '\u{5d}'..='\u{7e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_holds_only_characters_that_the_rfc_allows() {
        let error = OAuthError::invalid_grant("no user \"ann\\\"\r\nX: y é");
        assert_eq!(error.description, "no user ?ann????X: y ?");
        assert_eq!(error.body(), json!({"error": "invalid_grant", "error_description": "no user ?ann????X: y ?"}));
    }

    #[test]
    fn an_empty_description_is_left_out() {
        assert_eq!(OAuthError::new(400, "invalid_grant", "").body(), json!({"error": "invalid_grant"}));
    }
}
