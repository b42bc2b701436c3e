//! Calls of the platform to others: one HTTP client with the configured trust and time limits.
//! What is said in a call is left to the connectors.

use std::time::Duration;

use reqwest::{Certificate, Client, Identity, Response, redirect};

use super::{config::PlatformConfig, error::PlatformError};

/// The client for every outgoing call of the control plane.
///
/// It follows no redirects: a credential must not travel to where an authorization server points. It ignores
/// the proxy settings of the environment, since what it talks to is named in its configuration. Its own certificate is what
/// it shows to a server that asks for one.
pub(super) fn client(config: &PlatformConfig) -> Result<Client, PlatformError> {
    let mut trusted = Vec::new();
    for pem in &config.trust_pem {
        trusted.extend(Certificate::from_pem_bundle(pem.as_bytes()).map_err(PlatformError::Trust)?);
    }
    let own = format!("{}\n{}", config.tls.key_pem, config.tls.chain_pem);
    Client::builder()
        .identity(Identity::from_pem(own.as_bytes()).map_err(PlatformError::Trust)?)
        .connect_timeout(config.connect_timeout)
        .timeout(config.call_timeout)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .tls_certs_only(trusted)
        .build()
        .map_err(PlatformError::Trust)
}

/// How soon a key that is not in a fetched key set, or a set that could not be fetched, may lead to another fetch.
pub(super) const KEY_SET_COOLDOWN: Duration = Duration::from_secs(1);

/// Longer answers are not read: no metadata, registration or token answer comes near.
const LONGEST_ANSWER: usize = 1 << 20;

/// The body of an answer; `None` when it is longer than anything that is meant.
pub(super) async fn body(mut answer: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Ok(None);
        }
    }
    Ok(Some(body))
}
