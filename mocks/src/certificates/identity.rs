//! A certificate with its key, ready to serve with, and what is asked of those who connect.
//! Who issued it is of no interest here.

use std::{fmt, io, sync::Arc};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoClientAuth, danger::ClientCertVerifier},
};
use serde::{Deserialize, Serialize};

use super::presented::ClientCheck;

/// What a server asks of clients in the TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertificates {
    /// Nothing.
    #[default]
    Ignored,
    /// A certificate, whoever issued it; to come without one is allowed (RFC 8705, section 2, leaves judging to the
    /// token endpoint).
    Asked,
    /// A certificate, whoever issued it; the handshake fails without one.
    Required,
}

/// A certificate chain with its private key, ready to serve with.
#[derive(Clone)]
pub struct TlsIdentity {
    /// Leaf first, then the authority, PEM.
    pub chain_pem: String,
    /// PKCS#8, PEM.
    pub key_pem: String,
    config: Arc<rustls::ServerConfig>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}

impl TlsIdentity {
    /// An identity from PEM texts, of this run's authority or of any other.
    ///
    /// # Errors
    ///
    /// `InvalidData` when either is no PEM, or when key and certificate do not belong together.
    pub fn new(chain_pem: String, key_pem: String) -> io::Result<Self> {
        let invalid = |cause: &dyn fmt::Display| io::Error::new(io::ErrorKind::InvalidData, cause.to_string());
        let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|cause| invalid(&cause))?;
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|cause| invalid(&cause))?;
        let config = config(chain, key, Arc::new(NoClientAuth)).map_err(|cause| invalid(&cause))?;
        Ok(Self { chain_pem, key_pem, config })
    }

    /// The leaf's thumbprint, as a token bound to it names it in `cnf` (RFC 8705, section 3.1).
    pub fn x5t_s256(&self) -> String {
        let leaf = CertificateDer::pem_slice_iter(self.chain_pem.as_bytes()).next().and_then(Result::ok);
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, leaf.as_deref().unwrap_or_default()))
    }

    /// A rustls configuration that serves with it, HTTP/1.1 only, without asking for client certificates.
    pub fn server_config(&self) -> Arc<rustls::ServerConfig> {
        Arc::clone(&self.config)
    }

    /// The same, asking everybody for a certificate and demanding none of anybody.
    pub fn server_config_asking(&self) -> Arc<rustls::ServerConfig> {
        match ClientCheck::new(&self.chain_pem, false) {
            Some(check) => self.server_config_with(check),
            None => self.server_config(),
        }
    }

    /// The same, asking for client certificates by this check.
    pub(crate) fn server_config_with(&self, check: Arc<ClientCheck>) -> Arc<rustls::ServerConfig> {
        let chain = CertificateDer::pem_slice_iter(self.chain_pem.as_bytes()).filter_map(Result::ok).collect();
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("the key was read before");
        config(chain, key, check).expect("key and chain were put together before")
    }
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<Arc<rustls::ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
