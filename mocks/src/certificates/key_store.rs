//! Certificates and keys as PKCS#12 (RFC 7292), which is what Java programs are configured with.
//! PEM needs no writing: identities and authorities hold it as text.

use std::{fmt, io};

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::identity::TlsIdentity;

/// Password of the stores that are written to files: what Java's own trust store has.
pub const STORE_PASSWORD: &str = "changeit";

/// A trust store that holds the certificates of a PEM text, under that alias.
///
/// # Errors
///
/// `InvalidData` when the text holds something else than certificates.
pub fn trust_store(alias: &str, pem: &str, password: &str) -> io::Result<Vec<u8>> {
    let mut store = KeyStore::new();
    for (number, certificate) in certificates(pem)?.into_iter().enumerate() {
        let alias = if number == 0 { alias.to_owned() } else { format!("{alias}-{}", number + 1) };
        store.add_entry(&alias, KeyStoreEntry::Certificate(certificate));
    }
    store.writer(password).write().map_err(|cause| invalid(&cause))
}

/// A key store that holds an identity, chain and private key, under that alias.
///
/// # Errors
///
/// `InvalidData` when the identity's key cannot be written.
pub fn key_store(alias: &str, identity: &TlsIdentity, password: &str) -> io::Result<Vec<u8>> {
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).map_err(|cause| invalid(&cause))?;
    let key = PrivateKey::from_der(key.secret_der()).map_err(|cause| invalid(&cause))?;
    let chain = PrivateKeyChain::new(alias.as_bytes(), key, certificates(&identity.chain_pem)?);
    let mut store = KeyStore::new();
    store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(chain));
    store.writer(password).write().map_err(|cause| invalid(&cause))
}

fn certificates(pem: &str) -> io::Result<Vec<Certificate>> {
    let read = |der: Result<CertificateDer<'_>, _>| {
        let der = der.map_err(|cause: rustls::pki_types::pem::Error| invalid(&cause))?;
        Certificate::from_der(&der).map_err(|cause| invalid(&cause))
    };
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(read).collect()
}

fn invalid(cause: &dyn fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause.to_string())
}

#[cfg(test)]
mod tests {
    use p12_keystore::Pkcs12ImportPolicy;

    use super::*;
    use crate::certificates::CertificateAuthority;

    #[test]
    fn what_is_written_reads_back_with_the_password_and_not_without() {
        let authority = CertificateAuthority::new("test").unwrap();
        let identity = authority.issue(&["localhost"]).unwrap();
        let store = key_store("server", &identity, "secret").unwrap();
        let read = KeyStore::from_pkcs12(&store, "secret", Pkcs12ImportPolicy::Strict).unwrap();
        let (alias, chain) = read.private_key_chain().unwrap();
        assert_eq!((alias, chain.certs().len()), ("server", 2));
        assert!(KeyStore::from_pkcs12(&store, "other", Pkcs12ImportPolicy::Strict).is_err());
        let store = trust_store("ca", authority.ca_pem(), STORE_PASSWORD).unwrap();
        let read = KeyStore::from_pkcs12(&store, STORE_PASSWORD, Pkcs12ImportPolicy::Relaxed).unwrap();
        assert!(matches!(read.entry("ca"), Some(KeyStoreEntry::Certificate(_))));
        assert!(trust_store("ca", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x").is_err());
    }
}
