//! `/servers/{server}/tenants` and `…/consumer-keys`: further tenants of Identity Server, and whether ids are one for all.
//! What a tenant is stands in `server::tenants`; the resources of a tenant are in the files of their servers'.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    body::Body,
    house::House,
    place::Place,
    refusal::{Answer, Refusal},
};
use crate::server::AuthorizationServer;

/// A tenant to be added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    domain: String,
}

/// The constraint on ids of clients.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsumerKeys {
    unique: bool,
}

fn document(server: &AuthorizationServer, domain: &str) -> Value {
    let issuer = server.tenant(domain).map(|realm| realm.issuer().to_owned()).unwrap_or_default();
    json!({
        "domain": domain,
        "discovery": format!("{issuer}/.well-known/openid-configuration"),
        "issuer": issuer,
        "endpoints": server.tenant_endpoints(domain),
    })
}

pub(super) async fn list(State(house): State<House>, Path(server): Path<String>) -> Answer {
    let server = house.named(&server)?;
    let all: Vec<Value> = server.tenants().iter().map(|domain| document(&server, domain)).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn create(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Answer {
    let server = house.named(&server)?;
    server.add_tenant(&wanted.domain).map_err(|error| Refusal::told(&error))?;
    Ok((StatusCode::CREATED, Json(document(&server, &wanted.domain))).into_response())
}

pub(super) async fn show(place: Place) -> Answer {
    Ok(Json(document(&place.server, place.domain())).into_response())
}

pub(super) async fn show_keys(State(house): State<House>, Path(server): Path<String>) -> Answer {
    Ok(Json(ConsumerKeys { unique: house.named(&server)?.has_unique_consumer_keys() }).into_response())
}

pub(super) async fn change_keys(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(wanted): Body<ConsumerKeys>,
) -> Answer {
    let server = house.named(&server)?;
    server.unique_consumer_keys(wanted.unique);
    Ok(Json(wanted).into_response())
}
