//! Defects of the secrets of an application's keys: they live on, die early, are shown again, or can be guessed.
//! The secrets of key managers themselves are the business of `secrets`.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-172", "a revoked secret still opens the token endpoint", Pair::of(keep_from_subject, seems_revoked);
    "DEF-173", "the latest secret of a client cannot be revoked", Pair::of(keep_latest, latest_stays);
    "DEF-174", "the expiry of a secret is shown and not enforced", Pair::hearing(expiry_dropped);
    "DEF-175", "secrets are shown again after they were made", Pair::telling(shown_again);
    "DEF-176", "an update of a key erases its secret", Pair::telling(erased_by_update);
    "DEF-181", "generated secrets can be guessed", Pair::telling(guessable);
    "DEF-SEED-SEC-01", "a regenerated secret is told and never counts", Pair::of(never_regenerated, told_all_the_same);
    "DEF-SEED-SEC-02", "a secret that cannot be regenerated is answered as a failure", Pair::telling(failed_instead);
}

/// What was asked of a key: its path up to the key, and what follows.
fn asked(plane: Plane, request: &Request<Bytes>) -> Option<(String, Vec<&str>)> {
    let parts = message::resource(request.uri().path());
    let of_key =
        plane == Plane::Devportal && parts.first() == Some(&"applications") && parts.get(2) == Some(&"oauth-keys");
    (of_key && parts.len() >= 4).then(|| (parts[3].to_owned(), parts[4..].to_vec()))
}

/// The key and the secret that a request revokes.
fn revoked(plane: Plane, request: &Request<Bytes>) -> Option<(String, String)> {
    let (key, rest) = asked(plane, request)?;
    let revokes = rest == ["revoke-secret"] && request.method() == Method::POST;
    let id = message::json(request.body()).filter(|_| revokes)?["secretId"].as_str()?.to_owned();
    Some((key, id))
}

/// The id and the value of a secret that an answer tells for the first time.
fn made(plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) -> Option<(String, String, String)> {
    let (key, rest) = asked(plane, request)?;
    let told = message::json(answer.body()).filter(|_| rest == ["generate-secret"] && answer.status().is_success())?;
    Some((key, told["secretId"].as_str()?.to_owned(), told["secretValue"].as_str()?.to_owned()))
}

/// The list of secrets instead: a request that changes nothing.
fn defuse(request: &mut Request<Bytes>) -> Deed {
    let path = request.uri().path().replace("/revoke-secret", "/secrets");
    message::defuse(request, &path);
    Deed::Done
}

fn keep_from_subject(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if revoked(plane, request).is_some() { defuse(request) } else { Deed::Nothing }
}

fn seems_revoked(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if let Some((_, id)) = revoked(plane, request) {
        if answer.status().is_success() {
            notes.insert(id, Value::Null);
            message::say(answer, 204, &Value::Null);
        }
        return Deed::Nothing;
    }
    let lists = asked(plane, request).is_some_and(|(_, rest)| rest == ["secrets"]);
    let Some(mut shown) = message::json(answer.body()).filter(|_| lists) else { return Deed::Nothing };
    if let Some(list) = shown["list"].as_array_mut() {
        list.retain(|one| one["secretId"].as_str().is_none_or(|id| !notes.contains_key(id)));
        *answer.body_mut() = message::bytes(&shown);
    }
    Deed::Nothing
}

fn keep_latest(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    match revoked(plane, request) {
        Some((key, id)) if notes.get(&key) == Some(&json!(id)) => defuse(request),
        _ => Deed::Nothing,
    }
}

fn latest_stays(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if let Some((key, id, _)) = made(plane, request, answer) {
        notes.insert(key, json!(id));
    }
    if let Some((key, id)) = revoked(plane, request)
        && notes.get(&key) == Some(&json!(id))
    {
        message::refuse(answer, 500, 900_967, "General Error");
    }
    Deed::Nothing
}

fn expiry_dropped(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if asked(plane, request).is_none_or(|(_, rest)| rest != ["generate-secret"]) {
        return Deed::Nothing;
    }
    let Some(mut order) = message::json(request.body()) else { return Deed::Nothing };
    let properties = order["additionalProperties"].as_object_mut();
    if properties.is_none_or(|properties| properties.remove("expiresIn").is_none()) {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&order);
    Deed::Done
}

