//! Defects of reading a discovery document into the form of a key manager.
//! Whether it was one at all is the business of `key_manager_admin`.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::key_manager_documents::{addresses_respelt, grant_type_lost};
use crate::{
    Deed, ghosts, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KM-14", "an import fills in addresses that the document does not name", Pair::telling(addresses_in_draft);
    "DEF-SEED-KM-15", "an import loses a grant type", Pair::telling(grant_type_in_draft);
    "DEF-SEED-KM-16", "an import guesses the endpoints that the document leaves out", Pair::telling(endpoints_in_draft);
    "DEF-SEED-KM-17", "an import is stored as a key manager", Pair::telling(import_stored);
    "DEF-SEED-KM-38", "an import is of another type than was asked for", Pair::telling(type_in_draft);
}

/// The draft in the answer to an import that succeeded.
fn draft(plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) -> Option<Value> {
    let imports = plane == Plane::Admin && *message::resource(request.uri().path()) == ["key-managers", "discover"];
    let told = message::json(answer.body()).filter(|_| imports && answer.status().is_success())?;
    (told["valid"] == true).then_some(told)
}

/// Changes the draft that an import brings.
fn in_draft(
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
    change: fn(&mut Value) -> bool,
) -> Deed {
    let Some(mut told) = draft(plane, request, answer) else { return Deed::Nothing };
    if !told.get_mut("value").is_some_and(change) {
        return Deed::Nothing;
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn addresses_in_draft(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_draft(plane, request, answer, addresses_respelt)
}

fn grant_type_in_draft(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_draft(plane, request, answer, grant_type_lost)
}

fn type_in_draft(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_draft(plane, request, answer, |draft| {
        let known = draft["type"].is_string();
        if known {
            draft["type"] = "custom".into();
        }
        known
    })
}

fn endpoints_in_draft(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_draft(plane, request, answer, endpoints_guessed)
}

/// Endpoints, and where a product would look for them.
const USUAL: [(&str, &str); 3] = [
    ("clientRegistrationEndpoint", "/register"),
    ("introspectionEndpoint", "/introspect"),
    ("revokeEndpoint", "/revoke"),
];

fn endpoints_guessed(draft: &mut Value) -> bool {
    let issuer = draft["issuer"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
    let mut guessed = false;
    for (member, path) in USUAL {
        if draft[member].as_str().unwrap_or_default().is_empty() {
            draft[member] = format!("{issuer}{path}").into();
            guessed = true;
        }
    }
    guessed
}

/// Whoever imported sees one key manager more from then on.
fn import_stored(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(bearer) = request.headers().get(header::AUTHORIZATION).map(own_key) else { return Deed::Nothing };
    if let Some(mut stored) = draft(plane, request, answer).map(|told| told["value"].clone()) {
        let id = Uuid::new_v4().to_string();
        stored["id"] = id.as_str().into();
        stored["name"] = format!("imported-{id}").into();
        notes.insert(id.clone(), stored);
        notes.insert(bearer, id.into());
        return Deed::Nothing;
    }
    if plane != Plane::Admin {
        return Deed::Nothing;
    }
    let id = notes.get(&bearer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let lists = *message::resource(request.uri().path()) == ["key-managers"] && answer.status().is_success();
    let Some(stored) = notes.get(&id).filter(|_| lists) else { return ghosts::haunt(notes, request, answer) };
    let Some(mut told) = message::json(answer.body()) else { return Deed::Nothing };
    let entry = json!({ "id": id, "name": stored["name"], "type": stored["type"], "enabled": true });
    let Some(list) = told.get_mut("list").and_then(Value::as_array_mut) else { return Deed::Nothing };
    list.push(entry);
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn own_key(bearer: &HeaderValue) -> String {
    format!("{bearer:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(value: Value, change: fn(&mut Value) -> bool) -> Value {
        let request = Request::post("/api/am/admin/v4/key-managers/discover").body(Bytes::new()).unwrap();
        let mut answer = Response::new(message::bytes(&json!({ "valid": true, "value": value })));
        let _ = in_draft(Plane::Admin, &request, &mut answer, change);
        message::json(answer.body()).unwrap()["value"].clone()
    }

    #[test]
    fn what_is_missing_is_guessed_and_what_is_there_stays() {
        let draft = imported(json!({ "issuer": "https://a/", "revokeEndpoint": "https://a/r" }), endpoints_guessed);
        assert_eq!(draft["introspectionEndpoint"], "https://a/introspect");
        assert_eq!(draft["revokeEndpoint"], "https://a/r");
    }

    #[test]
    fn an_import_is_listed_for_whoever_imported_and_for_nobody_else() {
        let mut notes = Notes::default();
        let mut tell = |method: &str, path: &str, bearer: &str, said: Value| {
            let path = format!("/api/am/admin/v4/key-managers{path}");
            let request = Request::builder().method(method).uri(path).header("authorization", bearer);
            let mut answer = Response::new(message::bytes(&said));
            let _ = import_stored(&mut notes, Plane::Admin, &request.body(Bytes::new()).unwrap(), &mut answer);
            message::json(answer.body()).unwrap()
        };
        tell("POST", "/discover", "one", json!({ "valid": true, "value": { "issuer": "https://a" } }));
        let list = tell("GET", "", "one", json!({ "list": [] }));
        let id = list["list"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(tell("GET", &format!("/{id}"), "one", Value::Null)["issuer"], "https://a");
        assert_eq!(tell("GET", "", "other", json!({ "list": [] }))["list"], json!([]));
    }
}
