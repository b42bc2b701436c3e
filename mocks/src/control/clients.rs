//! `…/clients`: OAuth clients, with the form and the life of their tokens.
//! Registration by the clients themselves is the vendor's endpoint.

use axum::{Json, http::StatusCode, response::IntoResponse};

use super::{
    body::Body,
    patch::{need_text, patched, take_text},
    place::Place,
    refusal::{Answer, Refusal},
};
use crate::realm::{Client, ClientSpec, Realm, jwt::Object};

/// Members that can be set.
const SETTABLE: [&str; 18] = [
    "secret",
    "name",
    "owner",
    "grant_types",
    "redirect_uris",
    "scopes",
    "audiences",
    "token_format",
    "app_token_seconds",
    "user_token_seconds",
    "refresh_token_seconds",
    "pkce_mandatory",
    "pkce_plain",
    "skips_consent",
    "certificate",
    "certificate_bound",
    "active",
    "metadata",
];

pub(super) async fn list(place: Place) -> Answer {
    Ok(Json(place.realm.clients()).into_response())
}

pub(super) async fn create(place: Place, Body(mut wanted): Body<Object>) -> Answer {
    let mut client = ClientSpec::new(need_text(&mut wanted, "name")?).0;
    if let Some(id) = take_text(&mut wanted, "id")? {
        if place.realm.client(&id).is_some() {
            return Err(Refusal::conflict(format!("there is a client `{id}` already")).hint("PATCH it instead"));
        }
        if let Some(other) = place.taken_by(&id) {
            let refusal = Refusal::conflict(format!("the tenant `{other}` has a client `{id}`"));
            return Err(refusal.hint("ids are one for all tenants; PUT …/consumer-keys changes that"));
        }
        client.id = id;
    }
    if wanted.contains_key("certificate") {
        client.secret = None;
    }
    let client = place.realm.add_client(ClientSpec(patched(&client, wanted, &SETTABLE)?));
    Ok((StatusCode::CREATED, Json(client)).into_response())
}

pub(super) async fn show(place: Place) -> Answer {
    let id = place.name();
    Ok(Json(named(&place.realm, id)?).into_response())
}

pub(super) async fn change(place: Place, Body(changes): Body<Object>) -> Answer {
    let id = place.name();
    let changed: Client = patched(&named(&place.realm, id)?, changes, &SETTABLE)?;
    place.realm.update_client(id, |client| *client = changed);
    Ok(Json(named(&place.realm, id)?).into_response())
}

pub(super) async fn remove(place: Place) -> Answer {
    let id = place.name();
    named(&place.realm, id)?;
    place.realm.remove_client(id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn named(realm: &Realm, id: &str) -> Result<Client, Refusal> {
    let known = || realm.clients().into_iter().map(|client| client.id);
    realm.client(id).ok_or_else(|| Refusal::missing("client", id, known()))
}
