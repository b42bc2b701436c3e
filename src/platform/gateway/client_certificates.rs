//! Whether what a client showed in the handshake opens an API.
//! That the client has the certificate's key was seen to in the handshake itself.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, UnixTime},
    server::WebPkiClientVerifier,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::domain::ClientCertificate;

/// A certificate as the gateway keeps it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) document: Arc<ClientCertificate>,
    der: CertificateDer<'static>,
}

impl Known {
    /// `None` for what is no base64, which no upload leaves.
    pub(super) fn of(document: Arc<ClientCertificate>) -> Option<Self> {
        let der = CertificateDer::from(STANDARD.decode(&document.der).ok()?);
        Some(Self { document, der })
    }
}

/// The certificate by which a shown chain opens the API: the very one that was shown or, where chains count, one that
/// the shown one leads to (MTLS-01 to MTLS-03). One that is out of its time opens nothing.
pub(super) fn opening<'k>(
    known: &'k [Known],
    shown: &[CertificateDer<'_>],
    chains: bool,
    now: u64,
) -> Option<&'k ClientCertificate> {
    let (leaf, rest) = shown.split_first()?;
    let exact = known.iter().find(|one| one.der == *leaf && is_in_its_time(leaf, now));
    let found = exact.or_else(|| known.iter().find(|one| chains && leads_to(leaf, rest, &one.der, now)))?;
    Some(&found.document)
}

/// `x5t#S256` (RFC 8705, section 3.1): base64url over the SHA-256 of the certificate.
pub(super) fn thumbprint(certificate: &CertificateDer<'_>) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate))
}

fn is_in_its_time(certificate: &[u8], now: u64) -> bool {
    let read = X509Certificate::from_der(certificate);
    read.is_ok_and(|(_, read)| {
        let validity = read.validity();
        i64::try_from(now)
            .is_ok_and(|now| validity.not_before.timestamp() <= now && now <= validity.not_after.timestamp())
    })
}

fn leads_to(leaf: &CertificateDer<'_>, between: &[CertificateDer<'_>], root: &CertificateDer<'_>, now: u64) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(root.clone().into_owned()).is_err() || !is_in_its_time(root, now) {
        return false;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    verifier.is_ok_and(|verifier| verifier.verify_client_cert(leaf, between, now).is_ok())
}
