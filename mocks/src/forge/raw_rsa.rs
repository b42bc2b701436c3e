//! RSA without the guards that a library has: weak keys, and signatures whose padding is wrong (RFC 8017, section 9.2).
//! For forgeries only; everything that should be right is signed by aws-lc.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use x509_parser::der_parser::der::parse_der;

use crate::realm::{SigningKey, test_keys};

const SMALL_KEY: &str = include_str!("../realm/test_keys/test_key_weak_small.pem");

/// A key that nobody should accept, however right its signatures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeakKey {
    /// RSA of 1024 bits (RFC 7518, section 3.3, asks for 2048).
    Rsa1024,
    /// RSA with the public exponent 1: a signature is the padded message itself.
    ExponentOne,
    /// RSA whose primes were made as in CVE-2017-15361.
    Roca,
}

impl WeakKey {
    /// Every weak key.
    pub const ALL: [Self; 3] = [Self::Rsa1024, Self::ExponentOne, Self::Roca];

    /// Its entry in a key set.
    pub fn jwk(self) -> Value {
        let key = self.numbers();
        let number = |number: &BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid(), "n": number(&key.n), "e": number(&key.e) })
    }

    /// The id under which it is published.
    pub fn kid(self) -> &'static str {
        match self {
            Self::Rsa1024 => "weak-rsa-1024",
            Self::ExponentOne => "weak-exponent-one",
            Self::Roca => "weak-roca",
        }
    }

    /// An RS256 signature.
    pub(super) fn sign(self, message: &[u8]) -> Vec<u8> {
        let key = self.numbers();
        key.power(&encoded(message, None, key.length()))
    }

    fn numbers(self) -> Numbers {
        let of = |key: SigningKey| Numbers::read(key.pem()).expect("an embedded RSA key has its numbers");
        match self {
            Self::Rsa1024 => Numbers::read(SMALL_KEY).expect("an embedded RSA key has its numbers"),
            Self::Roca => of(test_keys::named("weak-roca").expect("the key is embedded")),
            Self::ExponentOne => {
                let one = BigUint::from(1_u8);
                let key = of(test_keys::named("rsa-amber").expect("the key is embedded"));
                Numbers { n: key.n, e: one.clone(), d: one }
            }
        }
    }
}

/// What is wrong with the padding of an RS256 signature that the right key made: each is a way in which a verifier that
/// parses instead of comparing was fooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaddingFlaw {
    /// Eight bytes of padding, and rubbish behind the hash (CVE-2006-4339).
    Rubbish,
    /// The hash's name lacks its NULL parameter.
    NoNull,
    /// The hash's name is SHA-384's.
    OtherHash,
    /// The block is marked as an encrypted one.
    BlockType,
    /// A byte follows the hash within the structure.
    LongHash,
}

impl PaddingFlaw {
    /// Every flaw.
    pub const ALL: [Self; 5] = [Self::Rubbish, Self::NoNull, Self::OtherHash, Self::BlockType, Self::LongHash];
}

/// A signature of the key over a message padded wrongly; `None` when the key is no RSA key.
pub(super) fn padded(key: &SigningKey, flaw: PaddingFlaw, message: &[u8]) -> Option<Vec<u8>> {
    let numbers = Numbers::read(key.pem())?;
    Some(numbers.power(&encoded(message, Some(flaw), numbers.length())))
}

/// EMSA-PKCS1-v1_5 over SHA-256, with the flaw.
fn encoded(message: &[u8], flaw: Option<PaddingFlaw>, length: usize) -> Vec<u8> {
    let mut hash = digest::digest(&digest::SHA256, message).as_ref().to_vec();
    if flaw == Some(PaddingFlaw::LongHash) {
        hash.push(0);
    }
    let last = if flaw == Some(PaddingFlaw::OtherHash) { 2 } else { 1 };
    let mut name = vec![0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last];
    if flaw != Some(PaddingFlaw::NoNull) {
        name.extend([0x05, 0]);
    }
    let info = tagged(0x30, &[tagged(0x30, &name), tagged(0x04, &hash)].concat());
    let marker = if flaw == Some(PaddingFlaw::BlockType) { 2 } else { 1 };
    let full = length.saturating_sub(info.len() + 3);
    let (padding, rubbish) = if flaw == Some(PaddingFlaw::Rubbish) { (8, full - 8) } else { (full, 0) };
    [&[0, marker][..], &vec![0xff; padding], &[0], &info, &vec![0xaa; rubbish]].concat()
}

/// A DER element shorter than 128 bytes.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap_or(u8::MAX)], content].concat()
}

/// Modulus and exponents.
struct Numbers {
    n: BigUint,
    e: BigUint,
    d: BigUint,
}

impl Numbers {
    /// Out of a PKCS#8 key (RFC 8017, appendix A.1.2); `None` when it is of another family.
    fn read(pem: &str) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (_, outer) = parse_der(der.secret_pkcs8_der()).ok()?;
        let (_, inner) = parse_der(outer.as_sequence().ok()?.get(2)?.as_slice().ok()?).ok()?;
        let members = inner.as_sequence().ok()?;
        let number = |place: usize| Some(BigUint::from_bytes_be(members.get(place)?.as_slice().ok()?));
        (members.len() >= 9).then_some(())?;
        Some(Self { n: number(1)?, e: number(2)?, d: number(3)? })
    }

    fn length(&self) -> usize {
        self.n.to_bytes_be().len()
    }

    /// The private operation, in as many bytes as the modulus has.
    fn power(&self, block: &[u8]) -> Vec<u8> {
        let made = BigUint::from_bytes_be(block).modpow(&self.d, &self.n).to_bytes_be();
        let mut whole = vec![0; self.length().saturating_sub(made.len())];
        whole.extend(made);
        whole
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    };

    use super::*;

    #[test]
    fn the_raw_operation_without_a_flaw_is_an_ordinary_signature_and_with_one_it_is_not() {
        let key = test_keys::named("rsa-amber").unwrap();
        let numbers = Numbers::read(key.pem()).unwrap();
        assert_eq!(numbers.power(&encoded(b"message", None, numbers.length())), key.sign(b"message"));
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_der()).unwrap();
        for flaw in PaddingFlaw::ALL {
            let signature = padded(&key, flaw, b"message").unwrap();
            assert_eq!(signature.len(), 256, "{flaw:?}");
            assert!(public.verify_sig(b"message", &signature).is_err(), "{flaw:?}");
        }
        assert_eq!(padded(&test_keys::named("p256-amber").unwrap(), PaddingFlaw::NoNull, b"message"), None);
    }

    #[test]
    fn weak_keys_sign_what_their_public_half_verifies() {
        for weak in WeakKey::ALL {
            let (key, signature) = (weak.numbers(), weak.sign(b"message"));
            let block = BigUint::from_bytes_be(&signature).modpow(&key.e, &key.n);
            assert_eq!(block, BigUint::from_bytes_be(&encoded(b"message", None, key.length())), "{weak:?}");
        }
        let small = WeakKey::Rsa1024.numbers();
        assert_eq!(small.n.bits(), 1024);
        let parts = aws_lc_rs::signature::RsaPublicKeyComponents { n: small.n.to_bytes_be(), e: small.e.to_bytes_be() };
        let signature = WeakKey::Rsa1024.sign(b"message");
        parts.verify(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, b"message", &signature).unwrap();
    }
}
