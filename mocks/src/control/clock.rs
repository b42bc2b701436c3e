//! `/servers/{server}/clock`: the time as a server sees it.
//! What depends on it is the realm's business.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{body::Body, house::House, refusal::Answer};
use crate::realm::Clock;

/// What is to be changed about a clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    /// Seconds since 1970.
    #[serde(default)]
    now: Option<u64>,
    #[serde(default)]
    stopped: Option<bool>,
}

/// How far it is to be moved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    seconds: u64,
}

fn document(clock: &Clock) -> Response {
    Json(json!({ "now": clock.now(), "now_ms": clock.now_ms(), "stopped": clock.is_stopped() })).into_response()
}

pub(super) async fn show(State(house): State<House>, Path(server): Path<String>) -> Answer {
    Ok(document(house.named(&server)?.clock()))
}

pub(super) async fn change(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(setting): Body<Setting>,
) -> Answer {
    let server = house.named(&server)?;
    match setting.stopped {
        Some(true) => server.clock().stop(),
        Some(false) => server.clock().resume(),
        None => {}
    }
    if let Some(now) = setting.now {
        server.clock().set(now);
    }
    Ok(document(server.clock()))
}

pub(super) async fn advance(State(house): State<House>, Path(server): Path<String>, Body(step): Body<Step>) -> Answer {
    let server = house.named(&server)?;
    server.clock().advance(Duration::from_secs(step.seconds));
    Ok(document(server.clock()))
}
