//! What does it cost to validate a JWT, beside the bare signature verification and beside `jsonwebtoken`?
//! The running gateway is measured elsewhere; the keys here are made for each run.

#![expect(missing_docs, reason = "criterion's macros make public items of their own")]

use std::{hint::black_box, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{self as lc, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use criterion::{Criterion, criterion_group, criterion_main};
use kmspec::validation::{KeySet, Parsed, Policy, VerifiedTokens};
use serde::Deserialize;
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example.com/oauth2/token";
const NOW: u64 = 1_700_000_000;

/// A signed token and what verifies it.
struct Subject {
    name: &'static str,
    token: String,
    signed: String,
    signature: Vec<u8>,
    parsed: ParsedPublicKey,
    jwk: Value,
}

fn claims() -> String {
    json!({"iss": ISSUER, "sub": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "aud": "9f8e7d6c5b4a39281706", "azp":
           "9f8e7d6c5b4a39281706", "scope": "read write", "iat": NOW, "nbf": NOW, "exp": u64::from(u32::MAX),
           "jti": "0b7c2f1e-5d94-4c55-9d0e-9a1d2f3c4b5a"})
    .to_string()
}

fn subject(name: &'static str, jwk: Value, parsed: ParsedPublicKey, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Subject {
    let header = json!({"alg": name, "typ": "at+jwt", "kid": "k1"}).to_string();
    let signed = format!("{}.{}", B64.encode(header), B64.encode(claims()));
    let signature = sign(signed.as_bytes());
    let token = format!("{signed}.{}", B64.encode(&signature));
    Subject { name, token, signed, signature, parsed, jwk }
}

fn rs256() -> Subject {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let key = pair.public_key();
    let (n, e) = (key.modulus().big_endian_without_leading_zero(), key.exponent().big_endian_without_leading_zero());
    let jwk = json!({"kty": "RSA", "kid": "k1", "alg": "RS256", "n": B64.encode(n), "e": B64.encode(e)});
    let parsed =
        lc::RsaPublicKeyComponents { n, e }.to_parsed_public_key(&lc::RSA_PKCS1_2048_8192_SHA256).expect("a sound key");
    subject("RS256", jwk, parsed, |message| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&lc::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
        signature
    })
}

fn es256() -> Subject {
    let pair = EcdsaKeyPair::generate(&lc::ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = pair.public_key().as_ref();
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256",
                     "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..])});
    let parsed = ParsedPublicKey::new(&lc::ECDSA_P256_SHA256_FIXED, point).expect("a sound key");
    subject("ES256", jwk, parsed, |message| {
        pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
    })
}

fn eddsa() -> Subject {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let x = pair.public_key().as_ref();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA", "x": B64.encode(x)});
    let parsed = ParsedPublicKey::new(&lc::ED25519, x).expect("a sound key");
    subject("EdDSA", jwk, parsed, |message| pair.sign(message).as_ref().to_vec())
}

/// The claims of the standard token, for the baseline to read.
#[derive(Deserialize)]
#[allow(dead_code, reason = "read so that the baseline does the same work")]
struct Typed {
    iss: String,
    sub: String,
    aud: String,
    azp: String,
    scope: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
}

fn baseline(subject: &Subject) -> (jsonwebtoken::DecodingKey, jsonwebtoken::Validation) {
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(subject.jwk.clone()).expect("a JWK");
    let mut validation = jsonwebtoken::Validation::new(subject.name.parse().expect("an algorithm"));
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&["9f8e7d6c5b4a39281706"]);
    validation.validate_nbf = true;
    (jsonwebtoken::DecodingKey::from_jwk(&jwk).expect("a key"), validation)
}

fn validate(token: &str, keys: &KeySet, policy: &Policy) -> bool {
    let verified = Parsed::parse(token).and_then(|parsed| parsed.verify(keys, policy));
    verified.is_ok_and(|verified| {
        verified.check_at(NOW, policy).is_ok() && verified.claims().is_for_any_of(&["9f8e7d6c5b4a39281706"])
    })
}

fn token_validation(criterion: &mut Criterion) {
    for subject in [rs256(), es256(), eddsa()] {
        let mut group = criterion.benchmark_group(format!("token_validation/{}", subject.name));
        group.bench_function("floor", |bencher| {
            bencher
                .iter(|| subject.parsed.verify_sig(black_box(subject.signed.as_bytes()), &subject.signature).is_ok());
        });
        let (key, rules) = baseline(&subject);
        assert!(jsonwebtoken::decode::<Typed>(&subject.token, &key, &rules).is_ok());
        group.bench_function("baseline", |bencher| {
            bencher.iter(|| jsonwebtoken::decode::<Typed>(black_box(&subject.token), &key, &rules).is_ok());
        });
        let keys = KeySet::from_jwks(&json!({"keys": [subject.jwk]}).to_string()).expect("a key set");
        let policy = Policy::for_issuer(ISSUER);
        assert!(validate(&subject.token, &keys, &policy));
        group.bench_function("ours_unseen", |bencher| {
            bencher.iter(|| validate(black_box(&subject.token), &keys, &policy));
        });
        let cache = VerifiedTokens::with_capacity(10_000);
        let verified =
            Parsed::parse(&subject.token).and_then(|parsed| parsed.verify(&keys, &policy)).expect("verified");
        cache.keep(&subject.token, 1, Arc::new(verified));
        group.bench_function("ours_verified", |bencher| {
            bencher.iter(|| {
                let (generation, verified) = cache.find(black_box(&subject.token)).expect("it was kept");
                generation == 1
                    && verified.check_at(NOW, &policy).is_ok()
                    && verified.claims().is_for_any_of(&["9f8e7d6c5b4a39281706"])
            });
        });
        group.finish();
    }
}

criterion_group!(benches, token_validation);
criterion_main!(benches);
