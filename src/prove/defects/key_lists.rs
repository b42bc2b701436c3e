//! Defects of what developers are told of keys and key managers: in answers, in lists, at the token endpoint.
//! What becomes of an order is the business of `key_orders`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::key_manager_documents::respell;
use crate::{
    Deed,
    informed::Informed,
    key_managers::KeyManagers,
    message,
    pair::{Notes, Pair},
    second_try::{Refused, SecondTry},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KEYS-09", "production keys are listed as sandbox keys, and the other way round",
        Pair::telling(kinds_mixed_up);
    "DEF-SEED-KEYS-10", "production and sandbox keys are those of one client", Pair::telling(one_client);
    "DEF-SEED-KEYS-11", "keys of the resident key manager are listed under another name",
        Pair::telling(resident_misnamed);
    "DEF-SEED-KEYS-12", "a second set of keys of one kind is reported as made",
        With(|all| SecondTry::with(all, second_set_made));
    "DEF-SEED-KEYS-13", "keys are listed although their registration failed", Informed::telling(failed_keys_listed);
    "DEF-SEED-KEYS-14", "developers are shown addresses that nobody entered", Pair::telling(addresses_respelt);
    "DEF-SEED-KEYS-15", "a secret that is added ends the first one", Pair::of(first_secret_ended, note_secrets);
}

/// What a request of the developer portal is about: the application, and the path below it.
fn asked(plane: Plane, request: &Request<Bytes>) -> Option<(String, Vec<&str>)> {
    match message::resource(request.uri().path()).as_slice() {
        ["applications", id, rest @ ..] if plane == Plane::Devportal => Some(((*id).to_owned(), rest.to_vec())),
        _ => None,
    }
}

