//! What validating a token may cost, in parts of the bare verification of its signature: the best of many rounds in one process.
//! The budgets themselves are judged by `benches/validation.rs`; the bounds here are wider, for machines that do much else.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::{
    forge::Forge,
    realm::{Clock, KeyRing, test_keys::KeyFamily},
};
use kmspec_validation::{KeySet, Parsed, Policy, VerifiedTokens};
use serde_json::Value;

const ISSUER: &str = "https://issuer.example";

/// How often each is timed, and calls of a turn: shorter than most of what disturbs a machine.
const ROUNDS: usize = 150;
const CALLS: u32 = 8;

/// What a token never seen and one already verified may cost at most. Without optimisation all that is not the signature is many
/// times slower, so that only what would be a mistake of another kind shows: a cache that verifies.
const BOUNDS: (f64, f64) = if cfg!(debug_assertions) { (60.0, 0.9) } else { (1.25, 1.0 / 15.0) };

/// The key of a JWK, parsed once.
fn parsed(jwk: &Value) -> ParsedPublicKey {
    let number = |member: &str| URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap();
    let components = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap()
}

fn timed(best: &mut Duration, mut call: impl FnMut() -> bool) {
    let begin = Instant::now();
    for _ in 0..CALLS {
        assert!(black_box(call()));
    }
    *best = begin.elapsed().min(*best);
}

#[test]
fn a_check_costs_little_beside_its_signature_and_less_once_it_is_known() {
    let (keys, clock) = (KeyRing::of_family(KeyFamily::Rsa), Clock::system());
    let token = Forge::new(ISSUER, keys.clone(), clock.clone()).token("client-1", "alice").scope("read write").encode();
    let jwks = serde_json::to_value(keys.jwks()).unwrap();
    let floor = parsed(&jwks["keys"][0]);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (policy, key_set) = (Policy::for_issuer(ISSUER), KeySet::from_jwks(&jwks.to_string()).unwrap());
    let (cache, now) = (VerifiedTokens::with_capacity(100), clock.now());
    let verified = Parsed::parse(&token).unwrap().verify(&key_set, &policy).unwrap();
    cache.keep(&token, 1, Arc::new(verified));

    let [mut raw, mut unseen, mut known] = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        timed(&mut raw, || floor.verify_sig(black_box(signed.as_bytes()), &signature).is_ok());
        timed(&mut unseen, || {
            let verified = Parsed::parse(black_box(&token)).and_then(|parsed| parsed.verify(&key_set, &policy));
            verified.is_ok_and(|verified| verified.check_at(now, &policy).is_ok())
        });
        timed(&mut known, || {
            let found = cache.find(black_box(&token));
            found.is_some_and(|(generation, verified)| generation == 1 && verified.check_at(now, &policy).is_ok())
        });
    }
    let part = |time: Duration| time.as_secs_f64() / raw.as_secs_f64();
    let (first, again) = (part(unseen), part(known));
    assert!(first <= BOUNDS.0, "a token never seen costs {first:.2} of its signature, at most {:.2}", BOUNDS.0);
    assert!(again <= BOUNDS.1, "a token that is known costs {again:.3} of its signature, at most {:.3}", BOUNDS.1);
}
