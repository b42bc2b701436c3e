//! Tokens signed by ES512 (RFC 7518, section 3.4), which `jsonwebtoken` does not know: signature, `exp` and `nbf`.
//! Which key of a set is meant is left to `published_keys`.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::published_keys::{Unverified, text};

/// As a token's header calls it.
pub(super) const NAME: &str = "ES512";

/// Bytes of a coordinate on P-521.
const SIZE: usize = 66;

/// Seconds that clocks may differ by, as many as `jsonwebtoken` grants.
const LEEWAY: f64 = 60.0;

/// The claims of a token whose signature and times hold; the faults are worded as `jsonwebtoken` words them.
pub(super) fn verify(jwk: &Map<String, Value>, token: &str) -> Result<Map<String, Value>, Unverified> {
    let point = point(jwk)?;
    let wrong = |what: &str| Unverified::Signature(what.to_owned());
    let (signed, signature) = token.rsplit_once('.').ok_or(Unverified::Opaque)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| wrong("InvalidSignature"))?;
    let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point);
    key.verify(signed.as_bytes(), &signature).map_err(|_| wrong("InvalidSignature"))?;
    let payload = signed.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Option<Map<String, Value>> = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let claims = claims.ok_or_else(|| wrong("the claims are no JSON object"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or_else(|| wrong(&format!("InvalidClaimFormat(\"{name}\")"))),
    };
    if time("exp")?.is_some_and(|end| end < now - LEEWAY) {
        return Err(wrong("ExpiredSignature"));
    }
    if time("nbf")?.is_some_and(|begin| begin > now + LEEWAY) {
        return Err(wrong("ImmatureSignature"));
    }
    Ok(claims)
}

/// The uncompressed point of a JWK on P-521, whose coordinates are written in full length (RFC 7518, section 6.2.1.2).
fn point(jwk: &Map<String, Value>) -> Result<Vec<u8>, Unverified> {
    let unusable = |why: &str| Unverified::Key(why.to_owned());
    if text(jwk, "kty") != Some("EC") || text(jwk, "crv") != Some("P-521") {
        return Err(unusable("ES512 takes a key on the curve P-521"));
    }
    if text(jwk, "alg").is_some_and(|own| own != NAME) {
        return Err(unusable("its `alg` is not ES512"));
    }
    let mut point = vec![4];
    for member in ["x", "y"] {
        let coordinate = text(jwk, member).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        match coordinate.filter(|bytes| bytes.len() == SIZE) {
            Some(bytes) => point.extend(bytes),
            None => return Err(unusable(&format!("its `{member}` is no coordinate on P-521 in full length"))),
        }
    }
    Ok(point)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use serde_json::json;

    use super::*;
    use crate::published_keys::{KeySet, with_changed_claim};

    fn pair() -> (EcdsaKeyPair, Value) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..=SIZE]), URL_SAFE_NO_PAD.encode(&point[SIZE + 1..]));
        let jwk = json!({"kty": "EC", "crv": "P-521", "kid": "k1", "x": x, "y": y});
        (pair, jwk)
    }

    fn token(pair: &EcdsaKeyPair, claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "ES512", "kid": "k1"})), part(claims));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    fn judged(jwk: &Value, token: &str) -> Result<Map<String, Value>, Unverified> {
        let set = KeySet::read(&json!({"keys": [jwk]}).to_string()).unwrap();
        set.verify(&token.into()).map(|verified| verified.claims)
    }

    #[test]
    fn a_token_is_verified_by_the_key_on_the_largest_curve_and_by_no_other() {
        let ((own, jwk), (_, other)) = (pair(), pair());
        let (future, past) = (4_000_000_000_u64, 1_000_000_000_u64);
        let good = token(&own, &json!({"sub": "a", "exp": future, "nbf": past}));
        assert_eq!(judged(&jwk, &good).unwrap()["sub"], "a");
        assert!(judged(&jwk, &token(&own, &json!({"sub": "endless"}))).is_ok(), "the expiry is for others to demand");
        let changed = with_changed_claim(&good.as_str().into()).unwrap();
        for (what, fault, token) in [
            ("expired", "ExpiredSignature", token(&own, &json!({"exp": past}))),
            ("not yet", "ImmatureSignature", token(&own, &json!({"nbf": future}))),
            ("cut", "InvalidSignature", good[..good.len() - 4].to_owned()),
            ("changed", "InvalidSignature", changed.reveal().to_owned()),
            ("text", "InvalidClaimFormat(\"exp\")", token(&own, &json!({"exp": "never"}))),
        ] {
            assert_eq!(judged(&jwk, &token), Err(Unverified::Signature(fault.to_owned())), "{what}");
        }
        assert_eq!(judged(&other, &good), Err(Unverified::Signature("InvalidSignature".to_owned())));
    }

    #[test]
    fn a_key_of_another_kind_cannot_be_used() {
        let (own, jwk) = pair();
        let good = token(&own, &json!({}));
        for (member, value) in [("crv", "P-384"), ("alg", "ES384"), ("x", "AQ"), ("y", "")] {
            let mut changed = jwk.clone();
            changed[member] = json!(value);
            assert!(matches!(judged(&changed, &good), Err(Unverified::Key(_))), "{member}");
        }
    }
}
