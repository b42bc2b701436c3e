//! The publisher plane, version 4, as far as key managers need it: APIs, scopes, revisions and deployment.
//! Serving what is deployed is left to the gateway.

mod api_document;
mod api_members;
mod api_scopes;
mod apis;
mod client_certificates;
mod definition;
mod endpoint_security;
mod internal_keys;
mod key_managers;
mod lifecycle;
mod names;
mod operation_policies;
mod revisions;
mod scopes;
mod subscriptions;

use std::sync::Arc;

use axum::{
    Router,
    routing::{delete, get, head, post},
};

use super::{site::Site, wire::ScopeSet};

macro_rules! scope_sets {
    ($($(#[$doc:meta])* $name:ident = [$($scope:literal),*];)*) => {
        $($(#[$doc])* pub(super) struct $name;
        impl ScopeSet for $name { const ANY_OF: &'static [&'static str] = &[$($scope),*]; })*
    };
}

scope_sets! {
    /// Reading APIs themselves.
    ApiViewScopes = ["apim:api_view"];
    /// Reading what belongs to APIs.
    ViewScopes = ["apim:api_view", "apim:api_create", "apim:api_manage", "apim:api_publish"];
    /// Reading key managers.
    KeyManagerScopes = ["apim:api_view", "apim:api_create", "apim:api_manage"];
    /// Creating APIs.
    CreateScopes = ["apim:api_create", "apim:api_manage"];
    /// Changing APIs, their revisions and deployments.
    ChangeScopes = ["apim:api_create", "apim:api_manage", "apim:api_publish"];
    /// Moving APIs through their life cycle.
    PublishScopes = ["apim:api_publish", "apim:api_manage"];
    /// Deleting APIs.
    DeleteScopes = ["apim:api_delete", "apim:api_manage"];
    /// Making internal keys.
    InternalKeyScopes = ["apim:api_generate_key", "apim:api_manage"];
    /// Reading subscriptions.
    SubscriptionViewScopes = ["apim:subscription_view", "apim:subscription_manage", "apim:api_view"];
    /// Blocking subscriptions and changing their plans.
    SubscriptionManageScopes =
        ["apim:subscription_block", "apim:subscription_manage", "apim:api_publish", "apim:api_manage"];
    /// Reading client certificates.
    CertificateViewScopes = ["apim:client_certificates_view", "apim:client_certificates_manage", "apim:api_view"];
    /// Adding client certificates.
    CertificateAddScopes = ["apim:client_certificates_add", "apim:client_certificates_manage"];
    /// Removing client certificates.
    CertificateChangeScopes = ["apim:client_certificates_update", "apim:client_certificates_manage"];
    /// Reading shared scopes.
    ScopeViewScopes = ["apim:api_view", "apim:shared_scope_manage"];
    /// Changing shared scopes.
    ScopeManageScopes = ["apim:shared_scope_manage"];
}

/// The resources below `/api/am/publisher/v4`.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/apis", get(apis::list).post(apis::create))
        .route("/apis/change-lifecycle", post(lifecycle::change))
        .route("/apis/{id}", get(apis::read).put(apis::update).delete(apis::delete))
        .route("/apis/{id}/lifecycle-state", get(lifecycle::state))
        .route("/apis/{id}/revisions", get(revisions::list).post(revisions::create))
        .route("/apis/{id}/deploy-revision", post(revisions::deploy))
        .route("/apis/{id}/undeploy-revision", post(revisions::undeploy))
        .route("/apis/{id}/generate-key", post(internal_keys::generate))
        .route("/apis/{id}/client-certificates", get(client_certificates::list).post(client_certificates::add))
        .route("/apis/{id}/client-certificates/{alias}", delete(client_certificates::remove))
        .route("/apis/{id}/client-certs/{keyType}", post(client_certificates::add_for))
        .route("/scopes", get(scopes::list).post(scopes::create))
        .route("/scopes/{id}", get(scopes::read).put(scopes::update).delete(scopes::delete).head(names::scope))
        .route("/scopes/{id}/usage", get(scopes::usage))
        .route("/roles/{name}", head(names::role))
        .route("/apis/{id}/swagger", get(definition::read).put(definition::update))
        .route("/subscriptions", get(subscriptions::list))
        .route("/subscriptions/block-subscription", post(subscriptions::block))
        .route("/subscriptions/unblock-subscription", post(subscriptions::unblock))
        .route("/subscriptions/change-business-plan", post(subscriptions::change_plan))
        .route("/throttling-policies/{level}", get(names::policy_list))
        .route("/operation-policies", get(names::operation_policies))
        .route("/key-managers", get(key_managers::list))
}
