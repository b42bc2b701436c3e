//! `/servers/{server}/trusted-issuers`: who may vouch for users.
//! What an assertion must look like is decided in `grants`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde_json::{Value, json};

use super::{
    body::Body,
    house::House,
    refusal::{Answer, Refusal},
};
use crate::realm::{TrustedIssuer, trusted_issuer::TrustedIssuerDocument};

fn document(issuer: &TrustedIssuer) -> Value {
    json!({
        "name": issuer.name,
        "issuer": issuer.issuer,
        "alias": issuer.alias,
        "enabled": issuer.enabled,
        "local_subjects": issuer.local_subjects,
    })
}

pub(super) async fn list(State(house): State<House>, Path(server): Path<String>) -> Answer {
    let all: Vec<Value> = house.named(&server)?.realm().trusted_issuers().iter().map(document).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn create(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(wanted): Body<TrustedIssuerDocument>,
) -> Answer {
    let server = house.named(&server)?;
    let issuer = TrustedIssuer::try_from(wanted).map_err(|error| Refusal::told(&error))?;
    let answer = document(&issuer);
    server.realm().trust(issuer).map_err(|error| Refusal::told(&error))?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(super) async fn remove(State(house): State<House>, Path((server, name)): Path<(String, String)>) -> Answer {
    let server = house.named(&server)?;
    let known = server.realm().trusted_issuers().into_iter().map(|issuer| issuer.name);
    match server.realm().distrust(&name) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::missing("trusted issuer", &name, known)),
    }
}
