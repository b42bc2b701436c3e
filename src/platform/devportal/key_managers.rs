//! The key managers that a developer may choose from.
//! Whether the developer's roles suffice is checked again when keys are generated.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::HeaderMap;
use serde_json::{Value, json};

use super::SubscriberScope;
use crate::platform::{
    connectors,
    domain::KeyManager,
    identity,
    site::Site,
    wire::{Caller, Refusal, addressed_tenant, listing},
};

/// All enabled key managers of the tenant that the caller's roles and organization admit.
pub(super) async fn list(
    caller: Caller<SubscriberScope>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let roles = identity::user(documents, &caller.tenant, &caller.user)?.map(|user| user.roles);
            let roles = roles.unwrap_or_default();
            let tenant = addressed_tenant(documents, &headers, &caller.tenant)?;
            let all: Vec<KeyManager> = documents.all(&tenant)?;
            let offered = all.iter().filter(|one| one.permissions.admit(&roles) && without_organization(one));
            Ok(Json(listing(offered.map(entry).collect())))
        })
        .await
}

/// Nobody belongs to an organization here, so a key manager for named organizations is seen by nobody.
fn without_organization(key_manager: &KeyManager) -> bool {
    let allowed = &key_manager.allowed_organizations;
    allowed.is_empty() || allowed.iter().any(|one| one.eq_ignore_ascii_case("all"))
}

fn entry(key_manager: &KeyManager) -> Value {
    let application = connectors::find(&key_manager.kind).map(connectors::Connector::describe_application);
    json!({
        "id": key_manager.id,
        "name": key_manager.name,
        "type": key_manager.kind,
        "displayName": key_manager.display_name,
        "description": key_manager.description,
        "enabled": key_manager.enabled,
        "availableGrantTypes": key_manager.available_grant_types,
        "tokenEndpoint": key_manager.shown_token_endpoint(),
        "revokeEndpoint": key_manager.shown_revoke_endpoint(),
        "userInfoEndpoint": key_manager.user_info_endpoint,
        "enableTokenGeneration": key_manager.enable_token_generation,
        "enableTokenEncryption": key_manager.enable_token_encryption,
        "enableTokenHashing": key_manager.enable_token_hashing,
        "enableOAuthAppCreation": key_manager.enable_oauth_app_creation,
        "enableMapOAuthConsumerApps": key_manager.enable_map_oauth_consumer_apps,
        "applicationConfiguration": application.unwrap_or_default(),
        "alias": key_manager.alias,
        "additionalProperties": {},
        "tokenType": key_manager.token_type,
    })
}
