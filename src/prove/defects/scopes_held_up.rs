//! Defects of scopes whose key managers are down: the publisher is refused, as the product of 4.7 does (DEC-10).
//! A key manager that answers and fails is the business of `connectors`.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response, header};
use serde_json::Value;

use crate::{Accomplices, Deed, Saboteur, key_managers::KeyManagers, message, table::defects};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-CONN-09", "scopes are refused while the server of a key manager is down",
        With(|accomplices| Arc::new(HeldUp { accomplices, key_managers: KeyManagers::default(), seen: Mutex::default() }));
}

/// Types of key managers whose servers keep scopes.
const KEEPING_SCOPES: [&str; 2] = ["WSO2-IS-7", "WSO2-IS"];

/// Asks the servers of a tenant's key managers before a scope of it is made.
struct HeldUp {
    accomplices: Arc<Accomplices>,
    key_managers: KeyManagers,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Ids of key managers that have a server: some only stand in a document.
    there: HashSet<String>,
    /// Requests that were held up.
    held_up: HashSet<(String, Bytes)>,
}

/// Whether a request makes a scope: a shared one, or one that an API has to itself.
fn makes_scope(plane: Plane, request: &Request<Bytes>) -> bool {
    if plane != Plane::Publisher || request.method() != Method::POST {
        return false;
    }
    let own = |each: &Value| each["shared"] == false;
    match *message::resource(request.uri().path()) {
        ["scopes"] => true,
        ["apis"] => message::json(request.body())
            .is_some_and(|api| api["scopes"].as_array().is_some_and(|scopes| scopes.iter().any(own))),
        _ => false,
    }
}

/// A request by who sends it and what: scopes of different tenants may be called the same.
fn mark(request: &Request<Bytes>) -> (String, Bytes) {
    let who = request.headers().get(header::AUTHORIZATION).and_then(|field| field.to_str().ok());
    (who.unwrap_or_default().to_owned(), request.body().clone())
}

impl HeldUp {
    /// Where the keys are of those servers that a new scope of the asker's tenant is told to.
    fn places(&self, request: &Request<Bytes>) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |each: &Value| {
            KEEPING_SCOPES.iter().any(|kind| each["type"] == *kind)
                && each["id"].as_str().is_some_and(|id| seen.there.contains(id))
        };
        let all = self.key_managers.of_asker(request);
        all.iter()
            .filter(|each| told(each))
            .filter_map(|each| Some(each["certificates"]["value"].as_str()?.into()))
            .collect()
    }

    fn note(&self, answer: &Response<Bytes>) {
        let told = message::json(answer.body()).filter(|_| answer.status().is_success()).unwrap_or_default();
        let there = told["issuer"].as_str().is_some_and(|issuer| self.accomplices.find(issuer).is_some());
        if let (Some(id), true) = (told["id"].as_str(), there) {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).there.insert(id.to_owned());
        }
    }
}

impl Saboteur for HeldUp {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        async move {
            if !makes_scope(plane, request) {
                return Deed::Nothing;
            }
            for place in self.places(request) {
                if self.accomplices.client().get(place).send().await.is_ok() {
                    continue;
                }
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).held_up.insert(mark(request));
                let path = request.uri().path().to_owned();
                message::defuse(request, &path);
                return Deed::Done;
            }
            Deed::Nothing
        }
        .boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        self.key_managers.learn(plane, request, answer);
        if plane == Plane::Admin && *message::resource(request.uri().path()) == ["key-managers"] {
            self.note(answer);
        }
        let held_up = makes_scope(plane, request)
            && self.seen.lock().unwrap_or_else(PoisonError::into_inner).held_up.remove(&mark(request));
        if held_up {
            message::refuse(answer, 500, 900_967, "General Error");
        }
        std::future::ready(if held_up { Deed::Done } else { Deed::Nothing }).boxed()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shared_scope_and_one_of_an_api_are_made_and_nothing_else_is() {
        let request = |method: Method, path: &str, body: Value| {
            Request::builder().method(method).uri(path).body(message::bytes(&body)).unwrap()
        };
        let (scopes, apis) = ("/api/am/publisher/v4/scopes", "/api/am/publisher/v4/apis");
        let api = |shared: bool| json!({ "scopes": [{ "scope": { "name": "read" }, "shared": shared }] });
        for (method, path, body, makes) in [
            (Method::POST, scopes, json!({ "name": "read" }), true),
            (Method::GET, scopes, Value::Null, false),
            (Method::POST, apis, api(false), true),
            (Method::POST, apis, api(true), false),
            (Method::POST, apis, json!({ "name": "orders" }), false),
        ] {
            assert_eq!(makes_scope(Plane::Publisher, &request(method, path, body.clone())), makes, "{path} {body}");
        }
        assert!(!makes_scope(Plane::Devportal, &request(Method::POST, scopes, Value::Null)));
    }
}
