//! Private keys of a JWK set (RFC 7517, RFC 7518 section 6), as the PKCS#8 that the mocks' keys are made from.
//! Which issuer they belong to stands in `target.toml`; what is signed with them is the forge's business.

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

/// A private key, ready for a signer.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey {
    /// Its id; empty when the set gives none.
    pub kid: String,
    /// `alg` as in the set, or the usual one of its family.
    pub alg: String,
    /// PKCS#8 in PEM.
    pub pem: String,
}

impl std::fmt::Debug for PrivateKey {
    /// Leaves the key itself out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey").field("kid", &self.kid).field("alg", &self.alg).finish_non_exhaustive()
    }
}

/// A text is no set of private keys.
#[derive(Debug, thiserror::Error)]
pub enum PrivateJwkError {
    /// It is no JWK set.
    #[error("it is no JWK set")]
    NotASet(#[from] serde_json::Error),
    /// A member is missing, as in a public key.
    #[error("key `{kid}` has no `{member}`\nhint: the harness signs with these keys, so they must be private ones")]
    Missing {
        /// Which key.
        kid: String,
        /// Which member.
        member: &'static str,
    },
    /// A member is no base64url.
    #[error("`{member}` of key `{kid}` is no base64url")]
    NotBase64 {
        /// Which key.
        kid: String,
        /// Which member.
        member: &'static str,
    },
    /// A family that the harness does not sign with.
    #[error("key `{kid}` is of family `{family}`\nhint: RSA, EC on P-256 or P-384, and OKP on Ed25519 can sign here")]
    Family {
        /// Which key.
        kid: String,
        /// `kty`, and `crv` where there is one.
        family: String,
    },
    /// There is no key in it.
    #[error("the set holds no key")]
    Empty,
}

/// Reads a JWK set of private keys, in their order.
///
/// # Errors
///
/// [`PrivateJwkError`] when the text is no such set, holds a public key or one of another family, or is empty.
pub fn read(text: &str) -> Result<Vec<PrivateKey>, PrivateJwkError> {
    let set: Set = serde_json::from_str(text)?;
    if set.keys.is_empty() {
        return Err(PrivateJwkError::Empty);
    }
    set.keys.iter().map(Jwk::private_key).collect()
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    #[serde(default)]
    kid: String,
    alg: Option<String>,
    #[serde(flatten)]
    numbers: std::collections::BTreeMap<String, serde_json::Value>,
}

impl Jwk {
    fn private_key(&self) -> Result<PrivateKey, PrivateJwkError> {
        let (usual, der) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => ("RS256", self.rsa()?),
            ("EC", Some("P-256")) => ("ES256", self.ec(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07])?),
            ("EC", Some("P-384")) => ("ES384", self.ec(&[0x2b, 0x81, 0x04, 0x00, 0x22])?),
            ("OKP", Some("Ed25519")) => ("EdDSA", self.ed25519()?),
            (kty, crv) => {
                let family = crv.map_or_else(|| kty.to_owned(), |crv| format!("{kty} {crv}"));
                return Err(PrivateJwkError::Family { kid: self.kid.clone(), family });
            }
        };
        let alg = self.alg.clone().unwrap_or_else(|| usual.to_owned());
        Ok(PrivateKey { kid: self.kid.clone(), alg, pem: pem(&der) })
    }

    fn number(&self, member: &'static str) -> Result<Vec<u8>, PrivateJwkError> {
        let missing = || PrivateJwkError::Missing { kid: self.kid.clone(), member };
        let text = self.numbers.get(member).and_then(serde_json::Value::as_str).ok_or_else(missing)?;
        BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| PrivateJwkError::NotBase64 { kid: self.kid.clone(), member })
    }

    /// `RSAPrivateKey`: RFC 8017, appendix A.1.2.
    fn rsa(&self) -> Result<Vec<u8>, PrivateJwkError> {
        let mut numbers = der::integer(&[0]);
        for member in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            numbers.extend(der::integer(&self.number(member)?));
        }
        let algorithm =
            [der::object_id(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]), der::NULL.to_vec()].concat();
        Ok(der::private_key_info(&algorithm, &der::sequence(&numbers)))
    }

    /// `ECPrivateKey`: RFC 5915, section 3.
    fn ec(&self, curve: &[u8]) -> Result<Vec<u8>, PrivateJwkError> {
        let point = [vec![0, 4], self.number("x")?, self.number("y")?].concat();
        let key = [der::integer(&[1]), der::octets(&self.number("d")?), der::tagged(0xa1, &der::tagged(0x03, &point))]
            .concat();
        let algorithm = [der::object_id(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), der::object_id(curve)].concat();
        Ok(der::private_key_info(&algorithm, &der::sequence(&key)))
    }

    /// `OneAsymmetricKey` with the public key: RFC 8410, section 7. Signers refuse it without.
    fn ed25519(&self) -> Result<Vec<u8>, PrivateJwkError> {
        let algorithm = der::sequence(&der::object_id(&[0x2b, 0x65, 0x70]));
        let key = der::octets(&der::octets(&self.number("d")?));
        let public = der::tagged(0x81, &[vec![0], self.number("x")?].concat());
        Ok(der::sequence(&[der::integer(&[1]), algorithm, key, public].concat()))
    }
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// As much of DER (X.690) as a private key needs.
mod der {
    pub(super) const NULL: [u8; 2] = [0x05, 0x00];

    pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let mut out = vec![tag];
        if length < 0x80 {
            out.push(u8::try_from(length).expect("less than 128"));
        } else {
            let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(bytes.len()).expect("a length has at most eight bytes"));
            out.extend(bytes);
        }
        out.extend(content);
        out
    }

    pub(super) fn sequence(content: &[u8]) -> Vec<u8> {
        tagged(0x30, content)
    }

    pub(super) fn octets(content: &[u8]) -> Vec<u8> {
        tagged(0x04, content)
    }

    pub(super) fn object_id(content: &[u8]) -> Vec<u8> {
        tagged(0x06, content)
    }

    /// A number that is not negative: no leading zeroes, but one where the first bit is set.
    pub(super) fn integer(number: &[u8]) -> Vec<u8> {
        let mut content: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        if content.first().is_none_or(|first| first & 0x80 != 0) {
            content.insert(0, 0);
        }
        tagged(0x02, &content)
    }

    /// `PrivateKeyInfo`: RFC 5208, section 5.
    pub(super) fn private_key_info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
        sequence(&[integer(&[0]), sequence(algorithm), octets(key)].concat())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
    };
    use serde_json::{Value, json};

    use super::*;

    const SET: &str = include_str!("../../../tests/real/envoy/issuer-a.test-private-keys.jwks");

    fn der_of(key: &PrivateKey) -> Vec<u8> {
        BASE64_STANDARD.decode(key.pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
    }

    #[test]
    fn keys_of_every_family_become_the_same_keys_in_pkcs8() {
        let keys = read(SET).unwrap();
        assert_eq!((keys[0].kid.as_str(), keys[0].alg.as_str()), ("test-a-rs256", "RS256"));
        let set: Value = serde_json::from_str(SET).unwrap();
        let number = |key: usize, member: &str| {
            BASE64_URL_SAFE_NO_PAD.decode(set["keys"][key][member].as_str().unwrap()).unwrap()
        };

        let rsa = RsaKeyPair::from_pkcs8(&der_of(&keys[0])).unwrap();
        assert_eq!(rsa.public_key().modulus().big_endian_without_leading_zero(), number(0, "n"));
        let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der_of(&keys[1])).unwrap();
        assert_eq!(ec.public_key().as_ref()[1..], [number(1, "x"), number(1, "y")].concat());

        // RFC 8037, appendix A.1.
        let ed = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
        let ed = read(&ed.to_string()).unwrap().remove(0);
        assert_eq!(ed.alg, "EdDSA");
        let pair = Ed25519KeyPair::from_pkcs8(&der_of(&ed)).unwrap();
        let public = BASE64_URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(pair.public_key().as_ref(), public);
    }

    #[test]
    fn what_cannot_sign_is_refused_by_name() {
        let refusal = |set: Value| read(&set.to_string()).unwrap_err().to_string();
        assert!(
            refusal(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AA" }] })).contains("no `d`")
        );
        assert!(refusal(json!({ "keys": [{ "kty": "OKP", "crv": "X25519", "kid": "a" }] })).contains("`OKP X25519`"));
        assert!(refusal(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "d": "*" }] })).contains("base64url"));
        assert!(refusal(json!({ "keys": [] })).contains("no key"));
    }
}
