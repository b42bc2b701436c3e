//! Tokens with one oddity each, by the words of the features: forms, headers, times and claims that a strict reader refuses.
//! The plainer flaws, and those that quote something, stand in [`super::flaws`].

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::{
    forge::{Envelope, Forge, Forgery, SignatureFlaw, Spelling, WeakKey, Written, ZeroSignature},
    realm::{Algorithm, KeyPurpose, SigningKey, test_keys},
};
use serde_json::{Value, json};

use super::flaws::client_named_in;

/// What a token becomes. The last is a key that nobody published by itself.
type Oddity = fn(&Forge, Forgery, &SigningKey) -> String;

/// Words and what they do to a sound token.
const ODDITIES: &[(&str, Oddity)] = &[
    // Signatures.
    ("that declares an elliptic curve over a signature of zeros", |_, token, _| {
        token.header("alg", "ES256").zero_signature(ZeroSignature::Raw).encode()
    }),
    ("that declares an elliptic curve over a short signature of zeros", |_, token, _| {
        token.header("alg", "ES256").zero_signature(ZeroSignature::Der).encode()
    }),
    ("that carries its own certificate", |_, token, key| token.with_certificate(key).encode()),
    ("signed with the encryption key of its issuer", |_, token, key| {
        token.signed_with(&key.with_kid(ENCRYPTION_KEY)).encode()
    }),
    ("signed with the shared secret among the keys of its issuer", |_, token, _| {
        token.header("kid", SECRET_KEY).hmac(Algorithm::HS256, SECRET.to_vec()).encode()
    }),
    ("signed with the short secret among the keys of its issuer", |_, token, _| {
        token.header("kid", SHORT_SECRET_KEY).hmac(Algorithm::HS256, SHORT_SECRET.to_vec()).encode()
    }),
    ("signed with the empty secret among the keys of its issuer", |_, token, _| {
        token.header("kid", SHORT_SECRET_KEY).hmac(Algorithm::HS256, Vec::new()).encode()
    }),
    ("signed by ES256 with a key on another curve", |_, token, _| match test_keys::named("p384-cedar") {
        Some(key) => token.signed_with(&key.with_kid(CURVE_KEY)).algorithm(Algorithm::ES256).encode(),
        None => token.encode(),
    }),
    ("signed by ES256 with a key on another curve and its own hash", |_, token, _| {
        match test_keys::named("p384-cedar") {
            Some(key) => token.signed_with(&key.with_kid(CURVE_KEY)).header("alg", "ES256").encode(),
            None => token.encode(),
        }
    }),
    ("signed by ES256 with a key beside its curve", |_, token, _| match test_keys::named("p256-cedar") {
        Some(key) => token.signed_with(&key.with_kid(CURVE_KEY)).encode(),
        None => token.encode(),
    }),
    ("signed with one of two keys that share an id", |_, token, key| {
        token.signed_with(&key.with_kid(SHARED_ID)).encode()
    }),
    ("signed with a key of 1024 bits", |_, token, _| token.signed_with_weak(WeakKey::Rsa1024).encode()),
    ("signed with a key whose exponent is one", |_, token, _| token.signed_with_weak(WeakKey::ExponentOne).encode()),
    ("signed with a key of the ROCA family", |_, token, _| token.signed_with_weak(WeakKey::Roca).encode()),
    ("whose signature is written as DER", |_, token, _| token.flawed_signature(SignatureFlaw::Der).encode()),
    ("whose signature has a zero before it", |_, token, _| token.flawed_signature(SignatureFlaw::LeadingZero).encode()),
    ("whose signature has a zero behind it", |_, token, _| {
        token.flawed_signature(SignatureFlaw::TrailingByte).encode()
    }),
    ("whose signature is spelt with padding", |_, token, _| token.spelling(Spelling::Padded).encode()),
    ("whose signature is spelt in the other alphabet", |_, token, _| other_alphabet(token)),
    ("whose signature is spelt with stray bits", |_, token, _| token.spelling(Spelling::UnusedBits).encode()),
    // Form.
    ("that ends in a dot", |_, token, _| token.followed_by(".").encode()),
    ("that lacks its second dot", |_, token, _| token.written(Written::TwoParts).encode()),
    ("that is a flood of dots", |_, _, _| Forge::dots(8_000)),
    ("that is encrypted for its issuer", |forge, token, _| encrypted(forge, token, Envelope::Claims)),
    ("that wraps a signed one for its issuer", |forge, token, _| encrypted(forge, token, Envelope::Token)),
    ("that takes a million rounds to decrypt", |forge, token, _| encrypted(forge, token, Envelope::ManyRounds)),
    ("that unpacks to megabytes", |forge, token, _| encrypted(forge, token, Envelope::Compressed)),
    ("that is written as an object", |_, token, _| token.written(Written::Flattened).encode()),
    ("that is written as an object with its signatures", |_, token, _| token.written(Written::General).encode()),
    ("that names its algorithm twice", |_, token, _| token.duplicate_header("alg", "none").encode()),
    ("that nests a thousand lists", |_, token, _| {
        token.raw_claim("deep", &format!("{}{}", "[".repeat(1_000), "]".repeat(1_000))).encode()
    }),
    // Times.
    ("that was issued in an hour", |_, token, _| token.issued_in(3_600).expires_in(7_200).encode()),
    ("whose expiry is negative", |_, token, _| token.claim("exp", -1).encode()),
    ("whose expiry is past in milliseconds", |forge, token, _| {
        token.claim("exp", (forge.clock().now() - 3_600) * 1_000).encode()
    }),
    ("whose expiry is beyond all numbers", |_, token, _| token.raw_claim("exp", "1e400").encode()),
    ("whose expiry is the largest number and one", |_, token, _| {
        token.raw_claim("exp", "9223372036854775808").encode()
    }),
    ("whose expiry is nothing", |_, token, _| token.claim("exp", Value::Null).encode()),
    // Claims.
    ("whose audience is an empty list", |_, token, _| token.claim("aud", json!([])).encode()),
    ("whose audience is an empty text", |_, token, _| token.claim("aud", json!([""])).encode()),
    ("whose audience is a list with a number in it", |_, token, _| {
        token.claim("aud", json!([1, "urn:orders"])).encode()
    }),
    ("whose audience is nothing", |_, token, _| token.claim("aud", Value::Null).encode()),
    ("whose audience is missing", |_, token, _| token.without_claim("aud").encode()),
    ("that names its department", |_, token, _| token.claim("dept", "wholesale").encode()),
    ("that says where its user works", |_, token, _| {
        token.claim("dept", "wholesale").claim("site", "harbour").claim("desk", "17").encode()
    }),
    ("that names a department of its own and one of acme", |_, token, _| {
        token.claim("dept", "wholesale").claim("urn:acme:dept", "retail").encode()
    }),
    ("that says it is a refresh token", |_, token, _| token.claim("tokenName", "refresh_token").encode()),
    ("that names its user in a claim of PingFederate alone", |_, token, _| {
        token.without_claim("sub").claim("Username", "wonder").encode()
    }),
    ("that says its mail address by both names", |_, token, _| {
        let both = token.claim("http://wso2.org/claims/email", "raw@acme.example");
        both.claim("mail", "mapped@acme.example").encode()
    }),
    ("that speaks of attributes of an application", |_, token, _| {
        token.claim("http://wso2.org/claims/applicationAttributes", json!({ "Region": "west" })).encode()
    }),
    ("whose scope is a number", |_, token, _| token.claim("scope", 5).encode()),
    ("whose scope is nothing", |_, token, _| token.claim("scope", Value::Null).encode()),
    ("whose scope is a list with a number in it", |_, token, _| token.claim("scope", json!([5, "default"])).encode()),
    ("whose client is a list with a number in it", |_, token, _| {
        let client = client_named_in(&token).unwrap_or_default();
        token.claim("client_id", json!([5, client])).encode()
    }),
    ("that lists its groups", |_, token, _| {
        token.claim("groups", json!(["red", "green", "blue"])).claim("preferred_username", "wonder").encode()
    }),
    ("that lists its roles", |_, token, _| token.claim("roles", json!(["buyer", "seller"])).encode()),
    ("that is bound to a certificate", |_, token, key| token.bound_to_certificate(&key.x5t_s256()).encode()),
    ("that is bound to a key", |_, token, key| token.bound_to_key(key.kid()).encode()),
    ("whose subject has a line break in it", |_, token, _| token.claim("sub", "ann\r\nX-Admin: 1").encode()),
];

