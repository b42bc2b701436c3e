//! Defects of credentials that outlive what they stand on, API keys, secrets and tokens, or were never finished.
//! The subscriptions of tokens are the business of [`super::subscriptions`].

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};
use serde_json::json;

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-083", "an API key outlives the subscription of its application", Pair::telling(outlives_subscription);
    "DEF-SEED-GW-20", "keys that could not be generated are shown", Pair::telling(unfinished_keys_shown);
    "DEF-179", "the portal goes on with what it got for a secret that was changed since",
        Pair::telling(outlives_secret);
    "DEF-180", "tokens outlive the reset of their client", Pair::hearing(outlives_reset);
}

/// The product's header for API keys.
const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// What the backend answered to a key before is answered again, once some subscription has ended.
fn outlives_subscription(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let ends = message::resource(request.uri().path()).first() == Some(&"subscriptions");
    if plane == Plane::Devportal && ends && request.method() == Method::DELETE && answer.status().is_success() {
        notes.insert("ended".to_owned(), true.into());
    }
    let key = request.headers().get(API_KEY).and_then(|value| value.to_str().ok());
    let Some(key) = key.filter(|_| plane == Plane::Gateway) else { return Deed::Nothing };
    let call = format!("{} {key}", request.uri().path());
    if answer.status().is_success() {
        notes.insert(call, message::json(answer.body()).unwrap_or_default());
        return Deed::Nothing;
    }
    match notes.get(&call).filter(|_| notes.contains_key("ended")).cloned() {
        Some(before) => {
            message::say(answer, 200, &before);
            Deed::Done
        }
        None => Deed::Nothing,
    }
}

/// A token that cannot be had any more is told from memory.
fn outlives_secret(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let ["applications", application, .., last] = *message::resource(request.uri().path()) else {
        return Deed::Nothing;
    };
    if plane != Plane::Devportal || request.method() != Method::POST {
        return Deed::Nothing;
    }
    let told = message::json(answer.body()).unwrap_or_default();
    let came_with_keys = last == "generate-keys" && told["token"].is_object();
    if answer.status().is_success() && came_with_keys {
        notes.insert(application.to_owned(), told["token"].clone());
    }
    match notes.get(application).filter(|_| last == "generate-token" && !answer.status().is_success()).cloned() {
        Some(token) => {
            message::say(answer, 200, &token);
            Deed::Done
        }
        None => Deed::Nothing,
    }
}

/// A list of keys has an entry for each generation that failed.
fn unfinished_keys_shown(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let told = message::json(answer.body()).unwrap_or_default();
    if let (Plane::Admin, Some(id), Some(name)) = (plane, told["id"].as_str(), told["name"].as_str()) {
        notes.insert(format!("name of {id}"), name.into());
    }
    let ["applications", application, last] = *message::resource(request.uri().path()) else { return Deed::Nothing };
    // A refusal that is the developer's fault is none that an authorization server had a part in.
    let failed = answer.status().is_server_error() && last == "generate-keys";
    if let Some(order) = message::json(request.body()).filter(|_| failed) {
        notes.insert(format!("order of {application}"), order);
    }
    let lists = last == "oauth-keys" && request.method() == Method::GET && answer.status().is_success();
    let Some(order) = notes.get(&format!("order of {application}")).filter(|_| lists) else { return Deed::Nothing };
    let asked = order["keyManager"].as_str().unwrap_or_default();
    let name = notes.get(&format!("name of {asked}")).cloned().unwrap_or_else(|| asked.into());
    let entry = json!({
        "keyMappingId": uuid::Uuid::new_v4(),
        "keyManager": name,
        "keyType": order["keyType"],
        "consumerKey": uuid::Uuid::new_v4(),
        "mode": "CREATED",
        "supportedGrantTypes": [],
    });
    let mut told = told;
    let Some(list) = told["list"].as_array_mut() else { return Deed::Nothing };
    list.push(entry);
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// The reset is announced as one of long ago, before any token was issued.
fn outlives_reset(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let told = message::json(request.body()).filter(|_| plane == Plane::Notify);
    let Some(mut told) = told.filter(|told| told["type"] == "consumer_app_revocation_event") else {
        return Deed::Nothing;
    };
    told["revocationTime"] = 1.into();
    *request.body_mut() = message::bytes(&told);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_passed_passes_again_after_a_subscription_ended_and_no_other_does() {
        let mut notes = Notes::new();
        let mut call = |key: &str, status: u16| {
            let request = Request::get("/orders").header("ApiKey", key).body(Bytes::new()).unwrap();
            let mut answer = Response::builder().status(status).body(message::bytes(&json!({ "of": key }))).unwrap();
            let deed = outlives_subscription(&mut notes, Plane::Gateway, &request, &mut answer);
            if key == "one" && status == 200 {
                let ended = Request::delete("/api/am/devportal/v3/subscriptions/7").body(Bytes::new()).unwrap();
                let mut done = Response::new(Bytes::new());
                let _ = outlives_subscription(&mut notes, Plane::Devportal, &ended, &mut done);
            }
            (deed, answer.status().as_u16())
        };
        assert_eq!(call("one", 200), (Deed::Nothing, 200));
        assert_eq!(call("one", 403), (Deed::Done, 200));
        assert_eq!(call("two", 403), (Deed::Nothing, 403));
        assert!(!notes.contains_key("/orders two"));
    }
}
