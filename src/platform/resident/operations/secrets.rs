//! The further secrets of a client by the key manager operations.
//! Its first one comes and goes with the client, see `clients`.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use kmspec_mocks::realm::random;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::realms::Residents,
    change::text,
    order::{Order, Refused, metadata},
};
use crate::domain::{ClientSecret, NotRevoked, OAuthClient, Secret};

/// `POST …/register/{id}/generate-secret`.
pub(super) async fn generate(
    State(residents): State<Arc<Residents>>,
    order: Order,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let (now, several) = (residents.now(&order.tenant), residents.several_secrets());
    let work = order.carried_out(&residents, move |documents, order, _| {
        allowed(several)?;
        let (mut client, asked) = (order.client(documents)?, order.object()?);
        let life = match asked.get("expires_in") {
            None | Some(Value::Null) => None,
            Some(value) => {
                Some(value.as_u64().filter(|seconds| *seconds > 0).ok_or_else(|| metadata("expires_in is no life"))?)
            }
        };
        let value = text(&asked, "client_secret")?.map_or_else(|| random::alphanumeric(28), str::to_owned);
        let made = ClientSecret {
            id: Uuid::new_v4(),
            value: Secret::new(value),
            description: text(&asked, "description")?.map(str::to_owned),
            expires_at: life.map(|seconds| now.saturating_add(seconds)),
        };
        let mut told = document(&made);
        told["client_secret"] = json!(made.value.reveal());
        client.more_secrets.push(made);
        documents.put(&order.tenant, &client)?;
        Ok(told)
    });
    Ok((StatusCode::CREATED, Json(work.await?)))
}

/// `GET …/register/{id}/secrets`.
pub(super) async fn list(State(residents): State<Arc<Residents>>, order: Order) -> Result<Json<Value>, Refused> {
    let several = residents.several_secrets();
    let work = order.carried_out(&residents, move |documents, order, _| {
        allowed(several)?;
        let all: Vec<Value> = order.client(documents)?.more_secrets.iter().map(document).collect();
        Ok(json!({"count": all.len(), "list": all}))
    });
    work.await.map(Json)
}

/// `GET …/register/{id}/secrets/{secret}`.
pub(super) async fn read(State(residents): State<Arc<Residents>>, order: Order) -> Result<Json<Value>, Refused> {
    let several = residents.several_secrets();
    let work = order.carried_out(&residents, move |documents, order, _| {
        allowed(several)?;
        let client = order.client(documents)?;
        let place = place(&client, order.name("secret"))?;
        Ok(document(&client.more_secrets[place]))
    });
    work.await.map(Json)
}

/// `DELETE …/register/{id}/secrets/{secret}`.
pub(super) async fn revoke(State(residents): State<Arc<Residents>>, order: Order) -> Result<StatusCode, Refused> {
    let (now, several) = (residents.now(&order.tenant), residents.several_secrets());
    let work = order.carried_out(&residents, move |documents, order, _| {
        allowed(several)?;
        let mut client = order.client(documents)?;
        client.revoke_secret(Some(order.name("secret")), now).map_err(|why| match why {
            NotRevoked::Unknown => Refused::NotFound,
            NotRevoked::Last => {
                let text = "the only secret of a client cannot be revoked".to_owned();
                Refused::Invalid("invalid_request", text)
            }
        })?;
        documents.put(&order.tenant, &client)?;
        Ok(StatusCode::NO_CONTENT)
    });
    work.await
}

/// Refuses what is about more than one secret where clients have one (`oauth.multiple_client_secrets`).
fn allowed(several: bool) -> Result<(), Refused> {
    if several {
        return Ok(());
    }
    Err(Refused::Invalid("invalid_request", "multiple client secrets are disabled: a client has one here".to_owned()))
}

fn place(client: &OAuthClient, id: &str) -> Result<usize, Refused> {
    let found = client.more_secrets.iter().position(|known| known.id.to_string() == id);
    found.ok_or(Refused::NotFound)
}

/// A secret is told once, when it is made.
fn document(secret: &ClientSecret) -> Value {
    json!({
        "id": secret.id,
        "description": secret.description,
        "client_secret_expires_at": secret.expires_at.unwrap_or(0),
    })
}
