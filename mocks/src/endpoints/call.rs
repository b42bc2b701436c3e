//! A request as an endpoint sees it and the reply it gives; no HTTP library in between.
//! Turning them into the server's own types happens in `server`.

use serde_json::Value;

use crate::{
    certificates::PresentedCertificate,
    grants::TokenRequest,
    realm::{OAuthError, jwt::Object},
};

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// In order, repeated ones included; names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What the client presented in the handshake.
    pub(crate) certificate: Option<PresentedCertificate>,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The request as one that a client authenticates with a form; only POST will do.
    pub(crate) fn form(&self, json: bool) -> Result<TokenRequest, OAuthError> {
        let authorization =
            self.headers.iter().filter(|(name, _)| name == "authorization").map(|(_, value)| value.clone()).collect();
        let request =
            TokenRequest::read(self.header("content-type"), authorization, self.query.as_deref(), &self.body, json)?;
        Ok(TokenRequest { certificate: self.certificate.clone(), path: self.path.clone(), ..request })
    }

    /// The token of a `Bearer` header field.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
    }

    /// The body as a JSON object.
    pub(crate) fn object(&self) -> Option<Object> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What follows `prefix/` in the path, percent-decoded; `None` when nothing does.
    pub(crate) fn below(&self, prefix: &str) -> Option<String> {
        let rest = self.path.strip_prefix(prefix)?.strip_prefix('/')?;
        let decoded = percent_encoding::percent_decode_str(rest).decode_utf8().ok()?;
        (!decoded.is_empty()).then(|| decoded.into_owned())
    }

    /// A parameter of the query.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_deref().unwrap_or_default().as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// A reply.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// How long it is under way.
    pub(crate) late_by: Option<std::time::Duration>,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), late_by: None }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::empty(status).text(body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn text(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// With this header field; the media type is replaced, all else is added.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != "content-type" || name != "content-type");
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Arriving that much later.
    pub(crate) fn late(mut self, by: std::time::Duration) -> Self {
        self.late_by = Some(by);
        self
    }

    /// What carries tokens or secrets must not be stored (RFC 6749, section 5.1).
    pub(crate) fn uncached(self) -> Self {
        self.header("cache-control", "no-store").header("pragma", "no-cache")
    }

    /// 302 to there; nothing on the way may be stored.
    pub(crate) fn redirect(to: impl Into<String>) -> Self {
        Self::empty(302).header("location", to).uncached()
    }

    /// 405, with what would have been allowed.
    pub(crate) fn only(allowed: &str) -> Self {
        Self::empty(405).header("allow", allowed)
    }

    /// An OAuth error; one without a code has no body.
    pub(crate) fn error(error: &OAuthError) -> Self {
        let mut reply = match error.code.as_str() {
            "" => Self::empty(error.status),
            _ => Self::json(error.status, &error.body()),
        }
        .uncached();
        reply.headers.extend(error.headers.iter().cloned());
        reply
    }

    /// 401 or 403 with a Bearer challenge (RFC 6750, section 3); without a code when no token was sent.
    pub(crate) fn bearer_challenge(status: u16, realm: &str, code: Option<&str>) -> Self {
        match code {
            None => Self::empty(status).header("www-authenticate", format!("Bearer realm=\"{realm}\"")),
            Some(code) => Self::json(status, &serde_json::json!({ "error": code }))
                .header("www-authenticate", format!("Bearer realm=\"{realm}\", error=\"{code}\"")),
        }
    }
}
