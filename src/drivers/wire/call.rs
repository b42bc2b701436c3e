//! A request as a driver puts it together: method, URL, header fields and body.
//! Sending it is left to the line.

use serde::Serialize;
use url::Url;

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    None,
    Text(String),
    Multipart(Vec<Part>),
}

/// A part of a form.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) value: String,
}

impl Call {
    /// A request without a body.
    pub fn new(method: &str, url: Url) -> Self {
        Self { method: method.to_owned(), url, headers: Vec::new(), body: Body::None }
    }

    /// Its method.
    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// Where it goes.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds several header fields.
    #[must_use]
    pub fn headers(mut self, headers: &[(String, String)]) -> Self {
        self.headers.extend_from_slice(headers);
        self
    }

    /// Adds `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// Adds `Authorization: Basic`. The two parts are sent as they are; RFC 6749, section 2.3.1 wants them form-encoded
    /// first, which the caller does where it matters.
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("Authorization", format!("Basic {text}"))
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Sends this as JSON.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        let text = serde_json::to_string(body).expect("wire structs have string keys and finite numbers");
        self.body("application/json", text)
    }

    /// Sends these as a form.
    #[must_use]
    pub fn form(self, fields: &[(String, String)]) -> Self {
        let text = serde_urlencoded::to_string(fields).expect("pairs of strings are a form");
        self.body("application/x-www-form-urlencoded", text)
    }

    /// Sends this text under this media type.
    #[must_use]
    pub fn body(mut self, content_type: &str, text: String) -> Self {
        self.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        self.body = Body::Text(text);
        self
    }

    /// Sends these as `multipart/form-data`.
    #[must_use]
    pub fn multipart(mut self, parts: &[(&str, &str)]) -> Self {
        let part = |(name, value): &(&str, &str)| Part {
            name: (*name).to_owned(),
            file_name: None,
            value: (*value).to_owned(),
        };
        self.body = Body::Multipart(parts.iter().map(part).collect());
        self
    }

    /// Adds a file to the parts of a form.
    #[must_use]
    pub fn file(mut self, name: &str, file_name: &str, text: &str) -> Self {
        let (name, file_name) = (name.to_owned(), Some(file_name.to_owned()));
        let part = Part { name, file_name, value: text.to_owned() };
        match &mut self.body {
            Body::Multipart(parts) => parts.push(part),
            Body::None | Body::Text(_) => self.body = Body::Multipart(vec![part]),
        }
        self
    }

    pub(super) fn shown_body(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            Body::None | Body::Multipart(_) => None,
        }
    }
}
