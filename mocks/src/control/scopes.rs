//! `/servers/{server}/scopes`: the scopes that are registered.
//! Which of them a request gets is the vendor's rule.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};

use super::{
    body::Body,
    house::House,
    patch::patched,
    refusal::{Answer, Refusal},
};
use crate::realm::{Scope, jwt::Object};

const SETTABLE: [&str; 4] = ["display_name", "description", "roles", "permissions"];

pub(super) async fn list(State(house): State<House>, Path(server): Path<String>) -> Answer {
    Ok(Json(house.named(&server)?.realm().scopes()).into_response())
}

pub(super) async fn put(
    State(house): State<House>,
    Path((server, name)): Path<(String, String)>,
    Body(wanted): Body<Object>,
) -> Answer {
    let server = house.named(&server)?;
    let blank = Scope { display_name: name.clone(), name, ..Scope::default() };
    let scope: Scope = patched(&blank, wanted, &SETTABLE)?;
    server.realm().add_scope(scope.clone());
    Ok(Json(scope).into_response())
}

pub(super) async fn remove(State(house): State<House>, Path((server, name)): Path<(String, String)>) -> Answer {
    let server = house.named(&server)?;
    let known = server.realm().scopes().into_iter().map(|scope| scope.name);
    match server.realm().remove_scope(&name) {
        Some(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        None => Err(Refusal::missing("scope", &name, known)),
    }
}
