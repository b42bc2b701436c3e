//! Defects of what a failed key generation leaves behind: a mark that stands in the way, a client that nobody has.
//! What becomes of orders that are granted is the business of `key_generation`.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};

use crate::{
    Deed, Saboteur, message,
    portal::{Asked, Memory, Portal, asked, sent},
    registrar::Registrar,
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-155", "a key generation that failed blocks the next one", Portal::telling(half_made_keys_block);
    "DEF-156", "a client is left at the authorization server although key generation failed",
        With(|accomplices| Arc::new(ClientLeft(Registrar::new(accomplices))));
}

/// What stands in the way is in no document of the subject, so that the second refusal can only be told.
fn half_made_keys_block(memory: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Asked::Generate(application) = asked(plane, request) else { return Deed::Nothing };
    let order = sent(request);
    let kind = format!("{application} {} {}", order["keyManager"], order["keyType"]);
    if memory.seen().marks.contains(&kind) {
        message::refuse(answer, 409, 901_409, "Key Mappings already exists");
        return Deed::Done;
    }
    let told = message::json(answer.body()).unwrap_or_default();
    if !answer.status().is_success() && matches!(told["code"].as_u64(), Some(902_003 | 902_004 | 900_967)) {
        memory.mark(kind);
    }
    Deed::Nothing
}

/// DEF-156: registers a client of its own whenever a first token could not be had.
struct ClientLeft(Registrar);

impl Saboteur for ClientLeft {
    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        async move {
            self.0.learn(plane, request, answer);
            let told = message::json(answer.body()).unwrap_or_default();
            let failed = matches!(asked(plane, request), Asked::Generate(_)) && told["code"].as_u64() == Some(900_957);
            let order = sent(request);
            let named = order["keyManager"].as_str().filter(|_| failed);
            match named {
                Some(named) if self.0.register(named, "left-over").await.is_some() => Deed::Done,
                _ => Deed::Nothing,
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rehearsal::{self, APPLICATION, Hall, cast, json_answer};

    #[tokio::test]
    async fn a_failed_generation_blocks_the_next_of_its_kind_and_no_other() {
        let platform = Hall::open(|heard| match heard.json()["keyType"].as_str() {
            Some("SANDBOX") => json_answer(200, &json!({})),
            _ => json_answer(500, &json!({"code": 902_004})),
        })
        .await;
        let interposer = cast(DEFECTS, "DEF-155", &platform).await;
        let generate = format!("{APPLICATION}/generate-keys");
        for (kind, status) in [("PRODUCTION", 500), ("PRODUCTION", 409), ("SANDBOX", 200), ("SANDBOX", 200)] {
            let order = json!({"keyType": kind, "keyManager": "acme"});
            assert_eq!(rehearsal::ask(interposer.url(), "POST", &generate, order).await.0, status, "{kind}");
        }
        assert_eq!(interposer.deeds(), 1);
    }
}
