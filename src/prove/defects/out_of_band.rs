//! Defects of out-of-band provisioning: the platform meddles with clients that are none of its own.
//! What an authorization server makes of the request is its own business; its journal shows that it came.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response, header};
use serde_json::{Value, json};
use url::Url;

use crate::{
    model::exchange::Plane,
    prove::{Accomplices, Deed, Defect, Saboteur, message},
};

/// DEF-SEED-OOB-05: mapping an existing client sends a registration to the authorization server.
pub(in crate::prove) const REGISTRATION_SENT: Defect = Defect {
    id: "DEF-SEED-OOB-05",
    summary: "mapping an existing client registers another one at the authorization server",
    controls: "@out-of-band and not @DEF-SEED-OOB-05",
    saboteur: |accomplices| Arc::new(RegistrationSent { accomplices, key_managers: Mutex::default() }),
};

/// Registers a client of its own whenever a developer mapped one.
struct RegistrationSent {
    accomplices: Arc<Accomplices>,
    /// Key manager documents as administrators saw them: under their ids, and under tenant and name.
    key_managers: Mutex<HashMap<String, Value>>,
}

impl Saboteur for RegistrationSent {
    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        async move {
            if !answer.status().is_success() {
                return Deed::Nothing;
            }
            match plane {
                Plane::Admin => self.learn(request, answer),
                Plane::Devportal => return self.meddle(request).await,
                _ => {}
            }
            Deed::Nothing
        }
        .boxed()
    }
}

impl RegistrationSent {
    fn learn(&self, request: &Request<Bytes>, answer: &Response<Bytes>) {
        if message::resource(request.uri().path()).first() != Some(&"key-managers") {
            return;
        }
        let Some(document) = message::json(answer.body()) else { return };
        if let (Some(id), Some(name)) = (document["id"].as_str(), document["name"].as_str()) {
            let mut known = self.key_managers.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(id.to_owned(), document.clone());
            known.insert(named(&tenant(request), name), document.clone());
        }
    }

    async fn meddle(&self, request: &Request<Bytes>) -> Deed {
        let Some(document) = self.mapped_at(request) else { return Deed::Nothing };
        let Some(endpoint) = self.registration_endpoint(&document).await else { return Deed::Nothing };
        let registration = json!({ "client_name": "registered-unasked", "redirect_uris": ["https://localhost/cb"] });
        match self.accomplices.client().post(endpoint).json(&registration).send().await {
            Ok(_) => Deed::Done,
            Err(error) => {
                tracing::warn!(%error, "the registration that should not happen did not happen");
                Deed::Nothing
            }
        }
    }

    /// The key manager at which a request maps a client, if that is what it does.
    fn mapped_at(&self, request: &Request<Bytes>) -> Option<Value> {
        let ["applications", _, "map-keys"] = *message::resource(request.uri().path()) else { return None };
        if request.method() != Method::POST {
            return None;
        }
        let body = message::json(request.body())?;
        let key_manager = body["keyManager"].as_str()?;
        let known = self.key_managers.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key_manager).or_else(|| known.get(&named(&tenant(request), key_manager))).cloned()
    }

    /// Where a platform would register: the document says so, or discovery does, or it is guessed beside the tokens.
    async fn registration_endpoint(&self, document: &Value) -> Option<Url> {
        if let Some(url) = url_in(document, "clientRegistrationEndpoint") {
            return Some(url);
        }
        if let Some(discovery) = url_in(document, "wellKnownEndpoint") {
            if let Ok(answer) = self.accomplices.client().get(discovery).send().await {
                let metadata: Value = answer.json().await.unwrap_or_default();
                if let Some(url) = url_in(&metadata, "registration_endpoint") {
                    return Some(url);
                }
            }
        }
        url_in(document, "tokenEndpoint")?.join("/register").ok()
    }
}

fn url_in(document: &Value, member: &str) -> Option<Url> {
    document[member].as_str()?.parse().ok()
}

/// Key of a key manager by tenant and name; the blank keeps it apart from every id.
fn named(tenant: &str, name: &str) -> String {
    format!("{tenant} {name}")
}

/// The tenant of whoever asks: after the last `@` of the user's name, which stands in the token or in `Basic`.
/// Empty for users of the super tenant, and where nobody can tell.
fn tenant(request: &Request<Bytes>) -> String {
    request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(user)
        .and_then(|user| user.rsplit_once('@').map(|(_, tenant)| tenant.to_owned()))
        .filter(|tenant| tenant != "carbon.super")
        .unwrap_or_default()
}

fn user(authorization: &str) -> Option<String> {
    if let Some(credentials) = authorization.strip_prefix("Basic ") {
        let text = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
        return text.split_once(':').map(|(user, _)| user.to_owned());
    }
    let claims = authorization.strip_prefix("Bearer ")?.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    claims["sub"].as_str().map(str::to_owned)
}
