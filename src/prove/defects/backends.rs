//! Defects between the gateway and its backends: the wrong one, the wrong gateway, the wrong login.
//! What backends are told of the caller is the business of [`super::headers`].

use bytes::Bytes;
use http::{Method, Request, Response, header};
use kmspec_model::exchange::Plane;
use serde_json::{Value, json};

use crate::{
    Accomplices, Deed,
    gate::{Case, Verdict, change_echo, code, is_field},
    message,
    pair::{Notes, Pair},
    table::defects,
};

defects! {
    "DEF-SEED-GW-36", "keys of each type lead to the backend of the other", Tells(backends_mixed_up);
    "DEF-SEED-GW-37", "a gateway for keys of one type takes those of the other", Judges(other_keys_pass);
    "DEF-SEED-GW-38", "a gateway for keys of one type takes none at all", Pair::telling(no_keys_pass);
    "DEF-SEED-GW-41", "a tenant is found under its name in other letters", Judges(any_letters);
    "DEF-SEED-GW-42", "backends get a token that is no longer live", Tells(stale_token);
    "DEF-SEED-GW-43", "the secrets of a login at backends read back as stars", Pair::telling(stars_for_secrets);
    "DEF-SEED-GW-44", "backends get another name and password than those for them", Tells(other_password);
    "DEF-SEED-GW-45", "a changed password for a backend is not kept", Hears(password_unheard);
}

fn backends_mixed_up(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some(mut body) = answer.status().is_success().then(|| message::json(answer.body())).flatten() else {
        return false;
    };
    let path = body["path"].as_str().unwrap_or_default();
    let swapped = match (path.contains("/production/"), path.contains("/sandbox/")) {
        (true, _) => path.replacen("/production/", "/sandbox/", 1),
        (_, true) => path.replacen("/sandbox/", "/production/", 1),
        _ => return false,
    };
    body["path"] = json!(swapped);
    *answer.body_mut() = message::bytes(&body);
    true
}

/// Whether the gateway refused a key because it is of the other type than its own.
fn is_of_other_gateway(answer: &Response<Bytes>) -> bool {
    let body = message::json(answer.body()).unwrap_or_default();
    code(answer).is_some_and(|code| code == "900901")
        && body["description"].as_str().is_some_and(|text| text.contains("Key Provided for"))
}

fn other_keys_pass(_: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    is_of_other_gateway(answer).then_some(Verdict::Accepted)
}

/// A path where a key was refused for its type is one of such a gateway.
fn no_keys_pass(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane != Plane::Gateway {
        return Deed::Nothing;
    }
    let path = request.uri().path();
    if is_of_other_gateway(answer) {
        notes.insert(path.to_owned(), Value::Bool(true));
        return Deed::Nothing;
    }
    if !answer.status().is_success() || !notes.contains_key(path) {
        return Deed::Nothing;
    }
    message::refuse(answer, 401, 900_901, "Invalid Credentials");
    Deed::Done
}

fn any_letters(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let tenant = case.path().strip_prefix("/t/")?.split('/').next()?;
    let odd = tenant.chars().any(char::is_uppercase) && answer.status().is_server_error();
    odd.then_some(Verdict::Accepted)
}

/// Puts another text behind a scheme in the credentials that a backend saw.
fn credentials(answer: &mut Response<Bytes>, scheme: &str, text: &str) -> bool {
    change_echo(answer, |fields| {
        let of_scheme = |field: &&mut Value| {
            is_field(field, &header::AUTHORIZATION) && field[1].as_str().is_some_and(|value| value.starts_with(scheme))
        };
        let found = fields.iter_mut().find(of_scheme);
        found.map(|field| field[1] = json!(format!("{scheme} {text}"))).is_some()
    })
}

fn stale_token(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    credentials(answer, "Bearer", "of-yesterday")
}

fn other_password(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    credentials(answer, "Basic", "c29tZWJvZHk6ZWxzZQ==")
}

/// The logins at the backends in an API document.
fn logins(document: &mut Value) -> Vec<&mut Value> {
    let security = document["endpointConfig"]["endpoint_security"].as_object_mut();
    security.into_iter().flat_map(|kinds| kinds.values_mut()).filter(|login| login.is_object()).collect()
}

fn is_api(plane: Plane, request: &Request<Bytes>) -> bool {
    plane == Plane::Publisher && matches!(message::resource(request.uri().path())[..], ["apis", _])
}

fn stars_for_secrets(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let reads = is_api(plane, request) && request.method() == Method::GET;
    let Some(mut document) = reads.then(|| message::json(answer.body())).flatten() else { return Deed::Nothing };
    if document["endpointConfig"].get("endpoint_security").is_none() {
        return Deed::Nothing;
    }
    for login in logins(&mut document) {
        for member in ["password", "clientSecret"] {
            if let Some(secret) = login.get_mut(member) {
                *secret = json!("*****");
            }
        }
    }
    *answer.body_mut() = message::bytes(&document);
    Deed::Done
}

fn password_unheard(_: &Accomplices, plane: Plane, request: &mut Request<Bytes>) -> bool {
    let changes = is_api(plane, request) && request.method() == Method::PUT;
    let Some(mut document) = changes.then(|| message::json(request.body())).flatten() else { return false };
    if document["endpointConfig"].get("endpoint_security").is_none() {
        return false;
    }
    for login in logins(&mut document) {
        login["password"] = json!("");
    }
    *request.body_mut() = message::bytes(&document);
    true
}
