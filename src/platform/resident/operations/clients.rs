//! Clients by the key manager operations: registered, read, changed, given another owner or secret, deleted.
//! Several secrets of one client are left to `secrets`.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use kmspec_mocks::realm::random;
use serde_json::Value;

use super::{
    super::realms::Residents,
    change::{fill, owner_of, text},
    document::document,
    order::{Order, Refused, metadata},
};
use crate::domain::{OAuthClient, Secret};

/// As long as the secrets that the platform chooses elsewhere.
const LENGTH: usize = 28;

/// `POST …/register`; id and secret may be chosen.
pub(super) async fn register(
    State(residents): State<Arc<Residents>>,
    order: Order,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let served = residents.grant_types().to_vec();
    let work = order.carried_out(&residents, move |documents, order, administrator| {
        let asked = order.object()?;
        let chosen = |own: &str, usual: &str| -> Result<Option<String>, Refused> {
            let chosen = text(&asked, own)?.map_or_else(|| text(&asked, usual), |chosen| Ok(Some(chosen)))?;
            chosen.map(presentable).transpose()
        };
        let id = chosen("ext_param_client_id", "client_id")?.unwrap_or_else(|| random::alphanumeric(LENGTH));
        if documents.find_anywhere::<OAuthClient>(&id)?.is_some() {
            return Err(Refused::Taken(format!("there is a client {id} already")));
        }
        let secret = chosen("ext_param_client_secret", "client_secret")?;
        let mut client = OAuthClient {
            client_id: id,
            client_secret: Secret::new(secret.unwrap_or_else(|| random::alphanumeric(LENGTH))),
            tenant: order.tenant.clone(),
            name: String::new(),
            owner: String::new(),
            grant_types: Vec::new(),
            callback_url: None,
            jwt_tokens: true,
            key_type: None,
            additional_properties: serde_json::Map::new(),
            more_secrets: Vec::new(),
            first_revoked: false,
        };
        fill(documents, order, administrator, &served, &mut client)?;
        documents.put(&order.tenant, &client)?;
        Ok(document(&client))
    });
    Ok((StatusCode::CREATED, Json(work.await?)))
}

/// What can stand in Basic credentials as it is.
fn presentable(text: &str) -> Result<String, Refused> {
    let good = text.chars().all(|c| c.is_ascii_graphic() && c != ':');
    if good { Ok(text.to_owned()) } else { Err(metadata("ids and secrets are visible ASCII without colons")) }
}

/// `GET …/register/{id}`.
pub(super) async fn read(State(residents): State<Arc<Residents>>, order: Order) -> Result<Json<Value>, Refused> {
    let work =
        order.carried_out(&residents, |documents, order, _| order.client(documents).map(|client| document(&client)));
    work.await.map(Json)
}

/// `PUT …/register/{id}`.
pub(super) async fn update(State(residents): State<Arc<Residents>>, order: Order) -> Result<Json<Value>, Refused> {
    let served = residents.grant_types().to_vec();
    let work = order.carried_out(&residents, move |documents, order, administrator| {
        let mut client = order.client(documents)?;
        fill(documents, order, administrator, &served, &mut client)?;
        documents.put(&order.tenant, &client)?;
        Ok(document(&client))
    });
    work.await.map(Json)
}

/// `DELETE …/register/{id}`.
pub(super) async fn delete(State(residents): State<Arc<Residents>>, order: Order) -> Result<StatusCode, Refused> {
    let work = order.carried_out(&residents, |documents, order, _| {
        let client = order.client(documents)?;
        documents.remove::<OAuthClient>(&order.tenant, &client.client_id)?;
        Ok(StatusCode::NO_CONTENT)
    });
    work.await
}

/// `POST …/register/{id}/change-owner?applicationOwner=`.
pub(super) async fn change_owner(
    State(residents): State<Arc<Residents>>,
    order: Order,
) -> Result<Json<Value>, Refused> {
    let work = order.carried_out(&residents, |documents, order, _| {
        let mut client = order.client(documents)?;
        let owner = order.parameter("applicationOwner").ok_or_else(|| metadata("applicationOwner is missing"))?;
        client.owner = owner_of(documents, order, owner)?;
        documents.put(&order.tenant, &client)?;
        Ok(document(&client))
    });
    work.await.map(Json)
}

/// `POST …/register/{id}/regenerate-consumer-secret`.
pub(super) async fn regenerate_secret(
    State(residents): State<Arc<Residents>>,
    order: Order,
) -> Result<Json<Value>, Refused> {
    let work = order.carried_out(&residents, |documents, order, _| {
        let mut client = order.client(documents)?;
        client.replace_secret(Secret::new(random::alphanumeric(LENGTH)));
        documents.put(&order.tenant, &client)?;
        Ok(document(&client))
    });
    work.await.map(Json)
}
