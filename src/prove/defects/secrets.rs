//! Defects that show secrets to readers.
//! Secrets are learned as administrators write them; no reader is asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::{Map, Value};

use crate::{
    model::exchange::Plane,
    prove::{Deed, Defect, Saboteur, message},
};

/// What a masked property reads as.
const MASK: &str = "*****";

/// DEF-178: a key manager's document shows the secret that its connector was given.
pub(in crate::prove) const SECRET_UNMASKED: Defect = Defect {
    id: "DEF-178",
    summary: "a key manager's secrets are returned unmasked",
    controls: "@key-managers and not @DEF-178",
    saboteur: |_| Arc::new(SecretUnmasked::default()),
};

/// Puts in place of the mask what was last written there.
#[derive(Default)]
struct SecretUnmasked {
    /// Connector properties as last written, by key manager id.
    written: Mutex<HashMap<String, Map<String, Value>>>,
}

impl Saboteur for SecretUnmasked {
    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let concerned = plane == Plane::Admin
            && answer.status().is_success()
            && message::resource(request.uri().path()).first() == Some(&"key-managers");
        std::future::ready(if concerned { self.reveal(request, answer) } else { Deed::Nothing }).boxed()
    }
}

impl SecretUnmasked {
    fn reveal(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        let Some(mut shown) = message::json(answer.body()) else { return Deed::Nothing };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*request.method(), Method::POST | Method::PUT) {
            if let (Some(document), Some(id)) = (message::json(request.body()), shown["id"].as_str()) {
                let known = written.entry(id.to_owned()).or_default();
                known.extend(secrets(&document));
            }
        }
        let mut deed = Deed::Nothing;
        for document in message::documents(&mut shown) {
            let Some(known) = document["id"].as_str().and_then(|id| written.get(id)) else { continue };
            let Some(properties) = document.get_mut("additionalProperties").and_then(Value::as_object_mut) else {
                continue;
            };
            for (name, value) in properties.iter_mut().filter(|(_, value)| *value == MASK) {
                if let Some(secret) = known.get(name) {
                    *value = secret.clone();
                    deed = Deed::Done;
                }
            }
        }
        if deed == Deed::Done {
            *answer.body_mut() = message::bytes(&shown);
        }
        deed
    }
}

/// The texts among a document's connector properties, except for masks: those say that nothing changed.
fn secrets(document: &Value) -> Map<String, Value> {
    let properties = document["additionalProperties"].as_object().cloned().unwrap_or_default();
    properties.into_iter().filter(|(_, value)| value.is_string() && *value != MASK).collect()
}
