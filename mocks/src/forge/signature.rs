//! How a forgery is signed, and what can be wrong with the bytes of a signature that was right.
//! Whether it goes with the header is the forgery's affair.

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use super::{
    change::ForgeryError,
    raw_rsa::{self, PaddingFlaw, WeakKey},
};
use crate::realm::{Algorithm, SigningKey};

/// Who makes a signature.
#[derive(Debug, Clone)]
pub(super) enum Signature {
    /// The key, by the algorithm.
    Key(SigningKey, Algorithm),
    /// The RSA key, over a message whose padding is wrong.
    Padded(SigningKey, PaddingFlaw),
    /// A key that is too weak to be accepted.
    Weak(WeakKey),
    /// HMAC-SHA256 (384, 512 by algorithm) with these bytes as the secret.
    Hmac(Vec<u8>, Algorithm),
    /// Nobody: these bytes.
    Bytes(Vec<u8>),
}

impl Signature {
    /// What the key of this signature cannot do, if that is what it is asked for.
    pub(super) fn impossible(&self) -> Option<ForgeryError> {
        match self {
            Self::Key(key, algorithm) if !key.signs_as(*algorithm) => Some(other_family(key, *algorithm)),
            Self::Padded(key, _) if !key.signs_as(Algorithm::RS256) => Some(other_family(key, Algorithm::RS256)),
            Self::Hmac(_, algorithm) if !algorithm.is_symmetric() => {
                Some(ForgeryError::NoHmac(format!("{algorithm:?}")))
            }
            _ => None,
        }
    }

    /// The signature over a message; nothing at all where it is [`impossible`](Self::impossible).
    pub(super) fn over(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Key(key, algorithm) => key.sign_as(*algorithm, message).unwrap_or_default(),
            Self::Padded(key, flaw) => raw_rsa::padded(key, *flaw, message).unwrap_or_default(),
            Self::Weak(key) => key.sign(message),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Hmac(secret, algorithm) => {
                let digest = match algorithm {
                    Algorithm::HS384 => hmac::HMAC_SHA384,
                    Algorithm::HS512 => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                hmac::sign(&hmac::Key::new(digest, secret), message).as_ref().to_vec()
            }
        }
    }
}

fn other_family(key: &SigningKey, wanted: Algorithm) -> ForgeryError {
    let (kid, own) = (key.kid().to_owned(), format!("{:?}", key.algorithm()));
    ForgeryError::OtherFamily { kid, own, wanted: format!("{wanted:?}") }
}

/// What is wrong with the bytes of a signature that is right otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureFlaw {
    /// One bit is turned over.
    FlippedBit,
    /// A byte follows it.
    TrailingByte,
    /// A zero byte stands before it; before each half of an ECDSA signature.
    LeadingZero,
    /// The last byte is missing.
    CutShort,
    /// An ECDSA signature in the ASN.1 form of X.509 instead of the two numbers of RFC 7518, section 3.4.
    Der,
}

impl SignatureFlaw {
    /// Every flaw.
    pub const ALL: [Self; 5] = [Self::FlippedBit, Self::TrailingByte, Self::LeadingZero, Self::CutShort, Self::Der];

    /// The signature with the flaw in it; `halves` says whether it consists of two numbers.
    pub(super) fn spoil(self, mut signature: Vec<u8>, halves: bool) -> Vec<u8> {
        match self {
            Self::FlippedBit => {
                if let Some(byte) = signature.first_mut() {
                    *byte ^= 1;
                }
            }
            Self::TrailingByte => signature.push(0),
            Self::LeadingZero => {
                if halves {
                    signature.insert(signature.len() / 2, 0);
                }
                signature.insert(0, 0);
            }
            Self::CutShort => drop(signature.pop()),
            Self::Der => return der(&signature),
        }
        signature
    }
}

/// A signature of two zeros, which a verifier that does not look at ranges takes for everybody's (CVE-2022-21449).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroSignature {
    /// Two numbers as long as the algorithm wants them.
    Raw,
    /// In ASN.1.
    Der,
}

impl ZeroSignature {
    /// Its bytes; `algorithm` says how long the raw form is.
    pub(super) fn bytes(self, algorithm: Algorithm) -> Vec<u8> {
        match self {
            Self::Raw => {
                let length = match algorithm {
                    Algorithm::ES512 => 132,
                    Algorithm::ES384 => 96,
                    _ => 64,
                };
                vec![0; length]
            }
            Self::Der => der(&[0, 0]),
        }
    }
}

/// `SEQUENCE { INTEGER, INTEGER }` over the two halves.
pub(crate) fn der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let body = [integer(r), integer(s)].concat();
    // Two numbers of at most 66 bytes: the length takes one byte, or two from 128 on.
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    let mut whole = if length < 128 { vec![0x30, length] } else { vec![0x30, 0x81, length] };
    whole.extend(body);
    whole
}

fn integer(half: &[u8]) -> Vec<u8> {
    let first = half.iter().position(|&byte| byte != 0).unwrap_or(half.len().saturating_sub(1));
    let number = &half[first..];
    let negative = number.first().is_none_or(|&byte| byte >= 0x80);
    let length = u8::try_from(number.len() + usize::from(negative)).unwrap_or(u8::MAX);
    let mut whole = vec![0x02, length];
    whole.extend(negative.then_some(0));
    whole.extend(number);
    whole
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};

    use super::*;
    use crate::realm::test_keys;

    #[test]
    fn the_asn1_form_of_a_signature_is_still_one() {
        let key = test_keys::named("p256-amber").unwrap();
        let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_der()).unwrap();
        for message in [&b"one"[..], b"two", b"three", b"four", b"five"] {
            let signature = SignatureFlaw::Der.spoil(key.sign(message), true);
            public.verify_sig(message, &signature).unwrap();
        }
    }

    #[test]
    fn zeros_come_in_both_forms() {
        assert_eq!(ZeroSignature::Raw.bytes(Algorithm::ES256), [0; 64]);
        assert_eq!(ZeroSignature::Raw.bytes(Algorithm::ES384).len(), 96);
        assert_eq!(ZeroSignature::Raw.bytes(Algorithm::ES512).len(), 132);
        assert_eq!(ZeroSignature::Der.bytes(Algorithm::ES256), [0x30, 6, 2, 1, 0, 2, 1, 0]);
    }

    #[test]
    fn every_flaw_leaves_other_bytes() {
        let signature: Vec<u8> = (1..=64).collect();
        for flaw in SignatureFlaw::ALL {
            assert_ne!(flaw.spoil(signature.clone(), true), signature, "{flaw:?}");
            assert!(
                flaw == SignatureFlaw::TrailingByte
                    || flaw == SignatureFlaw::LeadingZero
                    || flaw.spoil(Vec::new(), true).len() < 9
            );
        }
    }
}
