//! What the portal's pages must know of the platform.
//! Nothing here depends on who asks.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::SettingsScopes;
use crate::{site::Site, wire::Caller};

pub(super) async fn read(_caller: Caller<SettingsScopes>, State(site): State<Arc<Site>>) -> Json<Value> {
    let deployment = &site.config.deployment;
    let offered = ["client_credentials", "password", "refresh_token"];
    let grants: Vec<&str> = offered.into_iter().filter(|one| !deployment.disabled_grants.contains(one)).collect();
    Json(json!({
        "grantTypes": grants,
        "scopes": ["apim:subscribe", "apim:app_manage", "apim:sub_manage", "apim:store_settings"],
        "mapExistingAuthApps": true,
        "applicationSharingEnabled": deployment.application_sharing,
        "IsUnlimitedTierPaid": false,
    }))
}
