//! What the administrator's form must know: the connectors and their form controls.
//! What the controls mean is left to the connectors.

use axum::Json;
use serde_json::{Value, json};

use super::SettingsScopes;
use crate::{connectors, domain::RESIDENT_TYPE, wire::Caller};

/// Scopes of this plane.
const SCOPES: &[&str] = &["apim:admin", "apim:admin_operations", "apim:admin_settings"];

pub(super) async fn read(_caller: Caller<SettingsScopes>) -> Json<Value> {
    let offered = connectors::ALL.iter().filter(|connector| connector.kind != RESIDENT_TYPE);
    let key_managers: Vec<Value> = offered
        .map(|connector| {
            json!({
                "type": connector.kind,
                "displayName": connector.display_name,
                "defaultConsumerKeyClaim": connector.consumer_key_claim,
                "defaultScopesClaim": connector.scopes_claim,
                "configurations": connector.describe_connection(),
            })
        })
        .collect();
    Json(json!({
        "scopes": SCOPES,
        "gatewayTypes": ["Regular"],
        "analyticsEnabled": false,
        "keyManagerConfiguration": key_managers,
    }))
}
