//! The ways to write a public key down that a careless verifier takes for a shared secret.
//! Signing with them is in `forgery`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::realm::SigningKey;

/// A form of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicKeyForm {
    /// SubjectPublicKeyInfo, PEM with its final line break.
    Pem,
    /// The same, without the final line break.
    PemTrimmed,
    /// The same, after a line break: as whoever pasted it carelessly would store it.
    PemAfterLineBreak,
    /// SubjectPublicKeyInfo, DER.
    Der,
    /// The entry of the key set, as JSON text.
    Jwk,
    /// The modulus of an RSA key, or the coordinate `x` of another.
    Modulus,
    /// The certificate, PEM.
    CertificatePem,
    /// The certificate, DER.
    CertificateDer,
}

impl PublicKeyForm {
    /// Every form.
    pub const ALL: [Self; 8] = [
        Self::Pem,
        Self::PemTrimmed,
        Self::PemAfterLineBreak,
        Self::Der,
        Self::Jwk,
        Self::Modulus,
        Self::CertificatePem,
        Self::CertificateDer,
    ];

    /// The key in this form.
    pub fn of(self, key: &SigningKey) -> Vec<u8> {
        let jwk = || key.entry();
        match self {
            Self::Pem => key.public_pem().into_bytes(),
            Self::PemTrimmed => key.public_pem().trim_end().as_bytes().to_vec(),
            Self::PemAfterLineBreak => format!("\n{}", key.public_pem()).into_bytes(),
            Self::Der => key.public_der(),
            Self::Jwk => jwk().to_string().into_bytes(),
            Self::Modulus => {
                let jwk = jwk();
                let number = jwk.get("n").or_else(|| jwk.get("x")).and_then(Value::as_str).unwrap_or_default();
                URL_SAFE_NO_PAD.decode(number).unwrap_or_default()
            }
            Self::CertificatePem => key.certificate_pem().into_bytes(),
            Self::CertificateDer => key.certificate_der().to_vec(),
        }
    }
}
