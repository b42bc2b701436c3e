//! The key managers that a developer may choose from.
//! Whether the developer's roles suffice is checked again when keys are generated.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::HeaderMap;
use serde_json::{Value, json};

use super::SubscriberScope;
use crate::{
    connectors,
    domain::{KeyManager, Organization},
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
    let by_organization = site.config.deployment.organizations;
    site.store
        .read(move |documents| {
            let user = identity::user(documents, &caller.tenant, &caller.user)?;
            let roles = user.as_ref().map(|user| user.roles.clone()).unwrap_or_default();
            let tenant = addressed_tenant(documents, &headers, &caller.tenant)?;
            let all: Vec<KeyManager> = documents.all(&tenant)?;
            let registered: Vec<Organization> = documents.all(&tenant)?;
            let shown = |one: &KeyManager| !by_organization || one.is_shown_to(user.as_ref(), &registered);
            let offered = all.iter().filter(|one| one.permissions.admit(&roles) && shown(one));
            Ok(Json(listing(offered.map(entry).collect())))
        })
        .await
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
