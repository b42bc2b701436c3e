//! Defects of keys that were made: cleaned up, told of, mapped at the resident key manager, opened by several secrets.
//! How keys come about is the business of `key_orders` and `key_generation`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    Deed, message,
    pair::{Bent, Decision, Notes, Pair},
    table::defects,
    token::Token,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KEYS-19", "a clean-up of keys is reported and not made", Pair::hearing(clean_up_lost);
    "DEF-SEED-KEYS-20", "a revoked secret stays in the list", Pair::telling(revoked_listed);
    "DEF-SEED-KEYS-21", "a token by another secret is of another subject", Pair::telling(subject_by_secret);
    "DEF-SEED-KEYS-22", "changed keys are told with the grant types from before", Pair::telling(grants_from_before);
    "DEF-SEED-KEYS-23", "clients of the resident key manager cannot be mapped", Pair::telling(resident_maps_nothing);
    "DEF-SEED-KEYS-24", "a key generation that was refused stands in the way of the next", Pair::telling(refused_once);
    "DEF-SEED-KEYS-25", "a grant type that was taken from keys never comes back", Pair::hearing(never_back);
    "DEF-SEED-KEYS-26", "clients are looked up although the key manager says otherwise", Bent::of(Decision {
                plane: Plane::Admin,
                collection: "key-managers",
                member: "enableProvisionedAppValidation",
                bend: looked_up,
            });
}

fn looked_up(document: &mut Value) -> bool {
    let off = document["enableProvisionedAppValidation"] == false;
    if off {
        document["enableProvisionedAppValidation"] = true.into();
    }
    off
}

/// The key that a request is about, and what follows it in the path.
fn of_key(plane: Plane, request: &Request<Bytes>) -> Option<(String, Vec<String>)> {
    match message::resource(request.uri().path()).as_slice() {
        ["applications", _, "oauth-keys", key, rest @ ..] if plane == Plane::Devportal => {
            Some(((*key).to_owned(), rest.iter().map(|part| (*part).to_owned()).collect()))
        }
        _ => None,
    }
}

/// What an answer that was granted says.
fn granted(answer: &Response<Bytes>) -> Option<Value> {
    message::json(answer.body()).filter(|_| answer.status().is_success())
}

fn clean_up_lost(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if of_key(plane, request).is_none_or(|(_, rest)| rest != ["clean-up"]) {
        return Deed::Nothing;
    }
    let path = request.uri().path().replace("/clean-up", "");
    message::defuse(request, &path);
    Deed::Done
}

