//! A client's certificate on its way from the handshake to the endpoints.
//! What it proves about a client is decided in `grants`.

use std::{net::IpAddr, sync::Arc};

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName};

use super::TlsIdentity;

/// The header field that carries it between the front and the server behind. What a client sends under this name never
/// gets that far.
pub(crate) const HEADER: &str = "x-kmspec-client-certificate";

/// A certificate that a client proved to hold the key of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedCertificate {
    /// base64url of its SHA-256 (RFC 8705, section 3.1).
    pub x5t_s256: String,
    /// Its subject as RFC 4514 writes it.
    pub subject: String,
    /// Its issuer, in the same way.
    pub issuer: String,
    /// When it begins and when it ends to be valid, in seconds since 1970.
    pub valid: (i64, i64),
    /// Its names beside the subject: the kind (`dns`, `uri`, `ip`, `email`), a colon, and the name.
    pub names: Vec<String>,
    /// Whether the server's authority issued it.
    pub trusted: bool,
    /// Whether tokens are bound to it though the client never asked for that.
    pub binds: bool,
}

impl PresentedCertificate {
    /// Out of the header field's value.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let (trusted, der) = value.split_once(' ')?;
        Self::of(&STANDARD.decode(der).ok()?, trusted == "trusted")
    }

    /// One that somebody in front of the server took from the client and passed on; whatever is issued is bound to it.
    pub(crate) fn passed_on(der: &[u8]) -> Option<Self> {
        Self::of(der, false).map(|presented| Self { binds: true, ..presented })
    }

    /// The first of a chain that the server's authority issued.
    pub(crate) fn of_identity(identity: &TlsIdentity) -> Option<Self> {
        let leaf = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes()).next()?.ok()?;
        Self::of(&leaf, true)
    }

    /// Whether it is valid at that time, in seconds since 1970.
    pub(crate) fn holds_at(&self, now: u64) -> bool {
        i64::try_from(now).is_ok_and(|now| (self.valid.0..=self.valid.1).contains(&now))
    }

    fn of(der: &[u8], trusted: bool) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let validity = certificate.validity();
        Some(Self {
            x5t_s256: URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, der)),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            valid: (validity.not_before.timestamp(), validity.not_after.timestamp()),
            names: names(&certificate),
            trusted,
            binds: false,
        })
    }
}

/// The alternative names of a certificate (RFC 5280, section 4.2.1.6) that a client may be known by.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let told = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(format!("dns:{name}")),
        GeneralName::URI(uri) => Some(format!("uri:{uri}")),
        GeneralName::RFC822Name(address) => Some(format!("email:{address}")),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => Some(format!("ip:{}", IpAddr::from(<[u8; 4]>::try_from(*bytes).ok()?))),
            16 => Some(format!("ip:{}", IpAddr::from(<[u8; 16]>::try_from(*bytes).ok()?))),
            _ => None,
        },
        _ => None,
    };
    extension.iter().flat_map(|extension| extension.value.general_names.iter().filter_map(told)).collect()
}

/// Takes any certificate whose key the client holds, and tells those of the authority from others.
#[derive(Debug)]
pub(crate) struct ClientCheck {
    authority: Arc<dyn ClientCertVerifier>,
    required: bool,
}

impl ClientCheck {
    /// A check by this authority; `None` when its certificate does not read.
    pub(crate) fn new(authority_pem: &str, required: bool) -> Option<Arc<Self>> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(authority_pem.as_bytes()) {
            roots.add(root.ok()?).ok()?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let authority = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
        Some(Arc::new(Self { authority, required }))
    }

    /// The header field's value for what a client presented; `None` when it presented nothing.
    pub(crate) fn header(&self, presented: Option<&[CertificateDer<'_>]>) -> Option<String> {
        let (leaf, chain) = presented?.split_first()?;
        let trusted = self.authority.verify_client_cert(leaf, chain, UnixTime::now()).is_ok();
        Some(format!("{} {}", if trusted { "trusted" } else { "unknown" }, STANDARD.encode(leaf)))
    }
}

impl ClientCertVerifier for ClientCheck {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // No hints: a client with a certificate of its own making may present it, too.
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn verify_client_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authority.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authority.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authority.supported_verify_schemes()
    }
}
