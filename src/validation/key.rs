//! A public key, parsed once and checked once: type, size, point on curve, what it may be used for.
//! Which key a token means is [`super::key_set`]'s business.

use aws_lc_rs::signature::{self as lc, ParsedPublicKey, RsaPublicKeyComponents};
use serde_json::Value;

use super::{Algorithm, algorithm::Algorithms, base64url, roca};

/// A public key that verifies signatures, with one parsed form for each algorithm it allows.
#[derive(Debug, Clone)]
pub struct Key {
    kid: Option<Box<str>>,
    parsed: Vec<(Algorithm, ParsedPublicKey)>,
}

/// Why an entry of a key set is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// A member is missing, of the wrong type or not strict base64url.
    #[error("member `{0}` is missing or malformed")]
    Malformed(&'static str),
    /// `kty` is `oct` or unknown, or the curve is.
    #[error("keys of type `{0}` verify no signature here")]
    UnknownType(String),
    /// `use` or `key_ops` say that it is for something else.
    #[error("the key is not for verifying signatures")]
    OtherUse,
    /// `alg` names an algorithm that this type of key does not have.
    #[error("algorithm `{0}` does not fit the key")]
    WrongAlgorithm(String),
    /// Modulus below 2048 or above 8192 bits, an unusable exponent, or a modulus of the ROCA family.
    #[error("the RSA key is weak: {0}")]
    Weak(&'static str),
    /// Not a point of its curve.
    #[error("the key is not a valid point of its curve")]
    InvalidPoint,
    /// Another entry of the set has the same `kid`.
    #[error("several keys are called `{0}`")]
    DuplicateKid(String),
}

impl Key {
    /// Reads one JWK (RFC 7517; RFC 7518, section 6; RFC 8037).
    ///
    /// # Errors
    ///
    /// A [`KeyRefusal`] that says why it cannot verify signatures.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyRefusal> {
        let kid = optional_text(jwk, "kid")?.map(Into::into);
        verifies_signatures(jwk)?;
        let parsed = match required_text(jwk, "kty")? {
            "RSA" => rsa(&component(jwk, "n")?, &component(jwk, "e")?, optional_text(jwk, "alg")?)?,
            "EC" => elliptic(jwk)?,
            "OKP" => edwards(jwk)?,
            other => return Err(KeyRefusal::UnknownType(other.to_owned())),
        };
        Ok(Self { kid, parsed })
    }

    /// An RSA key from modulus and exponent, for every RSA algorithm; it has no `kid`.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal::Weak`].
    pub fn from_rsa_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyRefusal> {
        Ok(Self { kid: None, parsed: rsa(modulus, exponent, None)? })
    }

    /// A key on a named curve from its uncompressed point, or an Ed25519 key from its 32 bytes; it has no `kid`.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal::InvalidPoint`], or [`KeyRefusal::WrongAlgorithm`] for an RSA algorithm.
    pub fn from_point(algorithm: Algorithm, point: &[u8]) -> Result<Self, KeyRefusal> {
        Ok(Self { kid: None, parsed: vec![(algorithm, on_curve(algorithm, point)?)] })
    }

    /// Its name in the key set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it verifies signatures of this algorithm.
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.parsed.iter().any(|(each, _)| *each == algorithm)
    }

    /// Whether `signature` is this key's over `message`; `None` when the key does not allow the algorithm.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        permitted: Algorithms,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        let (_, parsed) = self.parsed.iter().find(|(each, _)| *each == algorithm && permitted.contains(*each))?;
        Some(parsed.verify_sig(message, signature).is_ok())
    }
}

fn required_text<'j>(jwk: &'j Value, name: &'static str) -> Result<&'j str, KeyRefusal> {
    jwk.get(name).and_then(Value::as_str).ok_or(KeyRefusal::Malformed(name))
}

fn optional_text<'j>(jwk: &'j Value, name: &'static str) -> Result<Option<&'j str>, KeyRefusal> {
    jwk.get(name).map(|value| value.as_str().ok_or(KeyRefusal::Malformed(name))).transpose()
}

fn component(jwk: &Value, name: &'static str) -> Result<Vec<u8>, KeyRefusal> {
    base64url::decode(required_text(jwk, name)?).map_err(|_| KeyRefusal::Malformed(name))
}

/// `use` and `key_ops` (RFC 7517, sections 4.2 and 4.3); a key that says neither may be used.
fn verifies_signatures(jwk: &Value) -> Result<(), KeyRefusal> {
    if optional_text(jwk, "use")?.is_some_and(|intended| intended != "sig") {
        return Err(KeyRefusal::OtherUse);
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|each| each == "verify") => Ok(()),
        Some(Value::Array(_)) => Err(KeyRefusal::OtherUse),
        Some(_) => Err(KeyRefusal::Malformed("key_ops")),
    }
}

