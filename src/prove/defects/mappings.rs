//! Defects of mapping clients that developers bring along: too much is mapped, or too little.
//! What the platform does at the authorization server meanwhile is the business of `out_of_band`.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::{
    Deed, message,
    portal::{Asked, Memory, Portal, asked, client_of, order_at, refuse_otherwise, rewrite, sent},
    registrar::Registrar,
    second_try::{self, Retried, Retry},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-162", "a client that nobody knows is mapped",
        With(|accomplices| Arc::new(Retried(AnythingMapped(Registrar::new(accomplices)))));
    "DEF-163", "mapping a client twice is a vague failure", Portal::telling(second_mapping_is_vague);
    "DEF-164", "keys at one key manager block mapping at another", Portal::hearing(other_keys_block);
}

/// Has a client made when one cannot be looked up, maps that, and tells of the one that was named.
struct AnythingMapped(Registrar);

impl AnythingMapped {
    async fn map(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let mut order = sent(request);
        let named = order["consumerKey"].clone();
        let client = self.0.register(order["keyManager"].as_str()?, "mapped-instead").await?;
        order["consumerKey"] = client["client_id"].clone();
        order["consumerSecret"] = client["client_secret"].clone();
        let mut second = second_try::again(self.0.accomplices(), request, message::bytes(&order)).await?;
        let told =
            second.status().is_success() && rewrite(&mut second, |told| told["consumerKey"] = named) == Deed::Done;
        told.then_some(second)
    }
}

impl Retry for AnythingMapped {
    async fn second(
        &self,
        plane: Plane,
        request: &Request<Bytes>,
        answer: &mut Response<Bytes>,
    ) -> Option<Response<Bytes>> {
        self.0.learn(plane, request, answer);
        let failed = answer.status() == StatusCode::INTERNAL_SERVER_ERROR;
        if !failed || !matches!(asked(plane, request), Asked::Map(_)) {
            return None;
        }
        self.map(request).await
    }
}

fn second_mapping_is_vague(
    memory: &Memory,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let concerned = matches!(asked(plane, request), Asked::Map(_))
        && answer.status() == StatusCode::CONFLICT
        && memory.seen().mapped.contains(&client_of(&sent(request)));
    if !concerned {
        return Deed::Nothing;
    }
    refuse_otherwise(answer, StatusCode::INTERNAL_SERVER_ERROR, 900_967, "General Error")
}

/// The mapping is ordered where there are keys already, so that the subject itself refuses.
fn other_keys_block(memory: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Asked::Map(application) = asked(plane, request) else { return Deed::Nothing };
    let taken: Option<Value> = memory.seen().with_keys.get(application).cloned();
    taken.map_or(Deed::Nothing, |taken| order_at(request, taken))
}
