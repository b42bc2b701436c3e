//! What an administrator sets for a whole tenant: its configuration document, and other names for roles.
//! The configuration is kept as sent, and its hosts count for key managers; a role's other name counts where the resident key manager grants scopes.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{TenantScopes, outbound_guard::Guard};
use crate::{
    domain::{RoleAlias, TenantSettings},
    site::Site,
    store::Documents,
    wire::{Body, Caller, Refusal, listing},
};

/// What a tenant's configuration says as long as nobody has said anything else.
fn usual() -> Map<String, Value> {
    let usual = json!({
        "EnableMonetization": false,
        "IsUnlimitedTierPaid": false,
        "AllowSubscriptionValidationDisabling": true,
        "DefaultRoles": {},
        "RoleMappings": {},
    });
    let Value::Object(usual) = usual else { unreachable!("it is written as an object") };
    usual
}

fn settings(documents: &Documents<'_>, tenant: &str) -> Result<TenantSettings, Refusal> {
    let kept: Option<TenantSettings> = documents.find(tenant, tenant)?;
    Ok(kept.unwrap_or_else(|| TenantSettings { tenant: tenant.to_owned(), configuration: None, aliases: vec![] }))
}

pub(super) async fn read_configuration(
    caller: Caller<TenantScopes>,
    State(site): State<Arc<Site>>,
) -> Result<Json<Value>, Refusal> {
    let kept = site.store.read(move |documents| settings(documents, &caller.tenant)).await?;
    Ok(Json(Value::Object(kept.configuration.unwrap_or_else(usual))))
}

pub(super) async fn update_configuration(
    caller: Caller<TenantScopes>,
    State(site): State<Arc<Site>>,
    Body(sent): Body<Map<String, Value>>,
) -> Result<Json<Value>, Refusal> {
    for flag in ["AllowSubscriptionValidationDisabling", "EnableMonetization", "IsUnlimitedTierPaid"] {
        if sent.get(flag).is_some_and(|value| !value.is_boolean()) {
            return Err(Refusal::bad_request(format!("{flag}: must be true or false")));
        }
    }
    Guard::read(&sent)?;
    site.store
        .write(move |documents| {
            let kept = settings(documents, &caller.tenant)?;
            let body = Value::Object(sent.clone());
            documents.put(&caller.tenant, &TenantSettings { configuration: Some(sent), ..kept })?;
            Ok(Json(body))
        })
        .await
}

/// `RoleAliasList`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Aliases {
    #[serde(default, rename = "count")]
    _count: Option<u64>,
    list: Vec<RoleAlias>,
}

pub(super) async fn read_aliases(
    caller: Caller<TenantScopes>,
    State(site): State<Arc<Site>>,
) -> Result<Json<Value>, Refusal> {
    let kept = site.store.read(move |documents| settings(documents, &caller.tenant)).await?;
    Ok(Json(listing(kept.aliases.iter().map(|alias| json!(alias)).collect())))
}

pub(super) async fn update_aliases(
    caller: Caller<TenantScopes>,
    State(site): State<Arc<Site>>,
    Body(sent): Body<Aliases>,
) -> Result<Json<Value>, Refusal> {
    let blank =
        |alias: &RoleAlias| alias.role.trim().is_empty() || alias.aliases.iter().any(|one| one.trim().is_empty());
    if sent.list.iter().any(blank) {
        return Err(Refusal::bad_request("list: a role and its aliases need names"));
    }
    site.store
        .write(move |documents| {
            let kept = settings(documents, &caller.tenant)?;
            let body = listing(sent.list.iter().map(|alias| json!(alias)).collect());
            documents.put(&caller.tenant, &TenantSettings { aliases: sent.list, ..kept })?;
            Ok(Json(body))
        })
        .await
}
