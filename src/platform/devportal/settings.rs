//! What the portal's pages must know of the platform.
//! Nothing here depends on who asks.

use axum::Json;
use serde_json::{Value, json};

use super::SettingsScopes;
use crate::platform::wire::Caller;

pub(super) async fn read(_caller: Caller<SettingsScopes>) -> Json<Value> {
    Json(json!({
        "grantTypes": ["client_credentials", "password", "refresh_token"],
        "scopes": ["apim:subscribe", "apim:app_manage", "apim:sub_manage", "apim:store_settings"],
        "mapExistingAuthApps": true,
        "applicationSharingEnabled": false,
        "IsUnlimitedTierPaid": false,
    }))
}
