//! Good tokens that a saboteur borrows, so that the backend itself answers a call that should have been refused.
//! When that is due is for the defects to say.

use bytes::Bytes;
use http::{Request, Response, header};

use super::gate::Case;

impl Case<'_> {
    /// A token that the gateway would accept on this path: one that passed before, or one for a client that was mapped.
    pub(super) fn pass(&self) -> Option<String> {
        let passed = |call: &&super::history::GatewayCall| {
            call.answer.is_some() && call.path == self.path() && call.token != self.text
        };
        self.history.calls().find(passed).map(|call| call.token.clone()).or_else(|| self.for_mapped_client())
    }

    fn for_mapped_client(&self) -> Option<String> {
        let documents = self.key_managers.in_tenant_of(self.path());
        self.history.decisions().find_map(|each| {
            let (client, place) = (each.told["consumerKey"].as_str()?, each.text("keyManager")?);
            let document = documents.iter().find(|document| document["id"] == place || document["name"] == place)?;
            let issuer = self.accomplices.find(document["issuer"].as_str()?)?;
            let claim = document["consumerKeyClaim"].as_str().unwrap_or("client_id");
            Some(issuer.token(client, client).claim(claim, client).encode())
        })
    }
}

/// What the backend answers to a call with this token, sent to where the call went; `None` when the gateway refuses it.
pub(super) async fn answer_to(client: &reqwest::Client, call: &Request<Bytes>, token: &str) -> Option<Response<Bytes>> {
    let host = call.headers().get(header::HOST)?.to_str().ok()?;
    let request = client.get(format!("https://{host}{}", call.uri().path())).bearer_auth(token);
    let answer = request.send().await.ok()?.error_for_status().ok()?;
    let mut told = Response::new(Bytes::new());
    told.headers_mut()
        .extend(answer.headers().get(header::CONTENT_TYPE).map(|kind| (header::CONTENT_TYPE, kind.clone())));
    *told.body_mut() = answer.bytes().await.ok()?;
    super::message::fit_answer_length(&mut told);
    Some(told)
}
