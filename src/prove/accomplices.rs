//! The mock authorization servers that a saboteur may borrow keys from, and trust for calls of its own.
//! The stage enlists them as they start and dismisses them as they stop.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kmspec_mocks::forge::Forge;

/// What saboteurs need beside the messages that pass.
pub struct Accomplices {
    client: reqwest::Client,
    enlisted: Mutex<Vec<Forge>>,
    standing: Mutex<Vec<StandIn>>,
}

/// An interposer before an authorization server.
#[derive(Debug, Clone)]
pub(super) struct StandIn {
    issuer: String,
    /// The server's own address, without a slash at the end.
    pub(super) base: String,
    /// The interposer's, likewise.
    pub(super) place: String,
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
        Ok(Self { client, enlisted: Mutex::default(), standing: Mutex::default() })
    }

    /// Lends an issuer's forge, from the start of a mock until it is [dismissed](Self::dismiss).
    pub fn enlist(&self, forge: Forge) {
        self.list().push(forge);
    }

    /// Takes the forge of an issuer back, when its mock stops.
    pub fn dismiss(&self, issuer: &str) {
        self.list().retain(|each| each.issuer() != issuer);
        self.standing().retain(|each| each.issuer != issuer);
    }

    /// Says where an interposer stands before the server of an issuer: at `place` instead of `base`, both without a slash at
    /// the end. It ends with [`Accomplices::dismiss`].
    pub fn stand_in(&self, issuer: &str, base: &str, place: &str) {
        let text = str::to_owned;
        self.standing().push(StandIn { issuer: text(issuer), base: text(base), place: text(place) });
    }

    pub(super) fn stand_ins(&self) -> Vec<StandIn> {
        self.standing().clone()
    }

    fn standing(&self) -> MutexGuard<'_, Vec<StandIn>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, issuer: &str) -> Option<Forge> {
        self.list().iter().rev().find(|each| each.issuer() == issuer).cloned()
    }

    pub(super) fn all(&self) -> Vec<Forge> {
        self.list().clone()
    }

    fn list(&self) -> MutexGuard<'_, Vec<Forge>> {
        self.enlisted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client for calls of a saboteur's own.
    pub(super) fn client(&self) -> &reqwest::Client {
        &self.client
    }
}
