//! API keys of an application: made, listed and revoked. A key is a signed text that its owner sees once.
//! Accepting it is left to the gateway.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    ApiKeyScopes,
    access::{own_application, visible_application},
};
use crate::{
    domain::{ApiKey, Application, KeyRestrictions, KeyType, principal},
    events::Event,
    site::Site,
    store::{Documents, Revocation, StoreError},
    wire::{Body, Caller, Path, Refusal, listing},
};
use kmspec_validation::Parsed;

/// How long a key lives that was ordered without an end: a hundred years.
const WITHOUT_END_S: u64 = 100 * 365 * 86_400;

/// `APIKeyGenerateRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Order {
    #[serde(default)]
    key_name: String,
    /// In seconds; -1 is without end.
    #[serde(default = "without_end")]
    validity_period: i64,
    #[serde(default)]
    additional_properties: Map<String, Value>,
}

fn without_end() -> i64 {
    -1
}

pub(super) async fn generate(
    caller: Caller<ApiKeyScopes>,
    State(site): State<Arc<Site>>,
    Path((id, key_type)): Path<(String, String)>,
    Body(order): Body<Order>,
) -> Result<Json<Value>, Refusal> {
    let key_type = kind(&key_type)?;
    let lifetime_s = match order.validity_period {
        -1 => WITHOUT_END_S,
        seconds => u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).ok_or_else(period)?,
    };
    let restrictions = KeyRestrictions {
        addresses: listed(&order.additional_properties, "permittedIP")?,
        referers: listed(&order.additional_properties, "permittedReferer")?,
    };
    check_addresses(&restrictions.addresses)?;
    let issued_at = site.clocks.of(&caller.tenant).now();
    let name = order.key_name;
    let (tenant, user) = (caller.tenant.clone(), caller.user.clone());
    let (application, key) = site
        .store
        .write(move |documents| {
            let application = own_application(documents, &caller.tenant, &caller.user, &id)?;
            let key = ApiKey {
                id: Uuid::new_v4(),
                tenant: caller.tenant.clone(),
                application_id: application.id,
                name,
                key_type,
                restrictions,
                issued_at,
                expires_at: issued_at.saturating_add(lifetime_s),
            };
            let same = format!("{}\n{key_type}\n{}", application.id, key.name);
            if !key.name.is_empty() && documents.find_by_key::<ApiKey>(&caller.tenant, &same)?.is_some() {
                let text = format!("An API key named {} exists already", key.name);
                return Err(Refusal::generic(StatusCode::CONFLICT, text));
            }
            documents.put(&caller.tenant, &key)?;
            Ok((application, key))
        })
        .await?;
    let claims = claims(&site, &application, &key, &user);
    let header = Map::from_iter([("typ".to_owned(), json!("JWT"))]);
    let text = site
        .signer
        .sign_to_last(&tenant, header, &claims)
        .ok_or_else(|| Refusal::generic(StatusCode::INTERNAL_SERVER_ERROR, "The key could not be signed"))?;
    Ok(Json(json!({"keyName": key.name, "apikey": text, "validityPeriod": order.validity_period})))
}

/// What the text says, in the product's words.
fn claims(site: &Site, application: &Application, key: &ApiKey, user: &str) -> Map<String, Value> {
    let claims = json!({
        "iss": format!("{}/oauth2/token", site.tenant_url(&key.tenant)),
        "sub": principal(user, &key.tenant),
        "token_type": "apiKey",
        "keytype": key.key_type.to_string(),
        "application": {
            "uuid": application.id,
            "name": application.name,
            "owner": principal(&application.owner, &key.tenant),
            "tier": application.throttling_policy,
        },
        "permittedIP": key.restrictions.addresses.join(","),
        "permittedReferer": key.restrictions.referers.join(","),
        "iat": key.issued_at,
        "exp": key.expires_at,
        "jti": key.id,
    });
    let Value::Object(claims) = claims else { unreachable!("it is written as an object") };
    claims
}

