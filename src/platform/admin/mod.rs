//! The administrator plane, version 4: key managers, organizations, policies and settings.
//! What a type demands is left to its connector; who may have which scope to the resident key manager.

mod applications;
mod discovery;
mod key_managers;
mod masking;
mod organizations;
mod outbound_guard;
mod rules;
mod settings;
mod system_scopes;
mod tenant_settings;
mod throttling;
mod usages;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::{site::Site, wire::ScopeSet};

/// Scopes that open the key manager resources.
pub(super) struct KeyManagerScopes;

impl ScopeSet for KeyManagerScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:admin_operations"];
}

/// Scopes that open the applications of a tenant.
pub(super) struct ApplicationScopes;

impl ScopeSet for ApplicationScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:admin_application_view"];
}

/// Scopes that open the list of organizations.
pub(super) struct OrganizationReadScopes;

impl ScopeSet for OrganizationReadScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:organization_read", "apim:organization_manage"];
}

/// Scopes that let organizations be registered.
pub(super) struct OrganizationManageScopes;

impl ScopeSet for OrganizationManageScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:organization_manage"];
}

/// Scopes that open what is set for a whole tenant.
pub(super) struct TenantScopes;

impl ScopeSet for TenantScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:tenantInfo", "apim:scope_manage"];
}

/// Scopes that open the throttling policies.
pub(super) struct PolicyViewScopes;

impl ScopeSet for PolicyViewScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:admin_tier_view", "apim:admin_tier_manage"];
}

/// Scopes that let throttling policies be made.
pub(super) struct PolicyManageScopes;

impl ScopeSet for PolicyManageScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:admin_tier_manage"];
}

/// Scopes that open the settings.
pub(super) struct SettingsScopes;

impl ScopeSet for SettingsScopes {
    const ANY_OF: &'static [&'static str] = &["apim:admin", "apim:admin_settings"];
}

/// The resources below `/api/am/admin/v4`.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/key-managers", get(key_managers::list).post(key_managers::create))
        .route("/key-managers/discover", post(discovery::discover))
        .route("/key-managers/{id}", get(key_managers::read).put(key_managers::update).delete(key_managers::delete))
        .route("/key-managers/{id}/api-usages", get(usages::list_apis))
        .route("/key-managers/{id}/scope-registrations", get(key_managers::scope_registrations))
        .route("/key-managers/{id}/app-usages", get(usages::list_applications))
        .route("/applications", get(applications::list))
        .route("/applications/{id}/change-owner", post(applications::change_owner))
        .route("/organizations", get(organizations::list).post(organizations::create))
        .route("/organizations/{id}", get(organizations::read).put(organizations::update).delete(organizations::delete))
        .route("/tenant-config", get(tenant_settings::read_configuration).put(tenant_settings::update_configuration))
        .route("/system-scopes/role-aliases", get(tenant_settings::read_aliases).put(tenant_settings::update_aliases))
        .route("/system-scopes/{scope}", get(system_scopes::read))
        .route("/throttling/policies/{level}", get(throttling::list).post(throttling::create))
        .route(
            "/throttling/policies/{level}/{id}",
            get(throttling::read).put(throttling::update).delete(throttling::delete),
        )
        .route("/settings", get(settings::read))
}
