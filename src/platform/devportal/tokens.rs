//! Test tokens for a developer: the platform asks the key manager's token endpoint with the application's key.
//! Issuing them is left to the key manager.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ApplicationScopes, access::own_key, key_document};
use crate::{
    connectors::{Call, ConnectorError, TokenRequest, exchange_token, request_token, revoke_token},
    domain::{KeyManager, LONGEST_TOKEN_LIFE_S, Secret, is_token_life},
    site::Site,
    wire::{Body, Caller, Code, Path, Refusal},
};

/// `ApplicationTokenGenerateRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Order {
    #[serde(default)]
    consumer_secret: Option<Secret>,
    #[serde(default)]
    validity_period: Option<i64>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    revoke_token: Option<String>,
    #[serde(default)]
    grant_type: Grant,
    #[serde(default)]
    additional_properties: Map<String, Value>,
}

impl Order {
    /// How long the token shall live, if that is said; only what a token can have (400/900965).
    fn lifetime(&self) -> Result<Option<u64>, Refusal> {
        let refused = || {
            let range = format!("validityPeriod must be a number of seconds from 1 to {LONGEST_TOKEN_LIFE_S}");
            Refusal::from(Code::TokenRequestInvalid).because(format!("Invalid access token request. {range}"))
        };
        let seconds = self.validity_period.map(|asked| u64::try_from(asked).ok().filter(|known| is_token_life(*known)));
        seconds.map(|known| known.ok_or_else(refused)).transpose()
    }

    /// The token to be exchanged, where that is asked for.
    fn subject(&self) -> Result<Option<&str>, Refusal> {
        let named = self.additional_properties.get("subject_token").and_then(Value::as_str);
        match (self.grant_type, named.filter(|token| !token.trim().is_empty())) {
            (Grant::ClientCredentials, _) => Ok(None),
            (Grant::TokenExchange, Some(token)) => Ok(Some(token)),
            (Grant::TokenExchange, None) => {
                Err(Refusal::bad_request("additionalProperties.subject_token: a token to be exchanged is needed"))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Grant {
    #[default]
    ClientCredentials,
    TokenExchange,
}

pub(super) async fn generate_token(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
    Body(order): Body<Order>,
) -> Result<Json<Value>, Refusal> {
    let (tenant, user) = (caller.tenant.clone(), caller.user);
    let (_, key, key_manager) = site.store.read(move |documents| own_key(documents, &tenant, &user, &path)).await?;
    if !key_manager.enabled {
        return Err(Code::NotRegistered.into());
    }
    if !key_manager.enable_token_generation {
        return Err(Code::NoTokenGeneration.into());
    }
    if key.consumer_key.is_empty() {
        return Err(Code::ConsumerKeyMissing.into());
    }
    key_document::check_scopes(&order.scopes)?;
    let (subject, validity_s) = (order.subject()?, order.lifetime()?);
    let secret = order.consumer_secret.clone().or_else(|| key.consumer_secret.clone());
    let secret = secret.as_ref().map_or("", Secret::reveal);
    let call = Call { site: &site, tenant: key.home_of_key_manager(), key_manager: &key_manager };
    if let Some(old) = order.revoke_token.as_deref().filter(|token| !token.is_empty()) {
        revoke_token(call, &key.consumer_key, secret, old).await.map_err(|error| not_had(&key_manager, &error))?;
    }
    let request = TokenRequest { key: &key, consumer_secret: secret, scopes: &order.scopes, validity_s };
    let answered = match subject {
        Some(subject) => exchange_token(call, &request, subject).await,
        None => request_token(call, &request).await,
    };
    let answer = answered.map_err(|error| not_had(&key_manager, &error))?;
    Ok(Json(key_document::token(&answer)))
}

/// Whatever the key manager did not do is one failure, with one text (contract sheet, 3.4); the log says more.
fn not_had(key_manager: &KeyManager, error: &ConnectorError) -> Refusal {
    tracing::info!(?error, key_manager = key_manager.name, "no token for a key");
    Code::TokenGenerationFailed.into()
}
