//! The mock authorization servers that a saboteur may borrow keys from, and trust for calls of its own.
//! The stage enlists them as they start and dismisses them as they stop.

use std::time::Duration;

/// What saboteurs need beside the messages that pass.
pub struct Accomplices {
    client: reqwest::Client,
}

/// The help that saboteurs need could not be made ready.
#[derive(Debug, thiserror::Error)]
#[error("making a saboteur's HTTP client ready")]
pub struct AccomplicesError(#[from] reqwest::Error);

impl Accomplices {
    /// Nobody yet. Calls of a saboteur's own trust these PEM certificates, and no others.
    ///
    /// # Errors
    ///
    /// [`AccomplicesError`] when a certificate cannot be read.
    pub fn new(trust: &[String]) -> Result<Self, AccomplicesError> {
        let mut roots = Vec::new();
        for pem in trust {
            roots.extend(reqwest::Certificate::from_pem_bundle(pem.as_bytes())?);
        }
        let client =
            reqwest::Client::builder().tls_certs_only(roots).no_proxy().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { client })
    }

    /// A client for calls of a saboteur's own.
    pub(super) fn client(&self) -> &reqwest::Client {
        &self.client
    }
}
