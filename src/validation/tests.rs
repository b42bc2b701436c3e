//! Whole tokens against whole key sets: what is accepted, what is refused and why.
//! Rules of single parts are tested beside them.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{self as lc, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use proptest::prelude::*;
use serde_json::{Value, json};

mod claims;

use super::{KeySet, Parsed, Policy, Refusal, Verified, VerifiedTokens, token::validate};

const ISSUER: &str = "https://issuer.example";
const NOW: u64 = 1_700_000_000;

/// A key pair of any family, for tests only.
enum Signer {
    Rsa(RsaKeyPair, &'static dyn lc::RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn token(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let signature = B64.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(pair, _) => {
                let key = pair.public_key();
                json!({"kty": "RSA", "kid": kid, "n": B64.encode(key.modulus().big_endian_without_leading_zero()),
                       "e": B64.encode(key.exponent().big_endian_without_leading_zero())})
            }
            Self::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (crv, half) = match point.len() {
                    64 => ("P-256", 32),
                    96 => ("P-384", 48),
                    _ => ("P-521", 66),
                };
                json!({"kty": "EC", "kid": kid, "crv": crv,
                       "x": B64.encode(&point[..half]), "y": B64.encode(&point[half..])})
            }
            Self::Ed(pair) => {
                json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": B64.encode(pair.public_key().as_ref())})
            }
        }
    }
}

fn rsa(size: KeySize, encoding: &'static dyn lc::RsaEncoding) -> Signer {
    Signer::Rsa(RsaKeyPair::generate(size).unwrap(), encoding)
}

