//! Calls with tokens that are bound to a key, and the proof of a key beside them (RFC 9449).
//! Ordinary calls stand in `consumer`; what came of a call is observed elsewhere.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cucumber::when;
use jsonwebtoken::jwk::ThumbprintHash;
use kmspec_mocks::realm::{SigningKey, jwt, test_keys};
use serde_json::{Map, Value, json};

use crate::world::{StepError, World};

use super::{flaws::Flaw, gateway_calls::call_raw, protected_apis, servers};

#[when(expr = "the API consumer calls the API with a bound token of {string} and the proof of another key")]
async fn calls_with_foreign_proof(world: &mut World, issuer: String) -> Result<(), StepError> {
    let (own, other) = (key(world, "p256-ember")?, key(world, "p256-delta")?);
    let (path, headers) = bound_call(world, &issuer, &own, &other)?;
    call_raw(world, path, headers).await
}

#[when(expr = "the API consumer calls the API with a bound token of {string} and a proof that was used before")]
async fn calls_with_used_proof(world: &mut World, issuer: String) -> Result<(), StepError> {
    let own = key(world, "p256-ember")?;
    let (path, headers) = bound_call(world, &issuer, &own, &own)?;
    call_raw(world, path.clone(), headers.clone()).await?;
    call_raw(world, path, headers).await
}

fn key(world: &World, name: &str) -> Result<SigningKey, StepError> {
    test_keys::named(name).ok_or_else(|| world.error(format!("no test key is called `{name}`")))
}

/// The path, and the fields of a call with a token that is bound to one key and the proof of another or the same.
fn bound_call(
    world: &World,
    issuer: &str,
    bound_to: &SigningKey,
    proven: &SigningKey,
) -> Result<(String, Vec<(String, String)>), StepError> {
    let path = protected_apis::protected_path(world, issuer)?;
    let sound = protected_apis::protected_token(world, issuer, &Flaw::Sound)?;
    let forge = servers::forge(world, issuer)?;
    let thumbprint = bound_to.jwk().thumbprint(ThumbprintHash::SHA256);
    let thumbprint = thumbprint.map_err(|error| world.error(format!("a key has no thumbprint: {error}")))?;
    let Some(genuine) = forge.from_genuine(sound.reveal()) else {
        return Err(world.error(format!("the tokens of `{issuer}` are opaque")));
    };
    let token = genuine.bound_to_key(&thumbprint).encode();
    let root = world.scene().planes.gateway.as_ref().map(|url| url.origin().ascii_serialization());
    let place = format!("{}{path}", root.unwrap_or_default());
    let proof = proof(proven, &place, &token, forge.clock().now());
    Ok((path, vec![("Authorization".to_owned(), format!("DPoP {token}")), ("DPoP".to_owned(), proof)]))
}

/// The proof of a key for a `GET` of this place with this token (RFC 9449, section 4.2).
fn proof(key: &SigningKey, place: &str, token: &str, now: u64) -> String {
    let full = serde_json::to_value(key.jwk()).unwrap_or_default();
    let public: Map<_, _> =
        ["kty", "crv", "x", "y"].map(|name| (name.to_owned(), full[name].clone())).into_iter().collect();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    let header = json!({ "typ": "dpop+jwt", "alg": format!("{:?}", key.algorithm()), "jwk": public });
    let claims = json!({
        "jti": uuid::Uuid::new_v4(),
        "htm": "GET",
        "htu": place,
        "iat": now,
        "ath": URL_SAFE_NO_PAD.encode(hash),
    });
    jwt::sign(key, object(header), &object(claims))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
