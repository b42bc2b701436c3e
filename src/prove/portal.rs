//! Saboteurs of what developers do with the keys of applications: one function on requests, one on answers, one memory.
//! Which messages they change, and how, stands with each defect.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::Value;

use super::{Deed, Saboteur, message};
use kmspec_model::exchange::Plane;

pub(super) type OnRequest = fn(&Memory, Plane, &mut Request<Bytes>) -> Deed;
pub(super) type OnAnswer = fn(&Memory, Plane, &Request<Bytes>, &mut Response<Bytes>) -> Deed;

/// A saboteur that changes single messages, by what passed before.
pub(super) struct Portal {
    memory: Memory,
    request: OnRequest,
    answer: OnAnswer,
}

impl Portal {
    /// One that changes what developers ask.
    pub(super) fn hearing(request: OnRequest) -> Arc<dyn Saboteur> {
        Arc::new(Self { memory: Memory::default(), request, answer: |_, _, _, _| Deed::Nothing })
    }

    /// One that changes what they are told.
    pub(super) fn telling(answer: OnAnswer) -> Arc<dyn Saboteur> {
        Arc::new(Self { memory: Memory::default(), request: |_, _, _| Deed::Nothing, answer })
    }
}

impl Saboteur for Portal {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        std::future::ready((self.request)(&self.memory, plane, request)).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let deed = (self.answer)(&self.memory, plane, request, answer);
        self.memory.learn(plane, request, answer, deed);
        std::future::ready(deed).boxed()
    }
}

/// What passed so far.
#[derive(Default)]
pub(super) struct Memory(Mutex<Seen>);

#[derive(Default)]
pub(super) struct Seen {
    /// What was created, in order: ids of applications and key managers.
    created: Vec<String>,
    /// Names of key managers, with their ids.
    names: HashMap<String, String>,
    /// Connector properties of key managers, by id.
    pub(super) properties: HashMap<String, Value>,
    /// Whatever a defect does once.
    pub(super) marks: HashSet<String>,
    /// The key manager at which an application generated keys last.
    pub(super) with_keys: HashMap<String, Value>,
    /// Clients that were mapped, and where.
    pub(super) mapped: HashSet<String>,
    /// Who created an application: the bearer.
    pub(super) owners: HashMap<String, HeaderValue>,
    /// Bearers that have listed the key managers.
    pub(super) listed: HashSet<HeaderValue>,
}

/// What the developer portal is asked, as far as these defects look.
pub(super) enum Asked<'a> {
    Generate(&'a str),
    Map(&'a str),
    OneKey,
    Token,
    Deletion,
    Other,
}

pub(super) fn asked<'a>(plane: Plane, request: &'a Request<Bytes>) -> Asked<'a> {
    if plane != Plane::Devportal {
        return Asked::Other;
    }
    match (request.method().as_str(), message::resource(request.uri().path()).as_slice()) {
        ("POST", ["applications", id, "generate-keys"]) => Asked::Generate(id),
        ("POST", ["applications", id, "map-keys"]) => Asked::Map(id),
        ("GET" | "PUT", ["applications", _, "oauth-keys", _]) => Asked::OneKey,
        ("POST", ["applications", _, "oauth-keys", _, "generate-token"]) => Asked::Token,
        ("DELETE", ["applications", _]) => Asked::Deletion,
        _ => Asked::Other,
    }
}

/// The JSON of a request; null where there is none.
pub(super) fn sent(request: &Request<Bytes>) -> Value {
    message::json(request.body()).unwrap_or_default()
}

/// Who asks.
pub(super) fn bearer(request: &Request<Bytes>) -> Option<&HeaderValue> {
    request.headers().get(header::AUTHORIZATION)
}

impl Memory {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns from what really happened, which is hidden where a deed was done.
    fn learn(&self, plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>, deed: Deed) {
        if !answer.status().is_success() || deed == Deed::Done {
            return;
        }
        let (sent, told) = (sent(request), message::json(answer.body()).unwrap_or_default());
        let mut seen = self.seen();
        match (plane, request.method(), message::resource(request.uri().path()).as_slice()) {
            (Plane::Admin, &Method::POST, ["key-managers"]) => {
                let id = told["id"].as_str().unwrap_or_default().to_owned();
                seen.names.insert(told["name"].as_str().unwrap_or_default().to_owned(), id.clone());
                seen.properties.insert(id.clone(), sent["additionalProperties"].clone());
                seen.created.push(id);
            }
            (Plane::Admin, &Method::PUT, ["key-managers", id]) => {
                seen.properties.insert((*id).to_owned(), sent["additionalProperties"].clone());
            }
            (Plane::Devportal, &Method::POST, ["applications"]) => {
                let id = told["applicationId"].as_str().unwrap_or_default().to_owned();
                if let Some(owner) = bearer(request) {
                    seen.owners.insert(id.clone(), owner.clone());
                }
                seen.created.push(id);
            }
            (Plane::Devportal, &Method::POST, ["applications", id, "generate-keys"]) => {
                seen.with_keys.insert((*id).to_owned(), told["keyManager"].clone());
            }
            (Plane::Devportal, &Method::POST, ["applications", _, "map-keys"]) => {
                seen.mapped.insert(client_of(&sent));
            }
            (Plane::Devportal, &Method::GET, ["key-managers"]) => {
                seen.listed.extend(bearer(request).cloned());
            }
            _ => {}
        }
    }

    /// Notes something; whether it was new.
    pub(super) fn mark(&self, what: String) -> bool {
        self.seen().marks.insert(what)
    }
}

impl Seen {
    /// The id of the key manager that a key request names.
    pub(super) fn key_manager(&self, sent: &Value) -> Option<String> {
        let named = sent["keyManager"].as_str()?;
        Some(self.names.get(named).cloned().unwrap_or_else(|| named.to_owned()))
    }

    /// Whether the application was there before the key manager.
    pub(super) fn is_older(&self, application: &str, sent: &Value) -> bool {
        let place = |id: &str| self.created.iter().position(|known| known == id);
        let key_manager = self.key_manager(sent).and_then(|id| place(&id));
        place(application).zip(key_manager).is_some_and(|(application, key_manager)| application < key_manager)
    }
}

/// The client that a mapping is about, and where it is.
pub(super) fn client_of(sent: &Value) -> String {
    format!("{} {}", sent["keyManager"], sent["consumerKey"])
}

/// Orders keys at a key manager that is not there, so that the subject itself refuses.
pub(super) fn order_nowhere(request: &mut Request<Bytes>) -> Deed {
    order_at(request, "00000000-0000-4000-8000-000000000000".into())
}

/// Orders keys at another key manager.
pub(super) fn order_at(request: &mut Request<Bytes>, key_manager: Value) -> Deed {
    let mut order = sent(request);
    if !order.is_object() || order["keyManager"] == key_manager {
        return Deed::Nothing;
    }
    order["keyManager"] = key_manager;
    *request.body_mut() = message::bytes(&order);
    Deed::Done
}

/// Changes a JSON answer.
pub(super) fn rewrite(answer: &mut Response<Bytes>, change: impl FnOnce(&mut Value)) -> Deed {
    let Some(mut told) = message::json(answer.body()) else { return Deed::Nothing };
    change(&mut told);
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Makes another refusal of a refusal.
pub(super) fn refuse_otherwise(answer: &mut Response<Bytes>, status: StatusCode, code: u32, text: &str) -> Deed {
    *answer.status_mut() = status;
    rewrite(answer, |told| {
        told["code"] = code.into();
        told["message"] = text.into();
        told["description"] = text.into();
    })
}
