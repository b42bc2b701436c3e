//! The door for events from authorization servers: what they revoked.
//! Acting on a revocation is left to the gateway.

use std::sync::Arc;

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use kmspec_mocks::objects;
use serde::Deserialize;

use super::{
    connectors,
    domain::SUPER_TENANT,
    events::Event,
    identity::ADMINISTRATOR,
    site::Site,
    store::{Revocation, StoreError},
    tenant_events,
    wire::{Refusal, basic_credentials},
};

/// The resource below `/internal/data/v1`.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/notify", post(notify))
}

/// The events that are understood; others are received and ignored, as the product does.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
enum Notice {
    #[serde(rename = "token_revocation")]
    Token {
        access_token: String,
        #[serde(default = "never")]
        expiry_time: u64,
    },
    #[serde(rename = "consumer_app_revocation_event")]
    Consumer { consumer_key: String, revocation_time: u64 },
    #[serde(rename = "subject_entity_revocation_event")]
    Subject { entity_id: String, entity_type: String, revocation_time: u64 },
    #[serde(other)]
    Unknown,
}

/// The product writes the largest number for a token that does not expire.
fn never() -> u64 {
    i64::MAX as u64
}

async fn notify(State(site): State<Arc<Site>>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Refusal> {
    let (name, password) = basic_credentials(&headers).ok_or_else(Refusal::unauthenticated)?;
    let user = site.identity.authenticate(&name, &password).await?;
    let user = user.filter(|user| user.roles.iter().any(|role| role == ADMINISTRATOR));
    let user = user.ok_or_else(Refusal::unauthenticated)?;
    let handler = headers.get("X-WSO2-KEY-MANAGER").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if handler.is_empty() {
        return Err(Refusal::bad_request("The header X-WSO2-KEY-MANAGER is missing"));
    }
    let notice: serde_json::Value =
        serde_json::from_slice(&body).map_err(|_| Refusal::bad_request("Malformed request body."))?;
    if handler == tenant_events::HANDLER {
        // Tenants are the business of the platform's own administrator.
        if user.tenant != SUPER_TENANT {
            return Err(Refusal::unauthenticated());
        }
        return tenant_events::take(&site, notice).await;
    }
    if connectors::find(handler).is_none() {
        tracing::info!(handler, "an event of an unknown handler was ignored");
        return Ok(StatusCode::OK);
    }
    let notice = Some(notice).filter(serde_json::Value::is_object);
    let notice = notice.and_then(|notice| objects::from_value::<Notice>(notice).ok());
    let notice = notice.ok_or_else(|| Refusal::bad_request("Malformed request body."))?;
    if let Some((kept, event)) = understood(notice) {
        site.store
            .write(move |documents| {
                documents.put("", &kept)?;
                documents.announce(event);
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    Ok(StatusCode::OK)
}

fn understood(notice: Notice) -> Option<(Revocation, Event)> {
    Some(match notice {
        Notice::Token { access_token: token, expiry_time: expires_at_ms } => (
            Revocation::Token { token: token.clone(), expires_at_ms },
            Event::TokenRevoked { tenant: String::new(), token, expires_at_ms },
        ),
        Notice::Consumer { consumer_key, revocation_time: revoked_at_ms } => (
            Revocation::Consumer { consumer_key: consumer_key.clone(), revoked_at_ms },
            Event::ConsumerRevoked { tenant: String::new(), consumer_key, revoked_at_ms },
        ),
        Notice::Subject { entity_id, entity_type, revocation_time: revoked_at_ms } => (
            Revocation::Subject { entity_id: entity_id.clone(), entity_type: entity_type.clone(), revoked_at_ms },
            Event::SubjectRevoked { tenant: String::new(), entity_id, entity_type, revoked_at_ms },
        ),
        Notice::Unknown => return None,
    })
}