/// Id of a key that a server publishes for encryption.
pub(super) const ENCRYPTION_KEY: &str = "for-encryption";
/// Id of a shared secret that a server publishes.
pub(super) const SECRET_KEY: &str = "shared-secret";
/// The secret itself.
pub(super) const SECRET: &[u8] = b"a-secret-that-everybody-can-read";
/// Id of a secret that is too short, and of an empty one.
pub(super) const SHORT_SECRET_KEY: &str = "short-secret";
/// That secret: shorter than its hash (RFC 7518, section 3.2).
pub(super) const SHORT_SECRET: &[u8] = b"8 bytes!";
/// Id of a key whose curve, algorithm and coordinates disagree.
pub(super) const CURVE_KEY: &str = "odd-curve";
/// Id that two published keys share.
pub(super) const SHARED_ID: &str = "one-id-for-two";

/// The words as this table has them, if it does.
pub(super) fn known(words: &str) -> Option<&'static str> {
    ODDITIES.iter().find(|(known, _)| *known == words).map(|(known, _)| *known)
}

/// The token with the oddity of these words; sound where there is none.
pub(super) fn token(words: &str, forge: &Forge, sound: Forgery, foreign: &SigningKey) -> String {
    match ODDITIES.iter().find(|(known, _)| *known == words) {
        Some((_, oddity)) => oddity(forge, sound, foreign),
        None => sound.encode(),
    }
}