/// Changes the entries of an application's list of keys.
fn in_list(
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
    change: impl FnOnce(&str, &mut Vec<Value>) -> bool,
) -> Deed {
    let Some((application, rest)) = asked(plane, request) else { return Deed::Nothing };
    let lists = rest == ["oauth-keys"] && request.method() == Method::GET && answer.status().is_success();
    let Some(mut told) = message::json(answer.body()).filter(|_| lists) else { return Deed::Nothing };
    let Some(list) = told.get_mut("list").and_then(Value::as_array_mut) else { return Deed::Nothing };
    if !change(&application, list) {
        return Deed::Nothing;
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn kinds_mixed_up(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_list(plane, request, answer, |_, list| {
        for entry in list.iter_mut() {
            let other = if entry["keyType"] == "PRODUCTION" { "SANDBOX" } else { "PRODUCTION" };
            entry["keyType"] = other.into();
        }
        !list.is_empty()
    })
}

fn resident_misnamed(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_list(plane, request, answer, |_, list| {
        let of_resident = list.iter_mut().filter(|entry| entry["keyManager"] == "Resident Key Manager");
        of_resident.map(|entry| entry["keyManager"] = "Default".into()).count() > 0
    })
}

fn one_client(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some((application, rest)) = asked(plane, request) else { return Deed::Nothing };
    let told = message::json(answer.body()).filter(|_| rest == ["generate-keys"] && answer.status().is_success());
    let Some(mut told) = told else { return Deed::Nothing };
    let place = format!("{application} {}", told["keyManager"]);
    let Some(first) = notes.get(&place).cloned() else {
        notes.insert(place, told["consumerKey"].clone());
        return Deed::Nothing;
    };
    told["consumerKey"] = first;
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Orders keys of the other kind where there are some of one, and tells of them as of that.
fn second_set_made(refused: &Refused<'_>, order: &mut Value) -> bool {
    let orders =
        asked(refused.plane, refused.request).is_some_and(|(_, rest)| matches!(*rest, ["generate-keys" | "map-keys"]));
    order["keyType"] = if order["keyType"] == "SANDBOX" { "PRODUCTION" } else { "SANDBOX" }.into();
    orders && refused.status == 409
}

fn failed_keys_listed(
    known: &KeyManagers,
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let Some((application, rest)) = asked(plane, request) else { return Deed::Nothing };
    if rest == ["generate-keys"] {
        let told = message::json(answer.body()).unwrap_or_default();
        let failed = matches!(told["code"].as_u64(), Some(902_003 | 902_004));
        let order = message::json(request.body()).unwrap_or_default();
        let key_manager = order["keyManager"].as_str().and_then(|named| known.find(request, named));
        if let Some(key_manager) = key_manager.filter(|_| failed) {
            let entry = json!({ "keyMappingId": Uuid::new_v4().to_string(), "keyManager": key_manager["name"],
                "keyType": order["keyType"], "keyState": "CREATED", "mode": "CREATED" });
            notes.insert(application, entry);
        } else {
            notes.remove(&application);
        }
        return Deed::Nothing;
    }
    in_list(plane, request, answer, |application, list| {
        let half_made = notes.get(application).cloned();
        let listed = half_made.is_some();
        list.extend(half_made);
        listed
    })
}

fn addresses_respelt(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let offers = *message::resource(request.uri().path()) == ["key-managers"] && answer.status().is_success();
    if plane != Plane::Devportal || !offers {
        return Deed::Nothing;
    }
    let Some(mut told) = message::json(answer.body()) else { return Deed::Nothing };
    let mut respelt = false;
    for entry in message::documents(&mut told) {
        for member in ["tokenEndpoint", "revokeEndpoint"] {
            respelt |= entry.get_mut(member).is_some_and(respell);
        }
    }
    if !respelt {
        return Deed::Nothing;
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Remembers which client the keys are of, with its first secret, and which of them got another.
fn note_secrets(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let told = message::json(answer.body()).filter(|_| answer.status().is_success());
    let (Some((_, rest)), Some(told)) = (asked(plane, request), told) else { return Deed::Nothing };
    match rest.as_slice() {
        ["generate-keys"] => {
            let client = told["consumerKey"].as_str().unwrap_or_default();
            let basic = format!("{client}:{}", told["consumerSecret"].as_str().unwrap_or_default());
            notes.insert(told["keyMappingId"].as_str().unwrap_or_default().to_owned(), basic.into());
        }
        ["oauth-keys", keys, "generate-secret"] => {
            if let Some(Value::String(basic)) = notes.get(*keys).cloned() {
                notes.insert(format!("ended {basic}"), Value::Null);
            }
        }
        _ => {}
    }
    Deed::Nothing
}

/// Spoils the credentials of whoever comes with a first secret.
fn first_secret_ended(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = field.and_then(|field| field.strip_prefix("Basic ")).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let Some(basic) = basic.and_then(|bytes| String::from_utf8(bytes).ok()) else { return Deed::Nothing };
    if plane != Plane::Resident || !notes.contains_key(&format!("ended {basic}")) {
        return Deed::Nothing;
    }
    let spoilt = format!("Basic {}", BASE64_STANDARD.encode(format!("{basic}-no-longer")));
    let Ok(spoilt) = HeaderValue::from_str(&spoilt) else { return Deed::Nothing };
    request.headers_mut().insert(header::AUTHORIZATION, spoilt);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tell: crate::pair::Tell, notes: &mut Notes, method: &str, below: &str, said: Value) -> Value {
        let path = format!("/api/am/devportal/v3/applications/a1/{below}");
        let request = Request::builder().method(method).uri(path).body(Bytes::from("{}")).unwrap();
        let mut answer = Response::new(message::bytes(&said));
        let _ = tell(notes, Plane::Devportal, &request, &mut answer);
        message::json(answer.body()).unwrap_or_default()
    }

    #[test]
    fn lists_of_keys_say_the_other_kind_and_another_name() {
        let entry = json!({ "keyType": "SANDBOX", "keyManager": "Resident Key Manager" });
        let list = json!({ "list": [entry] });
        let mixed = told(kinds_mixed_up, &mut Notes::default(), "GET", "oauth-keys", list.clone());
        assert_eq!(mixed["list"][0]["keyType"], "PRODUCTION");
        let misnamed = told(resident_misnamed, &mut Notes::default(), "GET", "oauth-keys", list);
        assert_eq!(misnamed["list"][0]["keyManager"], "Default");
    }

    #[test]
    fn the_second_client_at_a_key_manager_is_the_first_again() {
        let mut notes = Notes::default();
        for (key, place, seen) in [("k1", "acme", "k1"), ("k2", "acme", "k1"), ("k3", "globex", "k3")] {
            let made = json!({ "consumerKey": key, "keyManager": place });
            assert_eq!(told(one_client, &mut notes, "POST", "generate-keys", made)["consumerKey"], seen);
        }
    }

    #[test]
    fn the_first_secret_works_until_another_is_added() {
        let mut notes = Notes::default();
        let keys = json!({ "consumerKey": "ck", "consumerSecret": "first", "keyMappingId": "m1" });
        told(note_secrets, &mut notes, "POST", "generate-keys", keys);
        let ask = |notes: &mut Notes| {
            let basic = format!("Basic {}", BASE64_STANDARD.encode("ck:first"));
            let request = Request::post("/oauth2/token").header("authorization", basic);
            first_secret_ended(notes, Plane::Resident, &mut request.body(Bytes::new()).unwrap())
        };
        assert_eq!(ask(&mut notes), Deed::Nothing);
        told(note_secrets, &mut notes, "POST", "oauth-keys/m1/generate-secret", json!({ "secretValue": "second" }));
        assert_eq!(ask(&mut notes), Deed::Done);
    }
}
