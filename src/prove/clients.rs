//! The certificates of clients that show one in the handshake: with its key an interposer shows the same to the subject.
//! Who has which certificate is the scenarios' business.

use std::sync::{Arc, Mutex, PoisonError};

use kmspec_mocks::certificates::TlsIdentity;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

/// The clients whose certificates an interposer can show in their name; copies share the list.
#[derive(Debug, Clone, Default)]
pub struct Clients(Arc<Mutex<Vec<TlsIdentity>>>);

impl Clients {
    /// Lends a client's certificate with its key.
    pub fn lend(&self, identity: TlsIdentity) {
        let mut lent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lent.iter().all(|each| each.chain_pem != identity.chain_pem) {
            lent.push(identity);
        }
    }

    /// The client that showed this chain; nobody when it showed none.
    pub(super) fn who_showed(&self, chain: Option<&[CertificateDer<'_>]>) -> Option<TlsIdentity> {
        let chain = chain.filter(|chain| !chain.is_empty())?;
        let lent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lent.iter().find(|identity| certificates(identity) == chain).cloned()
    }
}

/// The chain of an identity, leaf first.
pub(super) fn certificates(identity: &TlsIdentity) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes()).filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use kmspec_mocks::certificates::CertificateAuthority;

    use super::*;

    #[test]
    fn a_client_is_known_by_the_whole_chain_that_it_shows() {
        let authority = CertificateAuthority::new("clients").unwrap();
        let (one, other) = (authority.issue(&["one"]).unwrap(), authority.issue(&["other"]).unwrap());
        let clients = Clients::default();
        clients.lend(one.clone());
        let chain = certificates(&one);
        assert_eq!(clients.who_showed(Some(&chain)).unwrap().chain_pem, one.chain_pem);
        assert!(clients.who_showed(Some(&chain[..1])).is_none() && clients.who_showed(None).is_none());
        assert!(clients.who_showed(Some(&certificates(&other))).is_none());
    }
}