/// Within an encrypted token for the key that the issuer signs with.
fn encrypted(forge: &Forge, token: Forgery, envelope: Envelope) -> String {
    token.encrypted(&forge.keys().current(KeyPurpose::Access), envelope).encode()
}

/// A signature with a `+` or a `/` in it, so that the spelling shows.
fn other_alphabet(token: Forgery) -> String {
    let mut spelt = String::new();
    for number in 0..64 {
        spelt = token.clone().claim("jti", format!("spelling-{number}")).spelling(Spelling::StandardAlphabet).encode();
        if spelt.contains(['+', '/']) {
            break;
        }
    }
    spelt
}

/// The key set document of a server whose keys stand among others that should verify nothing.
pub(super) fn key_set(forge: &Forge, foreign: &SigningKey, words: &str) -> Option<Value> {
    let mut keys = forge.keys().jwks()["keys"].as_array()?.clone();
    let entry = |key: &SigningKey| serde_json::to_value(key.jwk()).unwrap_or_default();
    let secret = |bytes: &[u8]| json!({ "kty": "oct", "kid": SHORT_SECRET_KEY, "alg": "HS256", "use": "sig", "k": URL_SAFE_NO_PAD.encode(bytes) });
    let shared = || entry(&foreign.with_kid(SHARED_ID));
    let twin = {
        let mut twin = keys.first().cloned().unwrap_or_default();
        twin["kid"] = SHARED_ID.into();
        twin
    };
    match words {
        "an encryption key beside its own" => {
            let mut other = entry(&foreign.with_kid(ENCRYPTION_KEY));
            other["use"] = "enc".into();
            keys.push(other);
        }
        "a shared secret beside its own" => {
            let secret = URL_SAFE_NO_PAD.encode(SECRET);
            keys.push(json!({ "kty": "oct", "kid": SECRET_KEY, "alg": "HS256", "use": "sig", "k": secret }));
        }
        "a short secret beside its own" => keys.push(secret(SHORT_SECRET)),
        "an empty secret beside its own" => keys.push(secret(&[])),
        "a key on another curve than its algorithm beside its own" => {
            let mut other = entry(&test_keys::named("p384-cedar")?.with_kid(CURVE_KEY));
            other["alg"] = "ES256".into();
            keys.push(other);
        }
        "a key beside its curve beside its own" => {
            let mut other = entry(&test_keys::named("p256-cedar")?.with_kid(CURVE_KEY));
            other["y"] = other["x"].clone();
            keys.push(other);
        }
        "two keys of one id beside its own, the right one first" => keys.extend([shared(), twin]),
        "two keys of one id beside its own, the right one last" => keys.extend([twin, shared()]),
        "weak keys beside its own" => keys.extend(WeakKey::ALL.map(WeakKey::jwk)),
        "its own without an algorithm" => {
            for key in &mut keys {
                key.as_object_mut()?.remove("alg");
            }
        }
        "nothing" => keys.clear(),
        "no list of keys" => return Some(json!({ "keys": "none" })),
        _ => return None,
    }
    Some(json!({ "keys": keys }))
}

#[cfg(test)]
mod tests {
    use kmspec_mocks::realm::{Clock, KeyRing, test_keys};

    use super::*;

    #[test]
    fn every_oddity_differs_from_the_sound_token() {
        let key = test_keys::named("rsa-amber").unwrap();
        let forge = Forge::new("https://acme.example", KeyRing::with_key(key), Clock::stopped_at(1_000_000));
        let foreign = test_keys::named("p256-birch").unwrap();
        for (words, _) in ODDITIES {
            let sound = forge.token("client", "client");
            let odd = token(words, &forge, sound.clone(), &foreign);
            assert_ne!(odd, sound.encode(), "{words}");
            assert!(known(words).is_some());
        }
    }
}
