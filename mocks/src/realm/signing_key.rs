//! A private key, parsed once, with everything that can be said about its public half.
//! Which key signs what, and which are published, is the key ring's business.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use aws_lc_rs::{
    digest,
    encoding::AsDer,
    rand::SystemRandom,
    rsa,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    },
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType, Jwk,
    KeyAlgorithm, OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse, RSAKeyParameters, RSAKeyType,
};
use rcgen::{CertificateParams, DnType, date_time_ymd};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};

use super::algorithm::Algorithm;

/// The text is no usable private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "reading the private key `{kid}` for {algorithm}: {cause}\nhint: PKCS#8 in PEM, of the family that the algorithm needs"
)]
pub struct KeyError {
    /// The key's id.
    pub kid: String,
    /// The algorithm it was meant for.
    pub algorithm: String,
    /// What was wrong.
    pub cause: String,
}

/// A signing key; clones and the same key under other ids share what was parsed.
#[derive(Clone)]
pub struct SigningKey(Arc<Parts>);

struct Parts {
    kid: String,
    material: Arc<Material>,
}

/// What a key is under whatever id.
struct Material {
    algorithm: Algorithm,
    pem: String,
    pair: Pair,
    certificate: OnceLock<Vec<u8>>,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {:?})", self.0.kid, self.0.material.algorithm)
    }
}