fn rsa(n: &[u8], e: &[u8], alg: Option<&str>) -> Result<Vec<(Algorithm, ParsedPublicKey)>, KeyRefusal> {
    let modulus = without_leading_zeros(n);
    let exponent = without_leading_zeros(e);
    check_rsa_strength(modulus, exponent)?;
    let algorithms = match alg {
        None => Algorithm::RSA.to_vec(),
        Some(name) => {
            let fits = Algorithm::named(name).filter(|each| Algorithm::RSA.contains(each));
            vec![fits.ok_or_else(|| KeyRefusal::WrongAlgorithm(name.to_owned()))?]
        }
    };
    let parse = |algorithm: Algorithm| {
        let parameters = algorithm.rsa_parameters().expect("only RSA algorithms were collected");
        RsaPublicKeyComponents { n: modulus, e: exponent }
            .to_parsed_public_key(parameters)
            .map(|parsed| (algorithm, parsed))
            .map_err(|_| KeyRefusal::Weak("modulus and exponent are no RSA key"))
    };
    algorithms.into_iter().map(parse).collect()
}

/// RFC 7518, section 3.3, and RFC 8725, section 3.4.
fn check_rsa_strength(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyRefusal> {
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    if bits < 2048 {
        return Err(KeyRefusal::Weak("the modulus has fewer than 2048 bits"));
    }
    if bits > 8192 {
        return Err(KeyRefusal::Weak("the modulus has more than 8192 bits"));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !odd(modulus) || !odd(exponent) || exponent == [1] || exponent.len() > 4 {
        return Err(KeyRefusal::Weak("the exponent or the modulus cannot be an RSA key's"));
    }
    if roca::is_fingerprinted(modulus) {
        return Err(KeyRefusal::Weak("the modulus was made by a flawed generator (CVE-2017-15361)"));
    }
    Ok(())
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    &number[number.iter().position(|byte| *byte != 0).unwrap_or(number.len())..]
}

fn elliptic(jwk: &Value) -> Result<Vec<(Algorithm, ParsedPublicKey)>, KeyRefusal> {
    let (algorithm, size) = match required_text(jwk, "crv")? {
        "P-256" => (Algorithm::Es256, 32),
        "P-384" => (Algorithm::Es384, 48),
        "P-521" => (Algorithm::Es512, 66),
        other => return Err(KeyRefusal::UnknownType(format!("EC {other}"))),
    };
    check_named(jwk, algorithm)?;
    let (x, y) = (component(jwk, "x")?, component(jwk, "y")?);
    if x.len() != size || y.len() != size {
        return Err(KeyRefusal::InvalidPoint);
    }
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    Ok(vec![(algorithm, on_curve(algorithm, &point)?)])
}

fn edwards(jwk: &Value) -> Result<Vec<(Algorithm, ParsedPublicKey)>, KeyRefusal> {
    match required_text(jwk, "crv")? {
        "Ed25519" => {}
        other => return Err(KeyRefusal::UnknownType(format!("OKP {other}"))),
    }
    check_named(jwk, Algorithm::EdDsa)?;
    let x = component(jwk, "x")?;
    Ok(vec![(Algorithm::EdDsa, on_curve(Algorithm::EdDsa, &x)?)])
}

fn check_named(jwk: &Value, algorithm: Algorithm) -> Result<(), KeyRefusal> {
    match optional_text(jwk, "alg")? {
        Some(name) if name != algorithm.name() => Err(KeyRefusal::WrongAlgorithm(name.to_owned())),
        _ => Ok(()),
    }
}

fn on_curve(algorithm: Algorithm, point: &[u8]) -> Result<ParsedPublicKey, KeyRefusal> {
    match algorithm {
        Algorithm::Es256 => ParsedPublicKey::new(&lc::ECDSA_P256_SHA256_FIXED, point),
        Algorithm::Es384 => ParsedPublicKey::new(&lc::ECDSA_P384_SHA384_FIXED, point),
        Algorithm::Es512 => ParsedPublicKey::new(&lc::ECDSA_P521_SHA512_FIXED, point),
        Algorithm::EdDsa if point.len() == 32 => ParsedPublicKey::new(&lc::ED25519, point),
        Algorithm::EdDsa => return Err(KeyRefusal::InvalidPoint),
        other => return Err(KeyRefusal::WrongAlgorithm(other.name().to_owned())),
    }
    .map_err(|_| KeyRefusal::InvalidPoint)
}
