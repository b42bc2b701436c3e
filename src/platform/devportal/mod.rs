//! The developer portal plane, version 3: applications, their keys, tokens and subscriptions.
//! Speaking to authorization servers is left to the connectors.

mod access;
mod api_keys;
mod apis;
mod applications;
mod attempts;
mod failures;
mod generate_keys;
mod key_document;
mod key_managers;
mod keys;
mod legacy_keys;
mod map_keys;
mod me;
mod policies;
mod registering;
mod secrets;
mod settings;
mod subscriptions;
mod tokens;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::{site::Site, wire::ScopeSet};

/// Scopes that open applications and keys.
pub(super) struct ApplicationScopes;

impl ScopeSet for ApplicationScopes {
    const ANY_OF: &'static [&'static str] = &["apim:app_manage", "apim:subscribe"];
}

/// Scopes that open API keys.
pub(super) struct ApiKeyScopes;

impl ScopeSet for ApiKeyScopes {
    const ANY_OF: &'static [&'static str] = &["apim:api_key", "apim:app_manage", "apim:subscribe"];
}

/// Scopes that open subscriptions.
pub(super) struct SubscriptionScopes;

impl ScopeSet for SubscriptionScopes {
    const ANY_OF: &'static [&'static str] = &["apim:sub_manage", "apim:subscribe"];
}

/// The scope that opens the list of key managers.
pub(super) struct SubscriberScope;

impl ScopeSet for SubscriberScope {
    const ANY_OF: &'static [&'static str] = &["apim:subscribe"];
}

/// Scopes that open the settings.
pub(super) struct SettingsScopes;

impl ScopeSet for SettingsScopes {
    const ANY_OF: &'static [&'static str] = &["apim:store_settings"];
}

/// The resources below `/api/am/devportal/v3`.
pub(super) fn routes() -> Router<Arc<Site>> {
    let key = "/applications/{id}/oauth-keys/{mapping}";
    let old = "/applications/{id}/keys/{key_type}";
    Router::new()
        .route("/applications", get(applications::list).post(applications::create))
        .route("/applications/{id}", get(applications::read).put(applications::update).delete(applications::delete))
        .route("/applications/{id}/generate-keys", post(generate_keys::generate_keys))
        .route("/applications/{id}/map-keys", post(map_keys::map_keys))
        .route("/applications/{id}/oauth-keys", get(keys::list))
        .route(key, get(keys::read).put(keys::update).delete(keys::delete))
        .route(&format!("{key}/clean-up"), post(keys::clean_up))
        .route(&format!("{key}/regenerate-secret"), post(keys::regenerate_secret))
        .route(&format!("{key}/generate-secret"), post(secrets::generate))
        .route(&format!("{key}/secrets"), get(secrets::list))
        .route(&format!("{key}/revoke-secret"), post(secrets::revoke))
        .route(&format!("{key}/generate-token"), post(tokens::generate_token))
        .route("/applications/{id}/api-keys/{key_type}", get(api_keys::list))
        .route("/applications/{id}/api-keys/{key_type}/generate", post(api_keys::generate))
        .route("/applications/{id}/api-keys/{key_type}/revoke", post(api_keys::revoke))
        .route("/applications/{id}/keys", get(keys::list))
        .route(old, get(legacy_keys::read).put(legacy_keys::update))
        .route(&format!("{old}/regenerate-secret"), post(legacy_keys::regenerate_secret))
        .route(&format!("{old}/clean-up"), post(legacy_keys::clean_up))
        .route(&format!("{old}/generate-token"), post(legacy_keys::generate_token))
        .route("/key-managers", get(key_managers::list))
        .route("/apis", get(apis::list))
        .route("/apis/{id}", get(apis::read))
        .route("/throttling-policies/{level}", get(policies::list))
        .route("/me/change-password", post(me::change_password))
        .route("/subscriptions", get(subscriptions::list).post(subscriptions::create))
        .route("/subscriptions/multiple", post(subscriptions::create_several))
        .route("/subscriptions/{id}", get(subscriptions::read).put(subscriptions::update).delete(subscriptions::delete))
        .route("/settings", get(settings::read))
}