impl SigningKey {
    /// Reads a PKCS#8 key that signs with `algorithm` unless told otherwise.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when the text is no PKCS#8 PEM or the key is of another family.
    pub fn from_pem(kid: &str, algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let failed = |cause: &dyn fmt::Display| KeyError {
            kid: kid.to_owned(),
            algorithm: format!("{algorithm:?}"),
            cause: cause.to_string(),
        };
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|cause| failed(&cause))?;
        let der = der.secret_pkcs8_der();
        let pair = match algorithm {
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Pair::Rsa(rsa::KeyPair::from_pkcs8(der).map_err(|cause| failed(&cause))?),
            Algorithm::ES256 => Pair::Ec(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|cause| failed(&cause))?,
            ),
            Algorithm::ES384 => Pair::Ec(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der).map_err(|cause| failed(&cause))?,
            ),
            Algorithm::ES512 => Pair::Ec(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, der).map_err(|cause| failed(&cause))?,
            ),
            Algorithm::EdDSA => Pair::Ed(Ed25519KeyPair::from_pkcs8(der).map_err(|cause| failed(&cause))?),
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                return Err(failed(&"not an algorithm with a public key"));
            }
        };
        let material = Arc::new(Material { algorithm, pem: pem.to_owned(), pair, certificate: OnceLock::new() });
        Ok(Self(Arc::new(Parts { kid: kid.to_owned(), material })))
    }

    /// The same key under another id.
    #[must_use]
    pub fn with_kid(&self, kid: &str) -> Self {
        Self(Arc::new(Parts { kid: kid.to_owned(), material: Arc::clone(&self.0.material) }))
    }

    /// The id under which it is published.
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The algorithm it signs with unless told otherwise.
    pub fn algorithm(&self) -> Algorithm {
        self.0.material.algorithm
    }

    /// The private key, PKCS#8 in PEM.
    pub fn pem(&self) -> &str {
        &self.0.material.pem
    }

    /// Signs with the key's own algorithm.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_as(self.0.material.algorithm, message).expect("a key is only made for an algorithm of its family")
    }

    /// Whether the key can sign by this algorithm: one of its family, for a key on a curve any ECDSA.
    pub fn signs_as(&self, algorithm: Algorithm) -> bool {
        match &self.0.material.pair {
            Pair::Rsa(_) => matches!(
                algorithm,
                Algorithm::RS256
                    | Algorithm::RS384
                    | Algorithm::RS512
                    | Algorithm::PS256
                    | Algorithm::PS384
                    | Algorithm::PS512
            ),
            Pair::Ec(_) => algorithm.is_elliptic(),
            Pair::Ed(_) => algorithm == Algorithm::EdDSA,
        }
    }

    /// Signs with another algorithm of its family; `None` when the algorithm is of another one. A key on another curve
    /// than the algorithm's signs on its own with the algorithm's hash.
    pub fn sign_as(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match (&self.0.material.pair, algorithm) {
            (Pair::Rsa(pair), _) => {
                let padding: &'static dyn signature::RsaEncoding = match algorithm {
                    Algorithm::RS256 => &signature::RSA_PKCS1_SHA256,
                    Algorithm::RS384 => &signature::RSA_PKCS1_SHA384,
                    Algorithm::RS512 => &signature::RSA_PKCS1_SHA512,
                    Algorithm::PS256 => &signature::RSA_PSS_SHA256,
                    Algorithm::PS384 => &signature::RSA_PSS_SHA384,
                    Algorithm::PS512 => &signature::RSA_PSS_SHA512,
                    _ => return None,
                };
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut made).ok()?;
                Some(made)
            }
            (Pair::Ec(pair), _) if algorithm == self.0.material.algorithm => {
                Some(pair.sign(&random, message).ok()?.as_ref().to_vec())
            }
            (Pair::Ec(pair), Algorithm::ES256) => self.over_hash(pair, &digest::SHA256, message),
            (Pair::Ec(pair), Algorithm::ES384) => self.over_hash(pair, &digest::SHA384, message),
            (Pair::Ec(pair), Algorithm::ES512) => self.over_hash(pair, &digest::SHA512, message),
            (Pair::Ed(pair), Algorithm::EdDSA) => Some(pair.sign(message).as_ref().to_vec()),
            _ => None,
        }
    }

    /// ECDSA over a hash that is not the curve's own. A longer hash counts with its first bits, a shorter one as the number
    /// that it is (FIPS 186-5, section 6.4.1), which zeros before it do not change.
    fn over_hash(&self, pair: &EcdsaKeyPair, hash: &'static digest::Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let own = match self.0.material.algorithm {
            Algorithm::ES256 => &digest::SHA256,
            Algorithm::ES384 => &digest::SHA384,
            _ => &digest::SHA512,
        };
        let length = own.output_len();
        let hashed = digest::digest(hash, message);
        let used = hashed.as_ref().get(..length).unwrap_or(hashed.as_ref());
        let number = [&vec![0; length - used.len()], used].concat();
        let digest = digest::Digest::import_less_safe(&number, own).ok()?;
        Some(pair.sign_digest(&digest).ok()?.as_ref().to_vec())
    }

    /// Whether the signature, in base64url, is the key's by its own algorithm.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        self.0.material.algorithm.verifies(&self.jwk(), message, signature)
    }

    /// The public key as it stands in a key set (RFC 7517): `kid`, `use`, `alg` and the key itself.
    pub fn entry(&self) -> Value {
        let mut entry = serde_json::to_value(self.jwk()).expect("a key set entry is plain JSON");
        // Of the algorithms, `jsonwebtoken` has no name for ES512.
        entry["alg"] = json!(self.0.material.algorithm);
        entry
    }

    /// The public key as an entry of a key set, but for the algorithm's name where `jsonwebtoken` has none.
    pub fn jwk(&self) -> Jwk {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let algorithm = match &self.0.material.pair {
            Pair::Rsa(pair) => AlgorithmParameters::RSA(RSAKeyParameters {
                key_type: RSAKeyType::RSA,
                n: encode(pair.public_key().modulus().big_endian_without_leading_zero()),
                e: encode(pair.public_key().exponent().big_endian_without_leading_zero()),
            }),
            Pair::Ec(pair) => {
                // Uncompressed point: 0x04, then x and y of equal length (SEC 1, section 2.3.3).
                let (x, y) = pair.public_key().as_ref()[1..].split_at((pair.public_key().as_ref().len() - 1) / 2);
                AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                    key_type: EllipticCurveKeyType::EC,
                    curve: match self.0.material.algorithm {
                        Algorithm::ES256 => EllipticCurve::P256,
                        Algorithm::ES384 => EllipticCurve::P384,
                        _ => EllipticCurve::P521,
                    },
                    x: encode(x),
                    y: encode(y),
                })
            }
            Pair::Ed(pair) => AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                key_type: OctetKeyPairType::OctetKeyPair,
                curve: EllipticCurve::Ed25519,
                x: encode(pair.public_key().as_ref()),
            }),
        };
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: format!("{:?}", self.0.material.algorithm).parse::<KeyAlgorithm>().ok(),
            key_id: Some(self.0.kid.clone()),
            ..CommonParameters::default()
        };
        Jwk { common, algorithm }
    }

    /// The public key as SubjectPublicKeyInfo, DER.
    pub fn public_der(&self) -> Vec<u8> {
        let der = match &self.0.material.pair {
            Pair::Rsa(pair) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ec(pair) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ed(pair) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
        };
        der.expect("a parsed key has an encoding")
    }

    /// The public key as SubjectPublicKeyInfo, PEM.
    pub fn public_pem(&self) -> String {
        armour("PUBLIC KEY", &self.public_der())
    }

    /// A self-signed certificate over the key, DER; made on first use and the same from then on.
    pub fn certificate_der(&self) -> &[u8] {
        self.0.material.certificate.get_or_init(|| self.certificate_until(2050))
    }

    /// A self-signed certificate over the key, good from 2020 to the beginning of that year, DER.
    fn certificate_until(&self, year: i32) -> Vec<u8> {
        let algorithm = match self.0.material.algorithm {
            Algorithm::ES256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Algorithm::ES384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Algorithm::ES512 => &rcgen::PKCS_ECDSA_P521_SHA512,
            Algorithm::EdDSA => &rcgen::PKCS_ED25519,
            _ => &rcgen::PKCS_RSA_SHA256,
        };
        let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(&self.0.material.pem, algorithm)
            .expect("a key that signs tokens signs certificates");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "kmspec test token signer");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        params.self_signed(&pair).expect("the parameters are constant").der().to_vec()
    }

    /// The same certificate, PEM: what an administrator pastes as a key manager's certificate.
    pub fn certificate_pem(&self) -> String {
        armour("CERTIFICATE", self.certificate_der())
    }

    /// A certificate over the same key that ended in 2021, PEM.
    pub fn ended_certificate_pem(&self) -> String {
        armour("CERTIFICATE", &self.certificate_until(2021))
    }

    /// The certificate in base64, as it stands in `x5c`.
    pub fn x5c(&self) -> String {
        STANDARD.encode(self.certificate_der())
    }

    /// base64url of the certificate's SHA-1, as it stands in `x5t`.
    pub fn x5t(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.certificate_der()))
    }

    /// base64url of the certificate's SHA-256, as it stands in `x5t#S256`.
    pub fn x5t_s256(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.certificate_der()))
    }
}

