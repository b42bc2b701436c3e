//! `/servers/{server}/certificate-mappings`: which certificates of clients stand for which users.
//! How a row is found for a certificate is in `certificates::mapping`.

use axum::{
    Json,
    extract::{Path, State},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};

use super::{
    body::Body,
    house::House,
    refusal::{Answer, Refusal},
};
use crate::certificates::CertificateMapping;

/// All rows, the first that fits first.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mappings {
    mappings: Vec<CertificateMapping>,
}

pub(super) async fn show(State(house): State<House>, Path(server): Path<String>) -> Answer {
    let mappings = house.named(&server)?.certificate_mappings();
    Ok(Json(Mappings { mappings }).into_response())
}

pub(super) async fn put(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(wanted): Body<Mappings>,
) -> Answer {
    let server = house.named(&server)?;
    server.map_certificates(wanted.mappings).map_err(|error| Refusal::told(&error))?;
    Ok(Json(Mappings { mappings: server.certificate_mappings() }).into_response())
}
