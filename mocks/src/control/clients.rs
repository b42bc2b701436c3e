//! `/servers/{server}/clients`: OAuth clients, with the form and the life of their tokens.
//! Registration by the clients themselves is the vendor's endpoint.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};

use super::{
    body::Body,
    house::House,
    patch::{need_text, patched, take_text},
    refusal::{Answer, Refusal},
};
use crate::{
    realm::{Client, ClientSpec, jwt::Object},
    server::AuthorizationServer,
};

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

pub(super) async fn list(State(house): State<House>, Path(server): Path<String>) -> Answer {
    Ok(Json(house.named(&server)?.realm().clients()).into_response())
}

pub(super) async fn create(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(mut wanted): Body<Object>,
) -> Answer {
    let server = house.named(&server)?;
    let mut client = ClientSpec::new(need_text(&mut wanted, "name")?).0;
    if let Some(id) = take_text(&mut wanted, "id")? {
        if server.realm().client(&id).is_some() {
            return Err(Refusal::conflict(format!("there is a client `{id}` already")).hint("PATCH it instead"));
        }
        client.id = id;
    }
    if wanted.contains_key("certificate") {
        client.secret = None;
    }
    let client = server.realm().add_client(ClientSpec(patched(&client, wanted, &SETTABLE)?));
    Ok((StatusCode::CREATED, Json(client)).into_response())
}

pub(super) async fn show(State(house): State<House>, Path((server, id)): Path<(String, String)>) -> Answer {
    Ok(Json(named(&*house.named(&server)?, &id)?).into_response())
}

pub(super) async fn change(
    State(house): State<House>,
    Path((server, id)): Path<(String, String)>,
    Body(changes): Body<Object>,
) -> Answer {
    let server = house.named(&server)?;
    let changed: Client = patched(&named(&server, &id)?, changes, &SETTABLE)?;
    server.realm().update_client(&id, |client| *client = changed);
    Ok(Json(named(&server, &id)?).into_response())
}

pub(super) async fn remove(State(house): State<House>, Path((server, id)): Path<(String, String)>) -> Answer {
    let server = house.named(&server)?;
    named(&server, &id)?;
    server.realm().remove_client(&id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn named(server: &AuthorizationServer, id: &str) -> Result<Client, Refusal> {
    let known = || server.realm().clients().into_iter().map(|client| client.id);
    server.realm().client(id).ok_or_else(|| Refusal::missing("client", id, known()))
}
