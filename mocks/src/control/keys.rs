//! `…/keys` and `…/key-set`: keys that come, go, and are published wrongly.
//! What they sign is decided by the key ring.

use axum::{Json, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::{Body, Raw, explained},
    place::Place,
    refusal::{Answer, Refusal},
};
use crate::{
    forge::WeakKey,
    realm::{Algorithm, KeyPurpose, KeyRing, SigningKey, jwt::Object, test_keys, test_keys::KeyFamily},
};

/// Where a key comes from.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    /// A fresh one of that family.
    Family(KeyFamily),
    /// An embedded one.
    TestKey(String),
    /// PKCS#8.
    Pem(String),
    /// One that nobody should accept; published only.
    Weak(WeakKey),
    /// An entry of a key set, published word for word.
    Jwk(Object),
}

/// A key to be added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    from: Source,
    #[serde(default)]
    algorithm: Option<Algorithm>,
    #[serde(default)]
    kid: Option<String>,
    /// Whether it signs from now on; otherwise it is published only.
    #[serde(default)]
    signs: bool,
    #[serde(default = "access")]
    purpose: KeyPurpose,
    /// Members of its entry in the key set that are to be otherwise; `null` leaves one out.
    #[serde(default)]
    members: Object,
}

fn access() -> KeyPurpose {
    KeyPurpose::Access
}

fn documents(ring: &KeyRing) -> Vec<Value> {
    let entry = |entry: crate::realm::key_ring::KeyEntry| {
        json!({
            "kid": entry.key.kid(),
            "algorithm": entry.key.algorithm(),
            "purpose": entry.purpose,
            "signs": entry.current,
            "published": entry.published,
            "certificate": entry.key.certificate_pem(),
        })
    };
    ring.entries().into_iter().map(entry).collect()
}

pub(super) async fn list(place: Place) -> Answer {
    Ok(Json(documents(place.realm.keys())).into_response())
}

pub(super) async fn create(place: Place, Body(wanted): Body<Wanted>) -> Answer {
    let ring = place.realm.keys();
    let key = match wanted.from {
        Source::Weak(weak) => return publish(ring, object(weak.jwk()), wanted.signs),
        Source::Jwk(jwk) => return publish(ring, jwk, wanted.signs),
        Source::Family(family) => ring.draw(family),
        Source::TestKey(name) => {
            let known = test_keys::names().map(str::to_owned);
            test_keys::named(&name).ok_or_else(|| Refusal::missing("test key", &name, known))?
        }
        Source::Pem(pem) => {
            let algorithm = wanted.algorithm.ok_or_else(|| {
                Refusal::bad("a key in PEM does not say what it signs with").hint("add `algorithm`, such as RS256")
            })?;
            SigningKey::from_pem("imported", algorithm, &pem).map_err(|error| Refusal::told(&error))?
        }
    };
    let kid = wanted.kid.unwrap_or_else(|| key.kid().to_owned());
    let key = match wanted.algorithm {
        Some(algorithm) => SigningKey::from_pem(&kid, algorithm, key.pem()).map_err(|error| Refusal::told(&error))?,
        None => key.with_kid(&kid),
    };
    match wanted.signs {
        true => ring.add_with(key, wanted.purpose, wanted.members),
        false => ring.publish_with(key, wanted.members),
    }
    Ok((StatusCode::CREATED, Json(json!({ "kid": kid }))).into_response())
}

fn publish(ring: &KeyRing, jwk: Object, signs: bool) -> Answer {
    if signs {
        return Err(Refusal::bad("there is nothing to sign with in this key").hint("leave `signs` out"));
    }
    let kid = jwk.get("kid").cloned().unwrap_or_default();
    ring.publish_jwk(Value::Object(jwk));
    Ok((StatusCode::CREATED, Json(json!({ "kid": kid }))).into_response())
}

fn object(value: Value) -> Object {
    crate::realm::shape::object(value)
}

/// For what a key is rotated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    #[serde(default = "access")]
    purpose: KeyPurpose,
}

pub(super) async fn rotate(place: Place, Body(rotation): Body<Rotation>) -> Answer {
    let kid = place.realm.keys().rotate_for(rotation.purpose);
    Ok(Json(json!({ "kid": kid })).into_response())
}

pub(super) async fn withdraw(place: Place) -> Answer {
    let kid = place.name();
    let known = place.realm.keys().published();
    match place.realm.keys().withdraw(kid) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::missing("key", kid, known)),
    }
}

pub(super) async fn show_set(place: Place) -> Answer {
    Ok(Json(place.realm.keys().jwks()).into_response())
}

pub(super) async fn put_set(place: Place, Raw(text): Raw) -> Answer {
    let document: Value = serde_json::from_slice(&text)
        .map_err(|error| explained(&error))
        .map_err(|refusal| refusal.hint("what is no JSON at all can be served by PUT …/answers/jwks"))?;
    place.realm.keys().serve_document(Some(document));
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn restore_set(place: Place) -> Answer {
    place.realm.keys().serve_document(None);
    Ok(StatusCode::NO_CONTENT.into_response())
}
