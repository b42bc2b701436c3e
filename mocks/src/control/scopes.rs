//! `…/scopes`: the scopes that are registered.
//! Which of them a request gets is the vendor's rule.

use axum::{Json, http::StatusCode, response::IntoResponse};

use super::{
    body::Body,
    patch::patched,
    place::Place,
    refusal::{Answer, Refusal},
};
use crate::realm::{Scope, jwt::Object};

const SETTABLE: [&str; 4] = ["display_name", "description", "roles", "permissions"];

pub(super) async fn list(place: Place) -> Answer {
    Ok(Json(place.realm.scopes()).into_response())
}

pub(super) async fn put(place: Place, Body(wanted): Body<Object>) -> Answer {
    let name = place.name();
    let blank = Scope { name: name.to_owned(), display_name: name.to_owned(), ..Scope::default() };
    let scope: Scope = patched(&blank, wanted, &SETTABLE)?;
    place.realm.add_scope(scope.clone());
    Ok(Json(scope).into_response())
}

pub(super) async fn remove(place: Place) -> Answer {
    let name = place.name();
    let known = place.realm.scopes().into_iter().map(|scope| scope.name);
    match place.realm.remove_scope(name) {
        Some(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        None => Err(Refusal::missing("scope", name, known)),
    }
}
