//! Where a vendor's addresses may lie otherwise than they usually do: below a path, or on two hosts.
//! The usual ones are in `vendors`.

use url::Url;

use super::{builder::MockError, site::Endpoints};
use crate::{endpoints::call::Call, journal::Endpoint, realm::RealmSpec, vendors::Vendor};

/// Whether a server can be had under that host.
///
/// # Errors
///
/// [`MockError::Layout`] when it makes no URL.
pub(super) fn check_host(vendor: Vendor, host: &str) -> Result<(), MockError> {
    let url = Url::parse(&format!("https://{host}"));
    if url.is_ok_and(|url| url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(host))) {
        return Ok(());
    }
    let given = host.escape_debug().to_string();
    Err(MockError::Layout {
        vendor,
        what: "host",
        given,
        hint: "a host name or address, without scheme, port and path",
    })
}

/// What is not as usual.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    /// Stands before every path; Keycloak has had `/auth` there up to version 16, and has it by configuration since.
    pub(super) base_path: Option<String>,
    /// The host of the issuer, its discovery document and its keys, where the other endpoints are on another one; so it
    /// is at Amazon Cognito.
    pub(super) issuer_host: Option<String>,
}

impl Layout {
    /// Whether that vendor can be laid out so, where the server's own host is this one.
    ///
    /// # Errors
    ///
    /// [`MockError::Layout`] when it cannot, or what was given is no path or no host.
    pub(super) fn check(&self, vendor: Vendor, server: &str) -> Result<(), MockError> {
        let refused = |what: &'static str, given: &str, hint: &'static str| {
            Err(MockError::Layout { vendor, what, given: given.to_owned(), hint })
        };
        // Clients leave out `.` and `..` before they send a path.
        let word = |word: &str| {
            word.chars().any(|c| c != '.') && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        match &self.base_path {
            None => {}
            Some(path) if vendor != Vendor::Keycloak => return refused("base path", path, "keycloak has one"),
            Some(path) if path.strip_prefix('/').is_some_and(|path| path.split('/').all(word)) => {}
            Some(path) => {
                return refused(
                    "base path",
                    path,
                    "it begins with a slash and ends without one, such as /auth, and holds no query",
                );
            }
        }
        match &self.issuer_host {
            None => Ok(()),
            Some(host) if vendor != Vendor::Cognito => refused("issuer host", host, "cognito has one"),
            // Which of the two is meant, a request must be able to say.
            Some(host) if host.eq_ignore_ascii_case(server) => {
                refused("issuer host", host, "another one than the server's own")
            }
            Some(host) if host.starts_with('[') => {
                refused("issuer host", host, "a host name, without scheme, path and port; not an IPv6 address")
            }
            Some(host) if Url::parse(&format!("https://{host}")).is_ok_and(|url| url.host_str() == Some(host)) => {
                Ok(())
            }
            Some(host) => refused(
                "issuer host",
                &host.escape_debug().to_string(),
                "a host name in small letters, without scheme, path and port",
            ),
        }
    }

    /// Moves the issuer and its keys to their own host.
    pub(super) fn move_issuer(&self, spec: &mut RealmSpec, endpoints: &mut Endpoints) {
        let Some(host) = &self.issuer_host else { return };
        let moved = |url: &str| {
            let mut parsed = Url::parse(url).ok()?;
            parsed.set_host(Some(host)).ok()?;
            Some(String::from(parsed))
        };
        for url in [&mut spec.issuer, &mut endpoints.jwks] {
            *url = moved(url).unwrap_or_else(|| url.clone());
        }
    }

    /// What stands before every path; nothing as a rule.
    pub(super) fn base_path(&self) -> &str {
        self.base_path.as_deref().unwrap_or_default()
    }

    /// A path without what stands before every path; `None` when that does not stand there.
    pub(super) fn local<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.base_path()).filter(|rest| rest.starts_with('/'))
    }

    /// Whether an endpoint is served at the host that a request names.
    pub(super) fn serves(&self, endpoint: Endpoint, call: &Call) -> bool {
        let Some(issuer) = &self.issuer_host else { return true };
        let named = call.header("host").unwrap_or_default();
        let at_issuer = named.split(':').next().is_some_and(|host| host.eq_ignore_ascii_case(issuer));
        at_issuer == matches!(endpoint, Endpoint::Discovery | Endpoint::Jwks)
    }
}
