//! Clients that a saboteur registers itself, at the authorization server of a key manager and with its credentials.
//! When that is due is for the defects to say.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::{Accomplices, message};
use kmspec_model::exchange::Plane;

/// Knows key managers as administrators wrote them, secrets included.
pub(super) struct Registrar {
    accomplices: Arc<Accomplices>,
    /// Documents by id and by name.
    written: Mutex<HashMap<String, Value>>,
}

impl Registrar {
    pub(super) fn new(accomplices: Arc<Accomplices>) -> Self {
        Self { accomplices, written: Mutex::default() }
    }

    pub(super) fn accomplices(&self) -> &Accomplices {
        &self.accomplices
    }

    /// Learns of a key manager that was added.
    pub(super) fn learn(&self, plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) {
        if plane != Plane::Admin || !answer.status().is_success() || request.method() != Method::POST {
            return;
        }
        let told = message::json(answer.body()).unwrap_or_default();
        let sent = message::json(request.body()).unwrap_or_default();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        for name in ["id", "name"].iter().filter_map(|member| told[*member].as_str()) {
            written.insert(name.to_owned(), sent.clone());
        }
    }

    /// Registers a client at the key manager of that id or name: what it answered (RFC 7591, section 3.2.1).
    pub(super) async fn register(&self, key_manager: &str, client_name: &str) -> Option<Value> {
        let document = self.written.lock().unwrap_or_else(PoisonError::into_inner).get(key_manager).cloned()?;
        let property = |name: &str| document["additionalProperties"][name].as_str().unwrap_or_default().to_owned();
        let client = json!({ "client_name": client_name, "grant_types": ["client_credentials"] });
        let post = self.accomplices.client().post(document["clientRegistrationEndpoint"].as_str()?).json(&client);
        let answer = post.basic_auth(property("Username"), Some(property("Password"))).send().await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }
}
