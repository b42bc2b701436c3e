//! The bootstrap registration: a user with a password gets a client for calling the planes.
//! Clients of applications are registered by the connector.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use kmspec_mocks::{objects, realm::random};
use serde::Deserialize;
use serde_json::{Value, json};

use super::realms::Residents;
use crate::{
    domain::{OAuthClient, Secret, User, principal},
    identity,
    store::{Documents, StoreError},
    wire::{Refusal, basic_credentials},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    client_name: String,
    #[serde(default)]
    callback_url: Option<String>,
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    saas_app: bool,
}

/// `POST /client-registration/v0.17/register`: an upsert on the client's name.
pub(super) async fn register(
    State(residents): State<Arc<Residents>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let (name, password) = basic_credentials(&headers).ok_or_else(Refusal::unauthenticated)?;
    let asked: Result<Registration, _> = objects::from_slice(&body);
    let done = residents
        .store()
        .write(move |documents| {
            let user = identity::find_principal(documents, &name)?;
            let user = user.filter(|user| identity::password_fits(&user.password, &password));
            let user = user.ok_or_else(Refusal::unauthenticated)?;
            let asked = asked.map_err(|error| Refusal::bad_request(error.to_string()))?;
            check(&asked, &user)?;
            let saas = asked.saas_app;
            Ok::<_, Refusal>((upsert(documents, &user, asked)?, saas))
        })
        .await?;
    Ok(Json(told(&done.0, done.1)))
}

fn check(asked: &Registration, user: &User) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
    if asked.client_name.is_empty() || !asked.client_name.chars().all(allowed) {
        return Err(Refusal::bad_request("clientName may hold letters, digits, blanks, `.`, `_` and `-` only"));
    }
    // The tenant may be said or left out, the super tenant's too.
    let own = [user.name.clone(), format!("{}@{}", user.name, user.tenant)];
    match asked.owner.as_deref().filter(|owner| !owner.is_empty()) {
        Some(owner) if !own.iter().any(|own| own == owner) => {
            Err(Refusal::generic(StatusCode::FORBIDDEN, "a client can be registered for oneself only"))
        }
        _ => Ok(()),
    }
}

fn upsert(documents: &Documents<'_>, user: &User, asked: Registration) -> Result<OAuthClient, StoreError> {
    let namesakes: Vec<OAuthClient> = documents.children(&asked.client_name)?;
    let known = namesakes
        .into_iter()
        .find(|client| client.tenant == user.tenant && client.owner == user.name && client.key_type.is_none());
    let mut client = known.unwrap_or_else(|| OAuthClient {
        client_id: random::alphanumeric(28),
        client_secret: Secret::new(random::alphanumeric(28)),
        tenant: user.tenant.clone(),
        name: asked.client_name,
        owner: user.name.clone(),
        grant_types: Vec::new(),
        callback_url: None,
        jwt_tokens: true,
        key_type: None,
        additional_properties: serde_json::Map::new(),
        more_secrets: Vec::new(),
        first_revoked: false,
    });
    client.grant_types = asked.grant_type.split_whitespace().map(str::to_owned).collect();
    client.callback_url = asked.callback_url;
    documents.put(&user.tenant, &client)?;
    Ok(client)
}

fn told(client: &OAuthClient, saas: bool) -> Value {
    let grants = client.grant_types.join(" ");
    json!({
        "clientId": client.client_id,
        "clientName": client.name,
        "callBackURL": client.callback_url,
        "clientSecret": client.client_secret.reveal(),
        "isSaasApplication": saas,
        "appOwner": principal(&client.owner, &client.tenant),
        "jsonString": json!({"grant_types": grants}).to_string(),
        "jsonAppAttribute": "{}",
        "tokenType": "JWT",
    })
}