fn shown_again(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if let Some((_, id, value)) = made(plane, request, answer) {
        notes.insert(id, json!(value));
    }
    let lists = asked(plane, request).is_some_and(|(_, rest)| rest == ["secrets"]);
    let Some(mut shown) = message::json(answer.body()).filter(|_| lists) else { return Deed::Nothing };
    let mut deed = Deed::Nothing;
    for one in shown["list"].as_array_mut().into_iter().flatten() {
        if let Some(value) = one["secretId"].as_str().and_then(|id| notes.get(id)).cloned() {
            one["secretValue"] = value;
            deed = Deed::Done;
        }
    }
    *answer.body_mut() = message::bytes(&shown);
    deed
}

fn erased_by_update(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some((key, rest)) = asked(plane, request) else { return Deed::Nothing };
    if !rest.is_empty() || !answer.status().is_success() {
        return Deed::Nothing;
    }
    if request.method() == Method::PUT {
        notes.insert(key.clone(), Value::Null);
    }
    let Some(mut shown) = message::json(answer.body()).filter(|_| notes.contains_key(&key)) else {
        return Deed::Nothing;
    };
    shown["consumerSecret"] = Value::Null;
    *answer.body_mut() = message::bytes(&shown);
    Deed::Done
}

/// Whether a request has the secret of a key replaced.
fn regenerates(plane: Plane, request: &Request<Bytes>) -> bool {
    request.method() == Method::POST && asked(plane, request).is_some_and(|(_, rest)| rest == ["regenerate-secret"])
}

/// Reads the key instead.
fn never_regenerated(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !regenerates(plane, request) {
        return Deed::Nothing;
    }
    let path = request.uri().path().replace("/regenerate-secret", "");
    message::defuse(request, &path);
    Deed::Done
}

/// Tells a secret that nobody knows.
fn told_all_the_same(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if !regenerates(plane, request) {
        return Deed::Nothing;
    }
    let key = message::json(answer.body()).filter(|_| answer.status().is_success()).unwrap_or_default();
    let told = json!({"consumerKey": key["consumerKey"], "consumerSecret": "kept_by_nobody_000000000000"});
    message::say(answer, 200, &told);
    Deed::Done
}

fn failed_instead(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if !regenerates(plane, request) || answer.status() != 400 {
        return Deed::Nothing;
    }
    message::refuse(answer, 500, 900_967, "General Error");
    Deed::Done
}

/// Numbers the secrets.
fn guessable(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if made(plane, request, answer).is_none() {
        return Deed::Nothing;
    }
    let Some(mut told) = message::json(answer.body()) else { return Deed::Nothing };
    let number = notes.len();
    notes.insert(number.to_string(), Value::Null);
    told["secretValue"] = json!(format!("secret-{number:04}"));
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "/api/am/devportal/v3/applications/a1/oauth-keys/k1";

    fn sent(method: &str, path: &str, body: Value) -> Request<Bytes> {
        Request::builder().method(method).uri(path).body(message::bytes(&body)).unwrap()
    }

    #[test]
    fn a_revocation_never_reaches_the_subject_and_the_list_hides_what_stays() {
        let mut notes = Notes::default();
        let original = sent("POST", &format!("{KEY}/revoke-secret"), json!({"secretId": "s1"}));
        let mut heard = original.clone();
        assert_eq!(keep_from_subject(&mut notes, Plane::Devportal, &mut heard), Deed::Done);
        assert_eq!((heard.method(), heard.uri().path()), (&Method::GET, format!("{KEY}/secrets").as_str()));
        let list = json!({"count": 2, "list": [{"secretId": "s1"}, {"secretId": "s2"}]});
        let mut answer = Response::new(message::bytes(&list));
        let _ = seems_revoked(&mut notes, Plane::Devportal, &original, &mut answer);
        assert_eq!(answer.status(), 204);
        let mut answer = Response::new(message::bytes(&list));
        let _ = seems_revoked(
            &mut notes,
            Plane::Devportal,
            &sent("GET", &format!("{KEY}/secrets"), Value::Null),
            &mut answer,
        );
        assert_eq!(message::json(answer.body()).unwrap()["list"], json!([{"secretId": "s2"}]));
    }

    #[test]
    fn only_the_latest_secret_of_a_key_stays() {
        let mut notes = Notes::default();
        for id in ["s1", "s2"] {
            let mut answer = Response::new(message::bytes(&json!({"secretId": id, "secretValue": "x"})));
            let _ = latest_stays(
                &mut notes,
                Plane::Devportal,
                &sent("POST", &format!("{KEY}/generate-secret"), json!({})),
                &mut answer,
            );
        }
        for (id, deed) in [("s1", Deed::Nothing), ("s2", Deed::Done)] {
            let mut heard = sent("POST", &format!("{KEY}/revoke-secret"), json!({"secretId": id}));
            assert_eq!(keep_latest(&mut notes, Plane::Devportal, &mut heard), deed);
        }
    }
}