fn armour(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|&byte| char::from(byte)));
        pem.push('\n');
    }
    pem + "-----END " + label + "-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::test_keys;

    #[test]
    fn what_each_family_signs_verifies_with_what_it_publishes() {
        for name in ["rsa-amber", "p256-amber", "p384-amber", "p521-amber", "ed25519-amber"] {
            let key = test_keys::named(name).unwrap();
            let signed = URL_SAFE_NO_PAD.encode(key.sign(b"message"));
            assert!(key.verifies(b"message", &signed), "{name}");
            assert!(!key.verifies(b"massage", &signed), "{name}");
            assert_eq!(key.entry()["alg"], json!(key.algorithm()), "{name}");
        }
    }

    #[test]
    fn an_rsa_key_signs_with_every_algorithm_of_its_family_and_no_other() {
        let key = test_keys::named("rsa-amber").unwrap();
        assert!(key.sign_as(Algorithm::PS512, b"m").is_some());
        assert!(key.sign_as(Algorithm::ES256, b"m").is_none());
        assert!(test_keys::named("p256-amber").unwrap().sign_as(Algorithm::EdDSA, b"m").is_none());
        for (name, family) in [("rsa-amber", 6), ("p256-amber", 3), ("ed25519-amber", 1)] {
            let key = test_keys::named(name).unwrap();
            let signs = Algorithm::ALL.into_iter().filter(|each| key.sign_as(*each, b"m").is_some());
            assert_eq!(signs.inspect(|each| assert!(key.signs_as(*each))).count(), family, "{name}");
        }
    }

    #[test]
    fn a_key_on_another_curve_signs_with_the_hash_of_the_algorithm() {
        use aws_lc_rs::signature::{ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P521_SHA256_ASN1};
        for (name, algorithm, judge) in [
            ("p384-cedar", Algorithm::ES256, &ECDSA_P384_SHA256_ASN1),
            ("p521-cedar", Algorithm::ES256, &ECDSA_P521_SHA256_ASN1),
            ("p256-cedar", Algorithm::ES384, &ECDSA_P256_SHA384_ASN1),
        ] {
            let key = test_keys::named(name).unwrap();
            let public = signature::ParsedPublicKey::new(judge, key.public_der()).unwrap();
            let made = key.sign_as(algorithm, b"message").unwrap();
            public.verify_sig(b"message", &crate::forge::asn1(&made)).unwrap();
            assert!(public.verify_sig(b"massage", &crate::forge::asn1(&made)).is_err(), "{name}");
            assert!(public.verify_sig(b"message", &crate::forge::asn1(&key.sign(b"message"))).is_err(), "{name}");
        }
    }

    #[test]
    fn a_certificate_is_made_once_and_names_its_thumbprint() {
        let key = test_keys::named("rsa-birch").unwrap();
        assert_eq!(key.certificate_pem(), key.clone().certificate_pem());
        assert_eq!(key.x5t_s256().len(), 43);
    }

    #[test]
    fn a_key_of_another_family_is_refused_with_its_name() {
        let rsa = test_keys::named("rsa-amber").unwrap();
        let error = SigningKey::from_pem("k1", Algorithm::ES256, rsa.pem()).unwrap_err();
        assert!(error.to_string().contains("`k1`"), "{error}");
    }
}
