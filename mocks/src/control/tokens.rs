//! `…/tokens`: genuine tokens outright, forged ones to order, and what became of them.
//! What can be forged stands in `forge`.

use axum::{Json, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use serde_json::json;

use super::{
    body::Body,
    clients,
    place::Place,
    refusal::{Answer, Refusal},
    users,
};
use crate::{
    forge::{ForgeryOrder, KeyChoice},
    grants::{Issue, issue},
    realm::{Revocation, TokenFormat, jwt::Object},
};

pub(super) async fn list(place: Place) -> Answer {
    Ok(Json(place.realm.snapshot().tokens).into_response())
}

/// A genuine token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    client_id: String,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    format: Option<TokenFormat>,
    #[serde(default)]
    refresh: bool,
    #[serde(default)]
    claims: Object,
}

pub(super) async fn create(place: Place, Body(wanted): Body<Wanted>) -> Answer {
    let client = clients::named(&place.realm, &wanted.client_id)?;
    let user = wanted.username.map(|name| users::named(&place.realm, &name)).transpose()?;
    let grant_type = if user.is_some() { "password" } else { "client_credentials" };
    let mut order = Issue::new(&client, user.as_ref(), grant_type, wanted.scopes);
    order.format = wanted.format.unwrap_or(order.format);
    order.refresh = wanted.refresh;
    order.claims = wanted.claims;
    let issued = issue(&place.realm, &order);
    Ok((StatusCode::CREATED, Json(issued.body())).into_response())
}

pub(super) async fn forge(place: Place, Body(order): Body<ForgeryOrder>) -> Answer {
    let token = place.forge().order(order).map_err(|error| Refusal::told(&error))?;
    Ok((StatusCode::CREATED, Json(json!({ "token": token }))).into_response())
}

/// A proof of possession.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    key: KeyChoice,
    method: String,
    url: String,
    #[serde(default)]
    token: Option<String>,
}

pub(super) async fn prove(place: Place, Body(order): Body<Proof>) -> Answer {
    let forge = place.forge();
    let key = order.key.of(forge.keys()).map_err(|error| Refusal::told(&error))?;
    let proof = forge.proof(&key, &order.method, &order.url, order.token.as_deref());
    let body = json!({ "proof": proof.encode(), "thumbprint": proof.thumbprint() });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// A token's text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    token: String,
}

pub(super) async fn revoke(place: Place, Body(text): Body<Text>) -> Answer {
    match place.realm.revoke(&text.token, None) {
        Revocation::Revoked(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Revocation::Unsupported => Err(Refusal::bad("this vendor does not revoke access tokens")),
        Revocation::Unknown | Revocation::Foreign(_) => {
            Err(Refusal::of(StatusCode::NOT_FOUND, "this is no token that is still good"))
        }
    }
}

/// A second before which nothing that was issued counts any more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutOff {
    /// Whose tokens; everybody's when left out.
    #[serde(default)]
    client_id: Option<String>,
    issued_before: u64,
}

pub(super) async fn cut_off(place: Place, Body(cut): Body<CutOff>) -> Answer {
    let client = cut.client_id.map(|id| clients::named(&place.realm, &id)).transpose()?;
    place.realm.end_issued_before(client.as_ref().map(|client| client.id.as_str()), cut.issued_before);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn introspect(place: Place, Body(text): Body<Text>) -> Answer {
    Ok(Json(place.realm.introspect(&text.token)).into_response())
}
