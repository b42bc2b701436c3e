//! `…/devices` and `…/authorizations`: what a person would do on a page.
//! The pages themselves are the vendor's endpoints.

use axum::{Json, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use serde_json::json;

use super::{
    body::Body,
    place::Place,
    refusal::{Answer, Refusal},
    users,
};
use crate::{
    grants::{AuthorizationRefusal, Form},
    realm::AuthorizationRequest,
};

/// What is decided about a device: in whose name it may act, or that it may not.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Decision {
    /// The user.
    Approve(String),
    /// Whatever the value.
    Deny(bool),
}

pub(super) async fn decide(place: Place, Body(decision): Body<Decision>) -> Answer {
    let code = place.name();
    let done = match decision {
        Decision::Approve(name) => place.realm.approve_device(code, &users::named(&place.realm, &name)?.name),
        Decision::Deny(true) => place.realm.deny_device(code),
        Decision::Deny(false) => return Err(Refusal::bad("nothing was decided").hint("`deny` takes true")),
    };
    match done {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::of(StatusCode::NOT_FOUND, format!("no device waits under `{code}`"))),
    }
}

/// An authorization request, and who approves it; nobody does when left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authorization {
    /// The query of the request.
    query: String,
    #[serde(default)]
    username: Option<String>,
}

pub(super) async fn authorize(place: Place, Body(wanted): Body<Authorization>) -> Answer {
    let form = Form::parse(wanted.query.trim_start_matches('?').as_bytes());
    let location = match AuthorizationRequest::read(&place.realm, &form) {
        Ok(request) => match wanted.username {
            Some(name) => request.approved(&place.realm, &users::named(&place.realm, &name)?),
            None => request.denied(),
        },
        Err(AuthorizationRefusal::Redirected(location)) => location,
        Err(AuthorizationRefusal::Shown(error)) => {
            return Err(Refusal::bad(format!("the request is refused: {}: {}", error.code, error.description)));
        }
    };
    Ok(Json(json!({ "location": location })).into_response())
}
