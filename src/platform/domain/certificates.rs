//! Where the keys come from that verify a key manager's signatures.
//! Fetching and parsing them is the gateway's work.

use base64::Engine as _;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// The signature keys of a key manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// What `value` is.
    #[serde(rename = "type")]
    pub kind: CertificateType,
    /// A key set's URL, or a PEM text in base64 (possibly percent-encoded after that).
    #[serde(default)]
    pub value: String,
}

/// What a [`Certificates`] value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CertificateType {
    /// The URL of a JSON Web Key Set.
    Jwks,
    /// One certificate, armoured, as a whole in base64.
    Pem,
}

impl Certificates {
    /// The URL of the key set, if that is what is configured.
    pub fn jwks_url(&self) -> Option<&str> {
        (self.kind == CertificateType::Jwks && !self.value.trim().is_empty()).then_some(self.value.trim())
    }

    /// The armoured PEM text, if a certificate is configured and its wrapping can be undone.
    ///
    /// On the wire the armoured text, header lines and all, is base64 encoded; some clients encode that once
    /// more for URLs. A PEM text that was sent bare is taken as it is.
    pub fn pem(&self) -> Option<String> {
        if self.kind != CertificateType::Pem {
            return None;
        }
        let value = percent_decode_str(self.value.trim()).decode_utf8().ok()?;
        if value.starts_with("-----BEGIN") {
            return Some(value.into_owned());
        }
        let compact: String = value.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(compact).ok()?;
        String::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pem_is_unwrapped_from_base64_and_from_percent_encoding() {
        let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        let encoded = base64::engine::general_purpose::STANDARD.encode(pem);
        for value in [encoded.clone(), encoded.replace('=', "%3D"), pem.to_owned()] {
            let certificates = Certificates { kind: CertificateType::Pem, value };
            assert_eq!(certificates.pem().as_deref().map(str::trim), Some(pem.trim()));
            assert_eq!(certificates.jwks_url(), None);
        }
    }

    #[test]
    fn a_value_that_is_no_base64_has_no_pem() {
        let certificates = Certificates { kind: CertificateType::Pem, value: "%%%".into() };
        assert_eq!(certificates.pem(), None);
    }
}
