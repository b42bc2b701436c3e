//! Defects of out-of-band provisioning: the platform meddles with clients that are none of its own.
//! What an authorization server makes of the request is its own business; its journal shows that it came.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::{Value, json};
use url::Url;

use crate::{Accomplices, Deed, Saboteur, key_managers::KeyManagers, message, table::defects};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-OOB-05", "mapping an existing client registers another one at the authorization server",
        With(|accomplices| Arc::new(RegistrationSent { accomplices, key_managers: KeyManagers::default() }));
}

/// Registers a client of its own whenever a developer mapped one.
struct RegistrationSent {
    accomplices: Arc<Accomplices>,
    key_managers: KeyManagers,
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
            if plane == Plane::Devportal {
                return self.meddle(request).await;
            }
            self.key_managers.learn(plane, request, answer);
            Deed::Nothing
        }
        .boxed()
    }
}

impl RegistrationSent {
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
        self.key_managers.find(request, body["keyManager"].as_str()?)
    }

    /// Where a platform would register: the document says so, or discovery does, or it is guessed beside the tokens.
    async fn registration_endpoint(&self, document: &Value) -> Option<Url> {
        if let Some(url) = url_in(document, "clientRegistrationEndpoint") {
            return Some(url);
        }
        if let Some(discovery) = url_in(document, "wellKnownEndpoint")
            && let Ok(answer) = self.accomplices.client().get(discovery).send().await
        {
            let metadata: Value = answer.json().await.unwrap_or_default();
            if let Some(url) = url_in(&metadata, "registration_endpoint") {
                return Some(url);
            }
        }
        url_in(document, "tokenEndpoint")?.join("/register").ok()
    }
}

fn url_in(document: &Value, member: &str) -> Option<Url> {
    document[member].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Interposer, Side,
        rehearsal::{self, Hall, json_answer},
    };

    const KEY_MANAGERS: &str = "/api/am/admin/v4/key-managers";
    const MAP_KEYS: &str = "/api/am/devportal/v3/applications/a1/map-keys";

    async fn cast(platform: &Hall) -> Interposer {
        let accomplices = Arc::new(Accomplices::new(&[]).unwrap());
        let saboteur = RegistrationSent { accomplices, key_managers: KeyManagers::default() };
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
}
