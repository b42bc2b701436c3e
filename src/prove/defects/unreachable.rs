//! Defects of administering key managers whose servers are out of reach: what needs no server is refused for want of one.
//! Adding one is the business of `key_manager_news`.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::json;

use crate::{
    Accomplices, Deed, Saboteur, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KM-41", "a key manager is changed and deleted only while its authorization server answers",
        With(|accomplices| Arc::new(HeldUp { accomplices, known: Mutex::default() }));
    "DEF-SEED-CONN-12", "what a key manager could not be told of is not reported there", Pair::telling(untold_unreported);
}

/// Asks the server of a key manager before that is changed or deleted.
struct HeldUp {
    accomplices: Arc<Accomplices>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Where the keys of a key manager's server are, by its id.
    places: HashMap<String, String>,
    /// Key managers whose server was out of reach.
    held_up: HashSet<String>,
}

/// The id of the key manager that a request changes or deletes.
fn concerned(plane: Plane, request: &Request<Bytes>) -> Option<String> {
    let acts = plane == Plane::Admin && [Method::PUT, Method::DELETE].contains(request.method());
    match *message::resource(request.uri().path()) {
        ["key-managers", id] if acts => Some(id.to_owned()),
        _ => None,
    }
}

impl HeldUp {
    /// Servers that only stand in a document were never there.
    fn note(&self, answer: &Response<Bytes>) {
        let told = message::json(answer.body()).filter(|_| answer.status().is_success()).unwrap_or_default();
        let there = told["issuer"].as_str().is_some_and(|issuer| self.accomplices.find(issuer).is_some());
        if let (Some(id), Some(place), true) = (told["id"].as_str(), told["certificates"]["value"].as_str(), there) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.places.insert(id.to_owned(), place.to_owned());
        }
    }
}

impl Saboteur for HeldUp {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        async move {
            let Some(id) = concerned(plane, request) else { return Deed::Nothing };
            let place = self.known.lock().unwrap_or_else(PoisonError::into_inner).places.get(&id).cloned();
            let Some(place) = place else { return Deed::Nothing };
            if self.accomplices.client().get(place).send().await.is_ok() {
                return Deed::Nothing;
            }
            self.known.lock().unwrap_or_else(PoisonError::into_inner).held_up.insert(id);
            let path = request.uri().path().to_owned();
            message::defuse(request, &path);
            Deed::Done
        }
        .boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let adds = plane == Plane::Admin && *message::resource(request.uri().path()) == ["key-managers"];
        if adds && request.method() == Method::POST {
            self.note(answer);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let held_up = concerned(plane, request).is_some_and(|id| known.held_up.remove(&id));
        if held_up {
            message::refuse(answer, 500, 900_967, "General Error");
        }
        std::future::ready(if held_up { Deed::Done } else { Deed::Nothing }).boxed()
    }
}

/// What became of scopes at a key manager is told as if there were none.
fn untold_unreported(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let ["key-managers", _, "scope-registrations"] = *message::resource(request.uri().path()) else {
        return Deed::Nothing;
    };
    if plane != Plane::Admin || !answer.status().is_success() {
        return Deed::Nothing;
    }
    message::say(answer, 200, &json!({ "count": 0, "list": [] }));
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_and_a_deletion_of_a_key_manager_are_held_up() {
        let request =
            |method: Method, path: &str| Request::builder().method(method).uri(path).body(Bytes::new()).unwrap();
        let one = "/api/am/admin/v4/key-managers/7";
        assert_eq!(concerned(Plane::Admin, &request(Method::DELETE, one)), Some("7".to_owned()));
        assert_eq!(concerned(Plane::Admin, &request(Method::PUT, one)), Some("7".to_owned()));
        assert_eq!(concerned(Plane::Admin, &request(Method::GET, one)), None);
        assert_eq!(concerned(Plane::Admin, &request(Method::PUT, "/api/am/admin/v4/key-managers")), None);
        assert_eq!(concerned(Plane::Publisher, &request(Method::PUT, one)), None);
    }
}
