//! How an issuer names its keys, told of a key by its bytes.
//! Which keys there are is the key ring's business.

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::jwk::ThumbprintHash;
use serde::{Deserialize, Serialize};

use super::signing_key::SigningKey;

/// How an issuer names its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KidStyle {
    /// The key's JWK thumbprint (RFC 7638).
    #[default]
    Thumbprint,
    /// base64url over the hexadecimal SHA-256 of the certificate, then `_` and the algorithm: WSO2 Identity Server 7.
    CertificateHex,
    /// The same over the SHA-1 of the certificate: WSO2 Identity Server 7 in its legacy mode.
    CertificateSha1Hex,
    /// Base64 with its padding: Amazon Cognito.
    Padded,
    /// base64url over the SHA-1 of the certificate, as in `x5t`: Microsoft Entra ID.
    CertificateSha1,
}

impl KidStyle {
    /// The id of a key in this style.
    pub(super) fn kid(self, key: &SigningKey) -> String {
        match self {
            Self::Thumbprint => key.jwk().thumbprint(ThumbprintHash::SHA256).expect("the key is of a supported family"),
            Self::CertificateHex => certificate_hex(&digest::SHA256, key),
            Self::CertificateSha1Hex => certificate_hex(&digest::SHA1_FOR_LEGACY_USE_ONLY, key),
            Self::Padded => STANDARD.encode(digest::digest(&digest::SHA256, &key.public_der())),
            Self::CertificateSha1 => key.x5t(),
        }
    }
}

fn certificate_hex(algorithm: &'static digest::Algorithm, key: &SigningKey) -> String {
    let hash = digest::digest(algorithm, key.certificate_der());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}_{:?}", URL_SAFE_NO_PAD.encode(hex), key.algorithm())
}
