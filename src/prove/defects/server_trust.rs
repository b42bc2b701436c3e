//! Defects of trusting authorization servers: one that cannot prove who it is gets asked all the same.
//! What is made of its answers is judged elsewhere.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Request, Response, header};
use serde_json::{Value, json};
use url::Url;

use crate::{Accomplices, Deed, Saboteur, key_managers::KeyManagers, message, table::defects, token::Token};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-149", "certificates of authorization servers are not checked",
        With(|accomplices| Arc::new(Unchecked { accomplices, key_managers: KeyManagers::default() }));
}

/// Asks a server that cannot prove who it is what the platform would have asked it: to register a client, or for its
/// key set. Servers that can are left to the platform.
struct Unchecked {
    accomplices: Arc<Accomplices>,
    key_managers: KeyManagers,
}

/// What is asked of a server.
enum Errand {
    Register(Url),
    Keys(Url),
}

impl Saboteur for Unchecked {
    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        self.key_managers.learn(plane, request, answer);
        async move {
            if answer.status().is_success() {
                return Deed::Nothing;
            }
            let errand = match plane {
                Plane::Devportal => self.registration(request),
                Plane::Gateway => self.keys(request),
                _ => None,
            };
            match errand {
                Some(errand) => self.run(errand).await,
                None => Deed::Nothing,
            }
        }
        .boxed()
    }
}

impl Unchecked {
    fn registration(&self, request: &Request<Bytes>) -> Option<Errand> {
        let ["applications", _, "generate-keys"] = *message::resource(request.uri().path()) else { return None };
        let order = message::json(request.body())?;
        let document = self.key_managers.find(request, order["keyManager"].as_str()?)?;
        Some(Errand::Register(address(&document["clientRegistrationEndpoint"])?))
    }

    fn keys(&self, request: &Request<Bytes>) -> Option<Errand> {
        let field = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
        let token = Token::read(field.strip_prefix("Bearer ")?)?;
        let document = self.key_managers.of_issuer(request.uri().path(), token.issuer()?)?;
        let certificates = &document["certificates"];
        let url = (certificates["type"] == "JWKS").then(|| address(&certificates["value"])).flatten()?;
        Some(Errand::Keys(url))
    }

    async fn run(&self, errand: Errand) -> Deed {
        let (Errand::Register(url) | Errand::Keys(url)) = &errand;
        if self.can_prove_itself(url).await {
            return Deed::Nothing;
        }
        let gullible = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build();
        let Ok(client) = gullible else { return Deed::Nothing };
        let asked = match &errand {
            Errand::Register(url) => client.post(url.clone()).json(&json!({ "client_name": "unchecked" })),
            Errand::Keys(url) => client.get(url.clone()),
        };
        match asked.send().await {
            Ok(_) => Deed::Done,
            Err(error) => {
                tracing::warn!(%error, "the request that should not happen did not happen");
                Deed::Nothing
            }
        }
    }

    /// Whether the server's certificate is good. It is asked for something that it does not have.
    async fn can_prove_itself(&self, url: &Url) -> bool {
        let nowhere = url.join("/").unwrap_or_else(|_| url.clone());
        self.accomplices.client().head(nowhere).send().await.is_ok()
    }
}

fn address(value: &Value) -> Option<Url> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use kmspec_mocks::certificates::CertificateAuthority;

    use super::*;
    use crate::{
        Interposer, InterposerConfig, Side,
        rehearsal::{self, Hall, Idle, json_answer},
    };

    /// How often a server is asked for a client once the platform could not have one, when `trusted` signed for it.
    async fn registrations(trusted: bool) -> usize {
        let authority = CertificateAuthority::new("trust test").unwrap();
        let server = Hall::open(|_| json_answer(201, &json!({}))).await;
        let (side, saboteur) = (Side::AuthorizationServer, Arc::new(Idle));
        let tls = Some(authority.issue(&["localhost", "127.0.0.1"]).unwrap().server_config());
        let (upstream, trust) = (server.url.clone(), Vec::new());
        let front = Interposer::start(InterposerConfig { upstream, side, tls, trust, saboteur }).await.unwrap();

        let platform = Hall::open(|heard| match heard.path.contains("generate-keys") {
            true => json_answer(500, &json!({ "code": 900_967 })),
            false => json_answer(201, &heard.json()),
        })
        .await;
        let known = if trusted { vec![authority.ca_pem().to_owned()] } else { Vec::new() };
        let accomplices = Arc::new(Accomplices::new(&known).unwrap());
        let saboteur = (DEFECTS[0].saboteur)(accomplices);
        let interposer = rehearsal::interpose(&platform, Side::Management, saboteur).await;
        let document = json!({ "id": "a", "name": "acme", "clientRegistrationEndpoint": front.url() });
        rehearsal::ask(interposer.url(), "POST", "/api/am/admin/v4/key-managers", document).await;
        let generate = "/api/am/devportal/v3/applications/a1/generate-keys";
        rehearsal::ask(interposer.url(), "POST", generate, json!({ "keyManager": "acme" })).await;
        server.heard().iter().filter(|heard| heard.method == "POST").count()
    }

    #[tokio::test]
    async fn only_a_server_that_cannot_prove_who_it_is_gets_asked() {
        assert_eq!(registrations(false).await, 1);
        assert_eq!(registrations(true).await, 0);
    }
}
