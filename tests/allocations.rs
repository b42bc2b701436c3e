//! What validating a token may ask of the heap: nothing once the token is known.
//! How long it takes is measured by `benches/validation.rs`.

use std::sync::Arc;

use kmspec_mocks::{
    forge::Forge,
    realm::{Clock, KeyRing, test_keys::KeyFamily},
};
use kmspec_validation::{KeySet, Parsed, Policy, VerifiedTokens};

const ISSUER: &str = "https://issuer.example";

#[test]
fn a_verified_token_is_found_and_checked_without_the_heap() {
    let (keys, clock) = (KeyRing::of_family(KeyFamily::Rsa), Clock::system());
    let token = Forge::new(ISSUER, keys.clone(), clock.clone()).token("client-1", "alice").scope("read write").encode();
    let policy = Policy::for_issuer(ISSUER);
    let key_set = KeySet::from_jwks(&serde_json::to_string(&keys.jwks()).unwrap()).unwrap();
    let cache = VerifiedTokens::with_capacity(100);
    let unseen = allocation_counter::measure(|| {
        let verified = Parsed::parse(&token).unwrap().verify(&key_set, &policy).unwrap();
        cache.keep(&token, 1, Arc::new(verified));
    });
    assert!(unseen.count_total > 0, "the counter counts: keeping a token needs the heap");
    let now = clock.now();
    let known = allocation_counter::measure(|| {
        let (generation, verified) = cache.find(&token).unwrap();
        assert_eq!(generation, 1);
        verified.check_at(now, &policy).unwrap();
        assert_eq!(verified.claims().consumer_key(&policy), Some("client-1"));
        assert!(verified.claims().scopes(&policy).any(|scope| scope == "write"));
        assert!(!verified.claims().is_for_any_of(&["nobody"]));
        assert!(!verified.revocation_id().is_empty());
    });
    assert_eq!(known.count_total, 0, "a hit allocated {} bytes", known.bytes_total);
}