fn revoked_listed(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let (Some((key, rest)), Some(mut told)) = (of_key(plane, request), granted(answer)) else { return Deed::Nothing };
    if rest == ["generate-secret"] {
        let made = notes.entry(key).or_insert_with(|| json!([]));
        made.as_array_mut().into_iter().for_each(|made| made.push(told["secretId"].clone()));
        return Deed::Nothing;
    }
    let (Some(Value::Array(made)), ["secrets"]) =
        (notes.get(&key), rest.iter().map(String::as_str).collect::<Vec<_>>().as_slice())
    else {
        return Deed::Nothing;
    };
    let Some(list) = told["list"].as_array_mut() else { return Deed::Nothing };
    let gone: Vec<_> = made.iter().filter(|id| !list.iter().any(|one| one["secretId"] == **id)).collect();
    if gone.is_empty() {
        return Deed::Nothing;
    }
    list.extend(gone.into_iter().map(|id| json!({ "secretId": id, "additionalProperties": {} })));
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Notes secrets that were added, and writes into the claims of their tokens which of them it was.
fn subject_by_secret(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(mut told) = granted(answer) else { return Deed::Nothing };
    if of_key(plane, request).is_some_and(|(_, rest)| rest == ["generate-secret"]) {
        let number = notes.len().to_string();
        notes.insert(told["secretValue"].as_str().unwrap_or_default().to_owned(), number.into());
        return Deed::Nothing;
    }
    let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = field.and_then(|field| field.strip_prefix("Basic ")).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let basic = basic.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let number = basic.split_once(':').and_then(|(_, secret)| notes.get(secret)).filter(|_| plane == Plane::Resident);
    let token = told["access_token"].as_str().and_then(Token::read);
    let (Some(number), Some(token)) = (number, token) else { return Deed::Nothing };
    let subject = format!("{}-{}", token.text("sub").unwrap_or_default(), number.as_str().unwrap_or_default());
    told["access_token"] = token.with_claim("sub", subject.into()).text_of().into();
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn grants_from_before(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(mut told) = granted(answer) else { return Deed::Nothing };
    let made = plane == Plane::Devportal && request.uri().path().ends_with("/generate-keys");
    if made {
        let id = told["keyMappingId"].as_str().unwrap_or_default().to_owned();
        notes.insert(id, told["supportedGrantTypes"].clone());
        return Deed::Nothing;
    }
    let changed = of_key(plane, request).filter(|(_, rest)| rest.is_empty() && request.method() == Method::PUT);
    let Some(before) = changed.and_then(|(key, _)| notes.get(&key).cloned()) else { return Deed::Nothing };
    told["supportedGrantTypes"] = before;
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn refused_once(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let path = request.uri().path();
    if plane != Plane::Devportal || !path.ends_with("/generate-keys") {
        return Deed::Nothing;
    }
    if answer.status() == 400 {
        notes.insert(path.to_owned(), Value::Null);
    }
    if !answer.status().is_success() || !notes.contains_key(path) {
        return Deed::Nothing;
    }
    message::refuse(answer, 409, 901_409, "Key Mappings already exists");
    Deed::Done
}

/// Of the grant types that keys are to have, those stay that they had after the change before.
fn never_back(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let changes = of_key(plane, request).filter(|(_, rest)| rest.is_empty() && request.method() == Method::PUT);
    let (Some((key, _)), Some(mut document)) = (changes, message::json(request.body())) else { return Deed::Nothing };
    let before = notes.get(&key).cloned();
    let Some(grants) = document["supportedGrantTypes"].as_array_mut() else { return Deed::Nothing };
    let wanted = grants.len();
    if let Some(before) = before.as_ref().and_then(Value::as_array) {
        grants.retain(|grant| before.contains(grant));
    }
    let lost = grants.len() < wanted;
    notes.insert(key, document["supportedGrantTypes"].clone());
    if !lost {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

fn resident_maps_nothing(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let maps = plane == Plane::Devportal && request.uri().path().ends_with("/map-keys") && answer.status().is_success();
    let names_one = message::json(request.body()).is_some_and(|order| order["keyManager"].is_string());
    if !maps || names_one {
        return Deed::Nothing;
    }
    message::refuse(answer, 400, 901_405, "Key Manager doesn't support mapping");
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "/api/am/devportal/v3/applications/a1/oauth-keys/k1";

    fn told(tell: crate::pair::Tell, notes: &mut Notes, method: &str, path: &str, said: &Value) -> Value {
        let request = Request::builder().method(method).uri(path).body(Bytes::from("{}")).unwrap();
        let mut answer = Response::new(message::bytes(said));
        let _ = tell(notes, Plane::Devportal, &request, &mut answer);
        message::json(answer.body()).unwrap_or_default()
    }

    #[test]
    fn a_clean_up_becomes_a_look() {
        let mut request = Request::post(format!("{KEY}/clean-up")).body(Bytes::new()).unwrap();
        assert_eq!(clean_up_lost(&mut Notes::default(), Plane::Devportal, &mut request), Deed::Done);
        assert_eq!((request.method(), request.uri().path()), (&Method::GET, KEY));
    }

    #[test]
    fn a_secret_that_was_made_is_listed_for_ever() {
        let mut notes = Notes::default();
        told(revoked_listed, &mut notes, "POST", &format!("{KEY}/generate-secret"), &json!({ "secretId": "s1" }));
        let list = told(revoked_listed, &mut notes, "GET", &format!("{KEY}/secrets"), &json!({ "list": [] }));
        assert_eq!(list["list"][0]["secretId"], "s1");
    }

    #[test]
    fn a_grant_type_that_was_left_out_once_is_left_out_ever_after() {
        let mut notes = Notes::default();
        let mut put = |grants: Value| {
            let body = message::bytes(&json!({ "supportedGrantTypes": grants }));
            let mut request = Request::put(KEY).body(body).unwrap();
            let _ = never_back(&mut notes, Plane::Devportal, &mut request);
            message::json(request.body()).unwrap()["supportedGrantTypes"].clone()
        };
        assert_eq!(put(json!(["a", "b"])), json!(["a", "b"]));
        assert_eq!(put(json!(["b"])), json!(["b"]));
        assert_eq!(put(json!(["a", "b"])), json!(["b"]));
    }

    #[test]
    fn changed_keys_are_told_as_they_were_made() {
        let mut notes = Notes::default();
        let made = json!({ "keyMappingId": "k1", "supportedGrantTypes": ["a", "b"] });
        told(grants_from_before, &mut notes, "POST", "/api/am/devportal/v3/applications/a1/generate-keys", &made);
        let changed = json!({ "keyMappingId": "k1", "supportedGrantTypes": ["a"] });
        assert_eq!(told(grants_from_before, &mut notes, "PUT", KEY, &changed), made);
        assert_eq!(told(grants_from_before, &mut notes, "GET", KEY, &changed), changed);
    }
}
