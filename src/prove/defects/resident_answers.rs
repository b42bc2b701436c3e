//! Defects of what the platform's own authorization server says about tokens that it issued: introspection, revocation,
//! key set. Granting them is the business of [`super::resident_grants`].

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::resident_grants::{field, fill_in, form, is_at, learn, present};
use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-065", "the thumbprint in the platform's key set is not that of its tokens", Pair::telling(odd_thumbprint);
    "DEF-066", "the platform's key set names its keys otherwise than its tokens do", Pair::telling(odd_key_ids);
    "DEF-SEED-RES-10", "introspection calls live tokens inactive", Pair::telling(never_active);
    "DEF-SEED-RES-11", "anybody may introspect", Pair::of(anybody_asks, learn);
    "DEF-SEED-RES-12", "a revocation is acknowledged and forgotten", Pair::hearing(revocation_forgotten);
    "DEF-SEED-RES-13", "revoking a token that nobody issued is an error",
        Pair::of(|_, _, _| Deed::Nothing, unknown_is_an_error);
    "DEF-SEED-RES-14", "the resident key manager can be deleted", Pair::telling(resident_deleted);
    "DEF-SEED-RES-16", "nobody answers where the resident key manager says that clients are registered",
        Pair::telling(registration_unserved);
    "DEF-SEED-SCO-08", "scopes that are registered at the resident key manager lose their roles",
        Pair::hearing(roles_lost);
}

fn roles_lost(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let registers = plane == Plane::Resident && request.uri().path().ends_with("/api/identity/oauth2/v1.0/scopes");
    let Some(mut scope) = message::json(request.body()).filter(|_| registers) else { return Deed::Nothing };
    scope["bindings"] = json!([]);
    *request.body_mut() = message::bytes(&scope);
    Deed::Done
}

fn registration_unserved(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane != Plane::Resident || !request.uri().path().contains("/keymanager-operations/") {
        return Deed::Nothing;
    }
    message::refuse(answer, 404, 404, "Not Found");
    Deed::Done
}

/// Changes every key of the platform's own key set.
fn change_keys(plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>, change: fn(&mut Value)) -> Deed {
    if !is_at(plane, request, "jwks") {
        return Deed::Nothing;
    }
    let Some(mut set) = message::json(answer.body()) else { return Deed::Nothing };
    for key in set["keys"].as_array_mut().into_iter().flatten() {
        change(key);
    }
    *answer.body_mut() = message::bytes(&set);
    Deed::Done
}

/// Hexadecimal before it is base64, as it came from a library once.
fn in_hex_first(text: &str) -> String {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    BASE64_URL_SAFE_NO_PAD.encode(hex)
}

fn odd_thumbprint(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    change_keys(plane, request, answer, |key| {
        for member in ["x5t", "x5t#S256"] {
            if let Some(text) = key[member].as_str().map(in_hex_first) {
                key[member] = text.into();
            }
        }
    })
}

fn odd_key_ids(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    change_keys(plane, request, answer, |key| key["kid"] = in_hex_first(key["kid"].as_str().unwrap_or_default()).into())
}

fn never_active(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let active = message::json(answer.body()).is_some_and(|told| told["active"] == true);
    if !active || !is_at(plane, request, "introspect") {
        return Deed::Nothing;
    }
    *answer.body_mut() = message::bytes(&json!({ "active": false }));
    Deed::Done
}

/// Whoever asks is taken for the client of the token.
fn anybody_asks(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let token = field(&form(request.body()), "token").filter(|_| is_at(plane, request, "introspect"));
    let client = token.and_then(|token| Some(notes.get(&format!("client of {token}"))?.as_str()?.to_owned()));
    client.map_or(Deed::Nothing, |client| present(request, notes, &client))
}

/// A token that nobody issued is revoked instead.
fn revocation_forgotten(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !is_at(plane, request, "revoke") {
        return Deed::Nothing;
    }
    let mut form = form(request.body());
    for (_, token) in form.iter_mut().filter(|(name, _)| name == "token") {
        *token = uuid::Uuid::new_v4().to_string();
    }
    fill_in(request, &form);
    Deed::Done
}

fn unknown_is_an_error(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let _ = learn(notes, plane, request, answer);
    let token = field(&form(request.body()), "token").unwrap_or_default();
    let known = notes.contains_key(&format!("client of {token}"));
    if known || !is_at(plane, request, "revoke") || !answer.status().is_success() {
        return Deed::Nothing;
    }
    message::say(answer, 400, &json!({ "error": "invalid_request", "error_description": "no such token" }));
    Deed::Done
}

/// A refused deletion is told as done.
fn resident_deleted(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let parts = message::resource(request.uri().path());
    let deletes = plane == Plane::Admin && request.method() == Method::DELETE && parts.first() == Some(&"key-managers");
    if !deletes || answer.status() != StatusCode::PRECONDITION_FAILED {
        return Deed::Nothing;
    }
    message::say(answer, 200, &Value::Null);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_that_was_hexadecimal_first_is_twice_as_long() {
        assert_eq!(in_hex_first("AAH_"), BASE64_URL_SAFE_NO_PAD.encode("0001ff"));
    }

    #[test]
    fn only_key_sets_of_the_platform_are_changed() {
        let set = json!({ "keys": [{ "kid": "AAH_", "x5t": "AAH_" }] });
        let told = |path: &str| {
            let (request, mut answer) =
                (Request::get(path).body(Bytes::new()).unwrap(), Response::new(message::bytes(&set)));
            let deed = odd_thumbprint(&mut Notes::new(), Plane::Resident, &request, &mut answer);
            (deed, message::json(answer.body()).unwrap())
        };
        let (deed, changed) = told("/t/a/oauth2/jwks");
        assert_eq!((deed, &changed["keys"][0]["kid"]), (Deed::Done, &json!("AAH_")));
        assert_ne!(changed["keys"][0]["x5t"], "AAH_");
        assert_eq!(told("/oauth2/token"), (Deed::Nothing, set.clone()));
    }
}
