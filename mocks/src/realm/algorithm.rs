//! Signature algorithms of JWTs (RFC 7518, section 3.1; RFC 8037, section 3.1), and signatures verified by them.
//! Signatures are made in `signing_key`.

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, Jwk},
};
use serde::{Deserialize, Serialize};

/// A signature algorithm, under its name in `alg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 13] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
    ];

    /// Whether both sides share the key.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }

    /// Whether signatures are two numbers, each as long as the curve's (RFC 7518, section 3.4).
    pub fn is_elliptic(self) -> bool {
        matches!(self, Self::ES256 | Self::ES384 | Self::ES512)
    }

    /// Whether the public key made the signature, which is in base64url. A shared secret is no public key.
    pub fn verifies(self, key: &Jwk, message: &[u8], signature: &str) -> bool {
        if self.is_symmetric() {
            return false;
        }
        match (self, &key.algorithm) {
            (Self::ES512, AlgorithmParameters::EllipticCurve(point)) => es512(point, message, signature).is_some(),
            _ => DecodingKey::from_jwk(key).is_ok_and(|key| self.verifies_by(&key, message, signature)),
        }
    }

    /// The same with a key that was parsed for another purpose; never for ES512, which `jsonwebtoken` has not got.
    pub(crate) fn verifies_by(self, key: &DecodingKey, message: &[u8], signature: &str) -> bool {
        let known = self.to_string().parse().ok().filter(|_| !self.is_symmetric());
        known.is_some_and(|known| jsonwebtoken::crypto::verify(signature, message, key, known).unwrap_or(false))
    }
}

/// Nothing unless the signature is right and the key is a point of P-521 in full length (RFC 7518, section 6.2.1.2).
fn es512(point: &EllipticCurveKeyParameters, message: &[u8], signature: &str) -> Option<()> {
    const COORDINATE: usize = 66;
    let coordinate = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|number| number.len() == COORDINATE);
    if point.curve != EllipticCurve::P521 {
        return None;
    }
    // Uncompressed: 0x04, x, y (SEC 1, section 2.3.3).
    let uncompressed = [vec![4], coordinate(&point.x)?, coordinate(&point.y)?].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, uncompressed);
    key.verify(message, &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// There is no algorithm of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no signature algorithm")]
pub struct UnknownAlgorithm(pub String);

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|each| each.to_string() == name).ok_or_else(|| UnknownAlgorithm(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::test_keys;

    #[test]
    fn every_algorithm_goes_by_its_name() {
        for each in Algorithm::ALL {
            assert_eq!(each.to_string().parse(), Ok(each));
            assert_eq!(serde_json::to_value(each).unwrap(), each.to_string());
        }
        assert!("none".parse::<Algorithm>().is_err() && "es512".parse::<Algorithm>().is_err());
    }

    #[test]
    fn a_signature_on_p521_holds_for_its_key_and_its_message_alone() {
        let (key, other) = (test_keys::named("p521-amber").unwrap(), test_keys::named("p521-birch").unwrap());
        let signature = URL_SAFE_NO_PAD.encode(key.sign(b"message"));
        assert!(Algorithm::ES512.verifies(&key.jwk(), b"message", &signature));
        assert!(!Algorithm::ES512.verifies(&key.jwk(), b"massage", &signature));
        assert!(!Algorithm::ES512.verifies(&other.jwk(), b"message", &signature));
        assert!(!Algorithm::ES512.verifies(&test_keys::named("p384-amber").unwrap().jwk(), b"message", &signature));
        assert!(!Algorithm::ES256.verifies(&key.jwk(), b"message", &signature));
        let zeros = URL_SAFE_NO_PAD.encode([0; 132]);
        assert!(!Algorithm::ES512.verifies(&key.jwk(), b"message", &zeros));
    }

    #[test]
    fn a_shared_secret_verifies_nothing() {
        let key = test_keys::named("rsa-amber").unwrap();
        assert!(!Algorithm::HS256.verifies(&key.jwk(), b"message", ""));
    }
}