static RSA: LazyLock<Signer> = LazyLock::new(|| rsa(KeySize::Rsa2048, &lc::RSA_PKCS1_SHA256));
static OTHER_RSA: LazyLock<Signer> = LazyLock::new(|| rsa(KeySize::Rsa2048, &lc::RSA_PKCS1_SHA256));
static EC: LazyLock<Signer> =
    LazyLock::new(|| Signer::Ec(EcdsaKeyPair::generate(&lc::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()));

fn key_set(jwks: &[Value]) -> KeySet {
    KeySet::from_jwks(&json!({ "keys": jwks }).to_string()).unwrap()
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "alice", "aud": "client-1", "azp": "client-1", "scope": "read write",
           "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 60, "jti": "t-1"})
}

fn with_claim(name: &str, value: Value) -> String {
    with(claims(), name, value).to_string()
}

fn check(token: &str, keys: &KeySet) -> Result<Verified, Refusal> {
    validate(token, keys, &Policy::for_issuer(ISSUER), NOW)
}

fn refusal(token: &str, keys: &KeySet) -> Refusal {
    check(token, keys).expect_err("the token should have been refused")
}

const RS256: &str = r#"{"alg":"RS256","kid":"k"}"#;

fn good() -> String {
    RSA.token(RS256, &claims().to_string())
}

#[test]
fn every_algorithm_is_verified_with_a_key_that_names_none() {
    let ec = |algorithm| Signer::Ec(EcdsaKeyPair::generate(algorithm).unwrap());
    for (name, signer) in [
        ("RS256", rsa(KeySize::Rsa2048, &lc::RSA_PKCS1_SHA256)),
        ("RS384", rsa(KeySize::Rsa2048, &lc::RSA_PKCS1_SHA384)),
        ("RS512", rsa(KeySize::Rsa3072, &lc::RSA_PKCS1_SHA512)),
        ("PS256", rsa(KeySize::Rsa2048, &lc::RSA_PSS_SHA256)),
        ("PS384", rsa(KeySize::Rsa2048, &lc::RSA_PSS_SHA384)),
        ("PS512", rsa(KeySize::Rsa2048, &lc::RSA_PSS_SHA512)),
        ("ES256", ec(&lc::ECDSA_P256_SHA256_FIXED_SIGNING)),
        ("ES384", ec(&lc::ECDSA_P384_SHA384_FIXED_SIGNING)),
        ("ES512", ec(&lc::ECDSA_P521_SHA512_FIXED_SIGNING)),
        ("EdDSA", Signer::Ed(Ed25519KeyPair::generate().unwrap())),
    ] {
        let token = signer.token(&format!(r#"{{"alg":"{name}","kid":"k"}}"#), &claims().to_string());
        let keys = key_set(&[signer.jwk("k")]);
        assert_eq!(check(&token, &keys).unwrap().claims().subject(), Some("alice"), "{name}");
        let named = key_set(&[with(signer.jwk("k"), "alg", json!(name))]);
        assert!(check(&token, &named).is_ok(), "{name}");
    }
}

#[test]
fn the_key_decides_the_algorithm() {
    let token = good();
    let for_ps256 = key_set(&[with(RSA.jwk("k"), "alg", json!("PS256"))]);
    assert_eq!(refusal(&token, &for_ps256), Refusal::AlgorithmNotAllowed);
    let ec = key_set(&[EC.jwk("k")]);
    assert_eq!(refusal(&token, &ec), Refusal::AlgorithmNotAllowed);
    let keys = key_set(&[RSA.jwk("k")]);
    for alg in ["none", "HS256", "ES256", "PS512", "XX999"] {
        let token = RSA.token(&format!(r#"{{"alg":"{alg}","kid":"k"}}"#), &claims().to_string());
        assert!(check(&token, &keys).is_err(), "{alg}");
    }
    let mut policy = Policy::for_issuer(ISSUER);
    policy.algorithms = [super::Algorithm::Es256].into_iter().collect();
    assert_eq!(validate(&token, &keys, &policy, NOW).unwrap_err(), Refusal::AlgorithmNotAllowed);
}

#[test]
fn a_shared_secret_made_of_the_public_key_signs_nothing() {
    let keys = key_set(&[RSA.jwk("k"), json!({"kty": "oct", "kid": "o", "k": B64.encode("secret")})]);
    for (kid, secret) in [("k", RSA.jwk("k")["n"].to_string()), ("o", "secret".to_owned())] {
        let signed = format!(
            "{}.{}",
            B64.encode(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#)),
            B64.encode(claims().to_string())
        );
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let token = format!("{signed}.{}", B64.encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes())));
        assert_eq!(refusal(&token, &keys), Refusal::AlgorithmNotAllowed);
    }
}

#[test]
fn a_named_key_is_that_key_or_none() {
    let both = key_set(&[RSA.jwk("a"), OTHER_RSA.jwk("b")]);
    let token = |kid: &str| RSA.token(&format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), &claims().to_string());
    assert!(check(&token("a"), &both).is_ok());
    assert_eq!(refusal(&token("b"), &both), Refusal::BadSignature);
    for kid in ["A", "a ", "", "../../dev/null", "' OR 1=1", &"a".repeat(10_000)] {
        assert_eq!(refusal(&token(kid), &both), Refusal::UnknownKey, "{kid}");
    }
    assert_eq!(refusal(&token("a"), &key_set(&[])), Refusal::UnknownKey);
}

#[test]
fn a_token_that_names_no_key_needs_exactly_one_that_fits() {
    let token = RSA.token(r#"{"alg":"RS256"}"#, &claims().to_string());
    assert!(check(&token, &key_set(&[RSA.jwk("a")])).is_ok());
    assert!(check(&token, &key_set(&[RSA.jwk("a"), EC.jwk("b")])).is_ok(), "the other one verifies no RS256");
    assert_eq!(refusal(&token, &key_set(&[RSA.jwk("a"), OTHER_RSA.jwk("b")])), Refusal::AmbiguousKey);
    assert_eq!(refusal(&token, &key_set(&[EC.jwk("b")])), Refusal::AmbiguousKey);
}

#[test]
fn a_name_that_two_keys_share_verifies_nothing_in_either_order() {
    for keys in [[RSA.jwk("k"), OTHER_RSA.jwk("k")], [OTHER_RSA.jwk("k"), RSA.jwk("k")]] {
        assert_eq!(refusal(&good(), &key_set(&keys)), Refusal::UnknownKey);
    }
}

#[test]
fn keys_for_other_uses_and_weak_keys_are_left_out() {
    let sound = RSA.jwk("k");
    let (x, point) = (EC.jwk("k")["x"].clone(), EC.jwk("k"));
    for (what, jwk) in [
        ("encryption", with(sound.clone(), "use", json!("enc"))),
        ("operations", with(sound.clone(), "key_ops", json!(["encrypt"]))),
        ("operations of the wrong type", with(sound.clone(), "key_ops", json!("verify"))),
        ("foreign algorithm", with(sound.clone(), "alg", json!("HS256"))),
        ("exponent 1", with(sound.clone(), "e", json!("AQ"))),
        ("even exponent", with(sound.clone(), "e", json!("AQAA"))),
        ("short modulus", with(sound.clone(), "n", json!(B64.encode([0xff; 128])))),
        ("padded short modulus", with(sound.clone(), "n", json!(B64.encode([vec![0; 128], vec![0xff; 128]].concat())))),
        ("no modulus", json!({"kty": "RSA", "kid": "k", "e": "AQAB"})),
        ("not on the curve", with(point.clone(), "y", x)),
        ("other curve", with(point.clone(), "crv", json!("P-384"))),
        ("unknown type", json!({"kty": "oct", "kid": "k", "k": "c2VjcmV0"})),
    ] {
        let keys = key_set(&[jwk]);
        assert_eq!((keys.keys().len(), keys.refused().len()), (0, 1), "{what}");
    }
    assert!(check(&good(), &key_set(&[with(sound.clone(), "key_ops", json!(["verify"]))])).is_ok());
    assert!(check(&good(), &key_set(&[with(sound, "use", json!("sig"))])).is_ok());
}

#[test]
fn keys_of_a_flawed_generator_or_of_an_absurd_size_are_weak() {
    use super::key::KeyRefusal::Weak;
    // 65537 to the power of 128 has 2049 bits and is a power of 65537 modulo every prime, as the flawed moduli are.
    let mut flawed = vec![1u8];
    for _ in 0..128 {
        let mut product = vec![0; flawed.len() + 2];
        product[..flawed.len()].copy_from_slice(&flawed);
        let mut carry = 0;
        for at in (0..product.len()).rev() {
            let addend = at.checked_sub(2).map_or(0, |at| flawed[at]);
            let sum = u16::from(product[at]) + u16::from(addend) + carry;
            (product[at], carry) = (sum as u8, sum >> 8);
        }
        flawed = product.into_iter().skip_while(|byte| *byte == 0).collect();
    }
    for (modulus, why) in [(flawed, "flawed generator"), (vec![0xff; 1025], "more than 8192 bits")] {
        let keys = key_set(&[with(RSA.jwk("k"), "n", json!(B64.encode(modulus)))]);
        let [Weak(said)] = keys.refused() else { panic!("{why}: {:?}", keys.refused()) };
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_token_without_an_id_is_known_to_revocation_lists_by_its_signature() {
    let keys = key_set(&[RSA.jwk("k")]);
    assert_eq!(check(&good(), &keys).unwrap().revocation_id(), "t-1");
    let mut nameless = claims();
    nameless.as_object_mut().unwrap().remove("jti");
    let token = RSA.token(RS256, &nameless.to_string());
    assert_eq!(check(&token, &keys).unwrap().revocation_id(), token.rsplit_once('.').unwrap().1);
}

#[test]
fn a_certificate_verifies_whatever_key_is_named() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let pem = rcgen::CertificateParams::new(vec!["signer".into()]).unwrap().self_signed(&pair).unwrap().pem();
    let signer = Signer::Rsa(RsaKeyPair::from_pkcs8(&pair.serialize_der()).unwrap(), &lc::RSA_PKCS1_SHA256);
    let certificate = super::Certificate::from_pem(&format!("\n {pem}")).unwrap();
    assert!(certificate.is_valid_at(NOW) && !certificate.is_valid_at(1 << 40));
    for header in [RS256, r#"{"alg":"RS256"}"#] {
        assert!(check(&signer.token(header, &claims().to_string()), &certificate.key_set()).is_ok());
        assert_eq!(refusal(&RSA.token(header, &claims().to_string()), &certificate.key_set()), Refusal::BadSignature);
    }
    assert!(super::Certificate::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
    assert!(super::Certificate::from_pem("").is_err());
}

#[test]
fn other_serialisations_and_spellings_are_refused() {
    let keys = key_set(&[RSA.jwk("k")]);
    let token = good();
    let (head, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = head.split_once('.').unwrap();
    for (text, why) in [
        (format!("{token}="), Refusal::NotBase64Url),
        (format!("{token}."), Refusal::NotThreeParts),
        (format!("{token}.x"), Refusal::NotThreeParts),
        (format!("{head}."), Refusal::NotThreeParts),
        (format!("{header}=.{payload}.{signature}"), Refusal::NotBase64Url),
        (format!("{header}.{payload}\n.{signature}"), Refusal::NotBase64Url),
        (format!("{head}.AAAA"), Refusal::BadSignature),
        (json!({"payload": payload, "protected": header, "signature": signature}).to_string(), Refusal::NotThreeParts),
        ("a".repeat(super::token::MAX_TOKEN_BYTES + 1), Refusal::TooLong),
    ] {
        assert_eq!(refusal(&text, &keys), why, "{text:.40}");
    }
    // The last character of 256 bytes carries four unused bits: each other value of them is another spelling.
    let last = signature.as_bytes()[signature.len() - 1];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.iter().position(|each| *each == last).unwrap();
    let respelt = format!("{}{}", &token[..token.len() - 1], char::from(alphabet[index | 1]));
    assert_eq!(refusal(&respelt, &keys), Refusal::NotBase64Url);
    let critical = RSA.token(r#"{"alg":"RS256","kid":"k","crit":["x"],"x":1}"#, &claims().to_string());
    assert_eq!(refusal(&critical, &keys), Refusal::CriticalExtension);
    let twice = claims().to_string().replacen('{', r#"{"sub":"mallory","#, 1);
    assert_eq!(refusal(&RSA.token(RS256, &twice), &keys), Refusal::MalformedJson);
}

#[test]
fn signatures_of_zeros_and_of_der_form_are_refused() {
    let keys = key_set(&[EC.jwk("k")]);
    let token = EC.token(r#"{"alg":"ES256","kid":"k"}"#, &claims().to_string());
    assert!(check(&token, &keys).is_ok());
    let head = token.rsplit_once('.').unwrap().0;
    for signature in [&[0; 64][..], &[0x30, 6, 2, 1, 0, 2, 1, 0], &[0; 63], &[0xff; 64]] {
        assert_eq!(refusal(&format!("{head}.{}", B64.encode(signature)), &keys), Refusal::BadSignature);
    }
}

#[test]
fn a_kept_token_is_found_by_its_full_text_only() {
    let cache = VerifiedTokens::with_capacity(16);
    let token = good();
    let verified = std::sync::Arc::new(check(&token, &key_set(&[RSA.jwk("k")])).unwrap());
    cache.keep(&token, 7, verified);
    assert_eq!(cache.find(&token).unwrap().0, 7);
    assert!(cache.find(&token[..token.len() - 1]).is_none());
    cache.forget(&token);
    assert!(cache.is_empty());
    for n in 0..1000 {
        cache.keep(&n.to_string(), 0, std::sync::Arc::new(check(&token, &key_set(&[RSA.jwk("k")])).unwrap()));
    }
    assert!(cache.len() <= 32, "the cache is bounded, and holds {}", cache.len());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let keys = key_set(&[RSA.jwk("k")]);
        prop_assert!(check(&text, &keys).is_err());
        let wrapped = format!("{}.{}.{}", B64.encode(RS256), B64.encode(&bytes), B64.encode(&bytes));
        prop_assert!(check(&wrapped, &keys).is_err());
        let headed = format!("{}.{}.{}", B64.encode(&bytes), B64.encode("{}"), B64.encode(&bytes));
        prop_assert!(check(&headed, &keys).is_err());
        let _ = KeySet::from_jwks(&text);
        let _ = super::Certificate::from_pem(&text);
    }

    #[test]
    fn a_signed_payload_of_any_bytes_does_not_make_it_panic(payload in ".*") {
        let token = RSA.token(RS256, &payload);
        let _ = Parsed::parse(&token).map(|parsed| parsed.verify(&key_set(&[RSA.jwk("k")]), &Policy::for_issuer(ISSUER)));
    }

    #[test]
    fn a_token_with_one_byte_changed_is_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        static TOKEN: LazyLock<String> = LazyLock::new(good);
        let mut bytes = TOKEN.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let keys = key_set(&[RSA.jwk("k")]);
        prop_assert!(check(&TOKEN, &keys).is_ok());
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(check(&changed, &keys).is_err());
        }
    }
}
