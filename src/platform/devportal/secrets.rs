//! The secrets of a key, where its key manager keeps several: making, listing and revoking them.
//! A secret's value is told once, in the answer that made it.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{ApplicationScopes, access::own_key, failures::told, keys};
use crate::{
    connectors::{Call, ClientSecrets, SecretOrder, ToldSecret},
    domain::{KeyManager, KeyMapping, MappingMode},
    site::Site,
    wire::{Body, BodyOrNone, Caller, Code, Path, Refusal, listing, to_the_end},
};

/// `ConsumerSecretCreationRequest`; members that only an authorization server may know are left to it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Order {
    #[serde(default)]
    additional_properties: OrderProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderProperties {
    #[serde(default)]
    description: Option<String>,
    /// Seconds, as a number or in text.
    #[serde(default)]
    expires_in: Option<Value>,
}

/// `ConsumerSecretDeletionRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Revocation {
    secret_id: String,
    #[serde(default, rename = "additionalProperties")]
    _additional_properties: Map<String, Value>,
}

/// Room for a description.
const DESCRIPTION: usize = 255;

impl Order {
    fn read(self) -> Result<SecretOrder, Refusal> {
        let OrderProperties { description, expires_in } = self.additional_properties;
        if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION) {
            return Err(Refusal::bad_request(format!("description: size must be between 0 and {DESCRIPTION}")));
        }
        let expires_in = expires_in.map(|value| seconds(&value)).transpose()?;
        Ok(SecretOrder { description, expires_in })
    }
}

fn seconds(value: &Value) -> Result<u64, Refusal> {
    let read = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    read.filter(|seconds| *seconds > 0)
        .ok_or_else(|| Refusal::bad_request("expiresIn: must be a number of seconds above 0"))
}

pub(super) async fn generate(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
    BodyOrNone(order): BodyOrNone<Order>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let order = order.read()?;
    let key = Opened::of(caller, site, path).await?;
    to_the_end(async move {
        let made = key.secrets()?.add(key.call(), &key.mapping, &order).await;
        let made = made.map_err(|error| told(&key.key_manager, error))?;
        Ok((StatusCode::CREATED, Json(shown(&made))))
    })
    .await
}

pub(super) async fn list(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let key = Opened::of(caller, site, path).await?;
    let all = key.secrets()?.list(key.call(), &key.mapping).await.map_err(|error| told(&key.key_manager, error))?;
    Ok(Json(listing(all.iter().map(shown).collect())))
}

pub(super) async fn revoke(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
    Body(order): Body<Revocation>,
) -> Result<StatusCode, Refusal> {
    let mut key = Opened::of(caller, site, path).await?;
    to_the_end(async move {
        let next = key.secrets()?.revoke(key.call(), &key.mapping, &order.secret_id).await;
        if let Some(next) = next.map_err(|error| told(&key.key_manager, error))? {
            key.mapping.consumer_secret = Some(next);
            keys::keep(&key.site, key.tenant, key.mapping).await?;
        }
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// A key of the caller's whose secrets are asked for.
struct Opened {
    site: Arc<Site>,
    tenant: String,
    mapping: KeyMapping,
    key_manager: KeyManager,
}

impl Opened {
    async fn of(caller: Caller<ApplicationScopes>, site: Arc<Site>, path: (String, String)) -> Result<Self, Refusal> {
        let (tenant, user) = (caller.tenant.clone(), caller.user);
        let (_, mapping, key_manager) =
            site.store.read(move |documents| own_key(documents, &tenant, &user, &path)).await?;
        Ok(Self { site, tenant: caller.tenant, mapping, key_manager })
    }

    fn call(&self) -> Call<'_> {
        Call { site: &self.site, tenant: self.mapping.home_of_key_manager(), key_manager: &self.key_manager }
    }

    /// How the key manager keeps several secrets of the client, which must be one that the platform registered.
    fn secrets(&self) -> Result<&'static dyn ClientSecrets, Refusal> {
        if !self.site.config.deployment.several_secrets {
            return Err(Code::SecretsDisabled.into());
        }
        if self.mapping.mode == MappingMode::Mapped {
            return Err(Refusal::bad_request("The secrets of a mapped client are managed at its Key Manager"));
        }
        let registration = keys::own_client(&self.mapping, &self.key_manager);
        registration.and_then(|registration| registration.several_secrets()).ok_or_else(|| {
            let text = format!("The Key Manager {} keeps one secret a client", self.key_manager.name);
            Refusal::bad_request(text)
        })
    }
}

/// `ConsumerSecret`.
fn shown(secret: &ToldSecret) -> Value {
    let mut shown = json!({
        "secretId": secret.id,
        "additionalProperties": {"expiresAt": secret.expires_at.unwrap_or(0), "description": secret.description},
    });
    if let Some(value) = &secret.value {
        shown["secretValue"] = json!(value.reveal());
    }
    shown
}
