//! What an authorization server was asked and what it answered, in order.
//! Nothing is redacted: whoever shows it to people does that.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use serde::{Deserialize, Serialize};

/// What kind of endpoint a request was for. A request to a path that is not served is filed under what it looks like, so
/// that it can be shown that none of its kind arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// Discovery document, OpenID Connect's or RFC 8414's.
    Discovery,
    /// Key set.
    Jwks,
    /// Authorization endpoint.
    Authorize,
    /// Pushed authorization requests (RFC 9126).
    PushedAuthorization,
    /// Logout, and how browsers watch a session.
    Session,
    /// Pages and forms by which people log in and consent.
    Login,
    /// Device authorization (RFC 8628).
    DeviceAuthorization,
    /// Token endpoint.
    Token,
    /// Introspection (RFC 7662).
    Introspection,
    /// Revocation (RFC 7009).
    Revocation,
    /// User profile: OpenID Connect's, or SCIM's `/Me`.
    Userinfo,
    /// Client registration and its management, of whatever form.
    Registration,
    /// Management of scopes.
    Scopes,
    /// Management of API resources.
    ApiResources,
    /// Management of users.
    Users,
    /// Management of roles.
    Roles,
    /// Anything else.
    Other,
}

impl Endpoint {
    /// What a request to a path that nobody serves looks like.
    pub(crate) fn guess(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let path = path.trim_end_matches('/');
        let has = |part: &str| path.contains(part);
        match path {
            _ if has("/.well-known/openid-configuration") || has("/.well-known/oauth-authorization-server") => {
                Self::Discovery
            }
            _ if has("jwks") => Self::Jwks,
            _ if has("/register") || has("clients-registrations") || has("/dcr") || path.ends_with("/clients") => {
                Self::Registration
            }
            _ if has("introspect") => Self::Introspection,
            _ if has("revoke") || has("revocation") => Self::Revocation,
            _ if has("userinfo") || has("/scim2/me") => Self::Userinfo,
            _ if has("/api-resources") => Self::ApiResources,
            _ if has("/scim2/users") => Self::Users,
            _ if has("/scim2/v2/roles") => Self::Roles,
            _ if has("/scopes") => Self::Scopes,
            _ if path.ends_with("/par") => Self::PushedAuthorization,
            _ if has("/logout") || has("/checksession") => Self::Session,
            _ if path.ends_with("/authorize") => Self::Authorize,
            _ if path.ends_with("/token") => Self::Token,
            _ => Self::Other,
        }
    }
}

/// One request and its answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When it arrived, in microseconds since the server started.
    pub at_us: u64,
    /// What it was for.
    pub endpoint: Endpoint,
    /// Method as sent.
    pub method: String,
    /// Path as sent.
    pub path: String,
    /// Query as sent, without the question mark.
    pub query: Option<String>,
    /// Header fields in order, repeated ones included.
    pub headers: Vec<(String, String)>,
    /// Body as sent; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// Status answered.
    pub status: u16,
    /// Header fields answered.
    pub answer_headers: Vec<(String, String)>,
    /// Body answered.
    pub answer_body: String,
}

// Bodies hold tokens and secrets; a debug print must not.
impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.method, self.path, self.status)
    }
}

impl JournalEntry {
    /// A form parameter of the body.
    pub fn form(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The first header field of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What was written down up to the moment it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal(pub Vec<JournalEntry>);

impl Journal {
    /// Every entry, in order of arrival.
    pub fn entries(&self) -> &[JournalEntry] {
        &self.0
    }

    /// The entries of one kind.
    pub fn of(&self, endpoint: Endpoint) -> impl Iterator<Item = &JournalEntry> {
        self.0.iter().filter(move |entry| entry.endpoint == endpoint)
    }

    /// How many requests of one kind arrived.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.of(endpoint).count()
    }
}

/// The pen: shared by everything that answers.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Recording>);

struct Recording {
    started: Instant,
    on: AtomicBool,
    entries: Mutex<Vec<JournalEntry>>,
}

impl Recorder {
    pub(crate) fn new(on: bool) -> Self {
        Self(Arc::new(Recording { started: Instant::now(), on: AtomicBool::new(on), entries: Mutex::default() }))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.on.load(Ordering::Relaxed)
    }

    pub(crate) fn switch(&self, on: bool) {
        self.0.on.store(on, Ordering::Relaxed);
    }

    pub(crate) fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub(crate) fn write(&self, entry: JournalEntry) {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub(crate) fn read(&self) -> Journal {
        Journal(self.0.entries.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    pub(crate) fn clear(&self) {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_nobody_serves_is_filed_under_what_it_looks_like() {
        for (path, endpoint) in [
            ("/api/identity/oauth2/dcr/v1.1/register", Endpoint::Registration),
            ("/oidc/register", Endpoint::Registration),
            ("/realms/r/clients-registrations/openid-connect", Endpoint::Registration),
            ("/oauth2/v1/clients", Endpoint::Registration),
            ("/oauth2/introspect/", Endpoint::Introspection),
            ("/t/a/oauth2/token", Endpoint::Token),
            ("/oauth/revoke", Endpoint::Revocation),
            ("/somewhere", Endpoint::Other),
        ] {
            assert_eq!(Endpoint::guess(path), endpoint, "{path}");
        }
    }
}
