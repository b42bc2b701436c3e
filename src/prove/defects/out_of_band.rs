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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::{
        Interposer, Side,
        rehearsal::{self, Hall, json_answer},
    };

    const KEY_MANAGERS: &str = "/api/am/admin/v4/key-managers";
    const MAP_KEYS: &str = "/api/am/devportal/v3/applications/a1/map-keys";

    async fn cast(platform: &Hall) -> Interposer {
        let accomplices = Arc::new(Accomplices::new(&[]).unwrap());
        let saboteur = RegistrationSent { accomplices, key_managers: Mutex::default() };
        rehearsal::interpose(platform, Side::Management, Arc::new(saboteur)).await
    }

    async fn authorization_server() -> Hall {
        Hall::open(|heard| {
            let base = format!("http://{}", heard.header("host").unwrap());
            json_answer(200, &json!({ "registration_endpoint": format!("{base}/connect/register") }))
        })
        .await
    }

    #[tokio::test]
    async fn mapping_a_client_sends_a_registration_wherever_it_can_be_guessed() {
        for (member, path, asked) in [
            ("clientRegistrationEndpoint", "/dcr", "/dcr"),
            ("wellKnownEndpoint", "/.well-known/openid-configuration", "/connect/register"),
            ("tokenEndpoint", "/oauth/token", "/register"),
        ] {
            let (server, platform) = (authorization_server().await, rehearsal::keeper().await);
            let interposer = cast(&platform).await;
            let document = json!({ "name": "outside", member: server.url.join(path).unwrap() });
            rehearsal::ask(interposer.url(), "POST", KEY_MANAGERS, document).await;
            for (name, sent) in [("id-1", 1), ("outside", 2), ("unknown", 2)] {
                rehearsal::ask(interposer.url(), "POST", MAP_KEYS, json!({ "keyManager": name })).await;
                let heard = server.heard().into_iter().filter(|each| each.method == "POST").collect::<Vec<_>>();
                assert_eq!(heard.len(), sent, "{member} {name}");
                assert!(heard.iter().all(|each| each.path == asked));
            }
            assert_eq!(interposer.deeds(), 2);
        }
    }

    #[tokio::test]
    async fn a_refused_mapping_and_a_generated_key_send_nothing() {
        let (server, platform) = (authorization_server().await, rehearsal::keeper().await);
        let interposer = cast(&platform).await;
        let document = json!({ "name": "outside", "clientRegistrationEndpoint": server.url });
        rehearsal::ask(interposer.url(), "POST", KEY_MANAGERS, document).await;
        let refused = json!({ "name": "refused", "keyManager": "id-1" });
        assert_eq!(rehearsal::ask(interposer.url(), "POST", MAP_KEYS, refused).await.0, 400);
        let generate = MAP_KEYS.replace("map-keys", "generate-keys");
        rehearsal::ask(interposer.url(), "POST", &generate, json!({ "keyManager": "id-1" })).await;
        assert!(server.heard().is_empty());
    }

    #[test]
    fn tenants_are_read_from_the_users_name() {
        let of = |authorization: &str| {
            tenant(&Request::get("/").header("authorization", authorization).body(Bytes::new()).unwrap())
        };
        let bearer =
            |sub: &str| format!("Bearer e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(json!({ "sub": sub }).to_string()));
        assert_eq!(of(&bearer("dora@acme.example")), "acme.example");
        assert_eq!(of(&bearer("admin@carbon.super")), "");
        assert_eq!(of(&format!("Basic {}", BASE64_STANDARD.encode("a@b@acme.example:p@w"))), "acme.example");
        assert_eq!(of("Bearer opaque"), "");
    }
}