pub(super) async fn list(
    caller: Caller<ApiKeyScopes>,
    State(site): State<Arc<Site>>,
    Path((id, key_type)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let key_type = kind(&key_type)?;
    let deployment = site.config.deployment.clone();
    site.store
        .read(move |documents| {
            let application = visible_application(documents, &deployment, &caller.tenant, &caller.user, &id)?;
            let keys: Vec<ApiKey> = documents.children(&application.id.to_string())?;
            // The keys are the owner's alone, though a group sees the application (AK-15).
            let own = application.owner == caller.user;
            let of_type = keys.iter().filter(|key| own && key.key_type == key_type);
            Ok(Json(listing(of_type.map(entry).collect())))
        })
        .await
}

fn entry(key: &ApiKey) -> Value {
    json!({
        "keyUUID": key.id,
        "keyName": key.name,
        "keyType": key.key_type.to_string(),
        "issuedOn": key.issued_at.saturating_mul(1000).to_string(),
        "validityPeriod": key.expires_at - key.issued_at,
        "additionalProperties": {
            "permittedIP": key.restrictions.addresses.join(","),
            "permittedReferer": key.restrictions.referers.join(","),
        },
    })
}

/// `APIKeyRevokeRequest`: the text of the key, or its id, and not both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Doomed {
    #[serde(default)]
    apikey: Option<String>,
    #[serde(default, rename = "keyUUID")]
    key_uuid: Option<String>,
}

impl Doomed {
    fn id(&self) -> Result<String, Refusal> {
        match (&self.apikey, &self.key_uuid) {
            (None, Some(id)) => Ok(id.clone()),
            (Some(text), None) => {
                let parsed = Parsed::parse(text).ok();
                let id = parsed.and_then(|parsed| parsed.claims().token_id().map(str::to_owned));
                id.ok_or_else(|| Refusal::bad_request("apikey: is no API key"))
            }
            _ => Err(Refusal::bad_request("Exactly one of apikey and keyUUID is needed")),
        }
    }
}

pub(super) async fn revoke(
    caller: Caller<ApiKeyScopes>,
    State(site): State<Arc<Site>>,
    Path((id, key_type)): Path<(String, String)>,
    Body(doomed): Body<Doomed>,
) -> Result<StatusCode, Refusal> {
    let (key_type, key_id) = (kind(&key_type)?, doomed.id()?);
    site.store
        .write(move |documents| {
            let application = own_application(documents, &caller.tenant, &caller.user, &id)?;
            let found: Option<ApiKey> = documents.find(&caller.tenant, &key_id)?;
            let of_this = |key: &ApiKey| key.application_id == application.id && key.key_type == key_type;
            let key = found.filter(of_this).ok_or_else(|| Refusal::not_found("API key"))?;
            end(documents, &key)?;
            Ok(StatusCode::OK)
        })
        .await
}

/// Ends every key of an application that goes.
pub(super) fn remove_all(documents: &Documents<'_>, application: &Application) -> Result<(), StoreError> {
    let keys: Vec<ApiKey> = documents.children(&application.id.to_string())?;
    keys.iter().try_for_each(|key| end(documents, key))
}

/// Takes the key off the list, and tells the gateway for as long as its text would count.
fn end(documents: &Documents<'_>, key: &ApiKey) -> Result<(), StoreError> {
    documents.remove::<ApiKey>(&key.tenant, &key.id.to_string())?;
    let (token, expires_at_ms) = (key.id.to_string(), key.expires_at.saturating_mul(1000));
    documents.put(&key.tenant, &Revocation::Token { token: token.clone(), expires_at_ms })?;
    documents.announce(Event::TokenRevoked { tenant: key.tenant.clone(), token, expires_at_ms });
    Ok(())
}

fn kind(written: &str) -> Result<KeyType, Refusal> {
    [KeyType::Production, KeyType::Sandbox]
        .into_iter()
        .find(|kind| kind.to_string() == written)
        .ok_or_else(|| Refusal::bad_request("Key type: PRODUCTION or SANDBOX"))
}

fn period() -> Refusal {
    Refusal::bad_request("validityPeriod: a number of seconds, or -1 for a key without end")
}

/// The entries of a text that lists them with commas.
fn listed(properties: &Map<String, Value>, name: &str) -> Result<Vec<String>, Refusal> {
    match properties.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => {
            Ok(text.split(',').map(str::trim).filter(|each| !each.is_empty()).map(str::to_owned).collect())
        }
        Some(_) => Err(Refusal::bad_request(format!("additionalProperties.{name}: must be a text"))),
    }
}

fn check_addresses(addresses: &[String]) -> Result<(), Refusal> {
    let unreadable =
        |text: &&String| text.parse::<ipnet::IpNet>().is_err() && text.parse::<std::net::IpAddr>().is_err();
    match addresses.iter().find(unreadable) {
        Some(odd) => {
            Err(Refusal::bad_request(format!("additionalProperties.permittedIP: `{odd}` is no address or range")))
        }
        None => Ok(()),
    }
}
