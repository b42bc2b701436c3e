//! A PEM certificate as the source of an issuer's key.
//! Whether an ended certificate may still be used is the caller's policy: here is only when it is valid.

use x509_parser::{
    oid_registry::{
        OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
        OID_SIG_ED25519,
    },
    pem::Pem,
    prelude::X509Certificate,
    public_key::PublicKey,
};

use super::{Algorithm, Key, KeySet, key::KeyRefusal};

/// A certificate's key and its time of validity.
#[derive(Debug, Clone)]
pub struct Certificate {
    key: Key,
    not_before: i64,
    not_after: i64,
}

/// The text is not a certificate that can verify tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRefusal {
    /// No PEM block with an X.509 certificate.
    #[error("not a certificate in PEM form")]
    NotACertificate,
    /// The key cannot verify tokens.
    #[error("the certificate's key cannot verify tokens")]
    Key(#[from] KeyRefusal),
}

impl Certificate {
    /// Reads the first certificate of a PEM text; blanks around it do not matter.
    ///
    /// # Errors
    ///
    /// [`CertificateRefusal`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateRefusal> {
        let block = Pem::iter_from_buffer(text.trim().as_bytes())
            .filter_map(Result::ok)
            .find(|block| block.label == "CERTIFICATE")
            .ok_or(CertificateRefusal::NotACertificate)?;
        let certificate = block.parse_x509().map_err(|_| CertificateRefusal::NotACertificate)?;
        let validity = certificate.validity();
        Ok(Self {
            key: public_key(&certificate)?,
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    /// Whether the certificate is valid at `now` (seconds since 1970).
    pub fn is_valid_at(&self, now: u64) -> bool {
        i64::try_from(now).is_ok_and(|now| self.not_before <= now && now <= self.not_after)
    }

    /// A key set of this one key, used whatever `kid` a token names.
    pub fn key_set(&self) -> KeySet {
        KeySet::from_certificate_key(self.key.clone())
    }
}

fn public_key(certificate: &X509Certificate<'_>) -> Result<Key, CertificateRefusal> {
    let info = certificate.public_key();
    let kind = &info.algorithm.algorithm;
    if *kind == OID_SIG_ED25519 {
        return Ok(Key::from_point(Algorithm::EdDsa, &info.subject_public_key.data)?);
    }
    match info.parsed().map_err(|_| CertificateRefusal::NotACertificate)? {
        PublicKey::RSA(rsa) if *kind == OID_PKCS1_RSAENCRYPTION => {
            Ok(Key::from_rsa_components(rsa.modulus, rsa.exponent)?)
        }
        PublicKey::EC(point) if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY => {
            let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            let algorithm = match curve {
                Some(oid) if oid == OID_EC_P256 => Algorithm::Es256,
                Some(oid) if oid == OID_NIST_EC_P384 => Algorithm::Es384,
                Some(oid) if oid == OID_NIST_EC_P521 => Algorithm::Es512,
                _ => return Err(KeyRefusal::UnknownType("EC".to_owned()).into()),
            };
            Ok(Key::from_point(algorithm, point.data())?)
        }
        _ => Err(KeyRefusal::UnknownType(kind.to_id_string()).into()),
    }
}
