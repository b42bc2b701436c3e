//! Saboteurs that are no more than a few functions: a pair that hears and tells, or a decision that is bent.
//! Which messages they change, and how, stands with each defect.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::Value;

use super::{Deed, Saboteur, message};
use kmspec_model::exchange::Plane;

/// What a pair remembers between messages.
pub(super) type Notes = HashMap<String, Value>;

/// Changes a request on its way in.
pub(super) type Hear = fn(&mut Notes, Plane, &mut Request<Bytes>) -> Deed;

/// Changes an answer on its way out; the request is the one that was sent.
pub(super) type Tell = fn(&mut Notes, Plane, &Request<Bytes>, &mut Response<Bytes>) -> Deed;

/// A saboteur of two functions that share their notes.
pub(super) struct Pair {
    hear: Hear,
    tell: Tell,
    notes: Mutex<Notes>,
}

impl Pair {
    /// One that hears and tells.
    pub(super) fn of(hear: Hear, tell: Tell) -> Arc<dyn Saboteur> {
        Arc::new(Self { hear, tell, notes: Mutex::default() })
    }

    /// One that only changes answers.
    pub(super) fn telling(tell: Tell) -> Arc<dyn Saboteur> {
        Self::of(|_, _, _| Deed::Nothing, tell)
    }

    /// One that only changes requests.
    pub(super) fn hearing(hear: Hear) -> Arc<dyn Saboteur> {
        Self::of(hear, |_, _, _, _| Deed::Nothing)
    }
}

impl Saboteur for Pair {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let deed = (self.hear)(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner), plane, request);
        std::future::ready(deed).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let deed = (self.tell)(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner), plane, request, answer);
        std::future::ready(deed).boxed()
    }
}

/// A decision about documents of one kind that the subject never hears of.
pub(super) struct Decision {
    pub(super) plane: Plane,
    /// Resource of the documents, such as `key-managers`.
    pub(super) collection: &'static str,
    /// Member that holds the decision; whoever decided reads it back as they made it.
    pub(super) member: &'static str,
    /// Turns a decision into its opposite, and says whether there was one.
    pub(super) bend: fn(&mut Value) -> bool,
}

/// Tells the subject the opposite of what was decided, and whoever decided their own words.
pub(super) struct Bent {
    decision: Decision,
    /// The member as it was decided, by document id.
    decided: Mutex<HashMap<String, Value>>,
}

impl Bent {
    pub(super) fn of(decision: Decision) -> Arc<dyn Saboteur> {
        Arc::new(Self { decision, decided: Mutex::default() })
    }

    /// The document in a create or an update of the collection.
    fn written(&self, request: &Request<Bytes>) -> Option<Value> {
        let writes = match *message::resource(request.uri().path()) {
            [collection] => collection == self.decision.collection && request.method() == Method::POST,
            [collection, _] => collection == self.decision.collection && request.method() == Method::PUT,
            _ => false,
        };
        if writes { message::json(request.body()) } else { None }
    }

    fn bend(&self, request: &mut Request<Bytes>) -> Deed {
        let Some(mut document) = self.written(request) else { return Deed::Nothing };
        if !(self.decision.bend)(&mut document) {
            return Deed::Nothing;
        }
        *request.body_mut() = message::bytes(&document);
        Deed::Done
    }

    /// Remembers what was decided, and shows it instead of what the subject believes.
    fn cover(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) {
        if message::resource(request.uri().path()).first() != Some(&self.decision.collection) {
            return;
        }
        let Some(mut shown) = message::json(answer.body()) else { return };
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(document), Some(id)) = (self.written(request), shown["id"].as_str()) {
            match (self.decision.bend)(&mut document.clone()) {
                true => decided.insert(id.to_owned(), document[self.decision.member].clone()),
                false => decided.remove(id),
            };
        }
        let mut covered = false;
        for document in message::documents(&mut shown) {
            let own = document["id"].as_str().and_then(|id| decided.get(id)).cloned();
            if let Some((own, member)) = own.zip(document.get_mut(self.decision.member)) {
                *member = own;
                covered = true;
            }
        }
        if covered {
            *answer.body_mut() = message::bytes(&shown);
        }
    }
}

impl Saboteur for Bent {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        std::future::ready(if plane == self.decision.plane { self.bend(request) } else { Deed::Nothing }).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        if plane == self.decision.plane && answer.status().is_success() {
            self.cover(request, answer);
        }
        std::future::ready(Deed::Nothing).boxed()
    }
}
