//! The key manager that every tenant is born with, as a document.
//! Issuing tokens is left to `resident`.

use serde_json::json;
use uuid::Uuid;

use super::{
    deployment::Deployment,
    domain::{CertificateType, Certificates, KeyManager, RESIDENT_KEY_MANAGER, RESIDENT_TYPE, TokenValidation},
    scope_interface,
    site::{Site, tenant_url},
    store::{Documents, StoreError},
};

/// Grant types that it serves, and that are offered with it. The implicit one has no token request.
const GRANT_TYPES: &[&str] = &[
    "client_credentials",
    "password",
    "refresh_token",
    "authorization_code",
    "implicit",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// A new resident key manager for the tenant, its endpoints where the platform is served.
pub(super) fn resident_key_manager(site: &Site, tenant: &str) -> KeyManager {
    let mut key_manager = KeyManager::named(RESIDENT_KEY_MANAGER, RESIDENT_TYPE);
    key_manager.id = Uuid::new_v4();
    key_manager.display_name = Some(RESIDENT_KEY_MANAGER.to_owned());
    key_manager.description = Some("This is Resident Key Manager".to_owned());
    key_manager.available_grant_types = grant_types(&site.config.deployment);
    key_manager.enable_token_generation = true;
    key_manager.enable_oauth_app_creation = true;
    key_manager.enable_map_oauth_consumer_apps = true;
    key_manager.consumer_key_claim = Some("azp".to_owned());
    key_manager.scopes_claim = Some("scope".to_owned());
    key_manager.token_validation = vec![TokenValidation::opaque()];
    // As the Admin plane keeps them beside the members of the same meaning, so that sending the document back changes
    // nothing.
    let properties = &mut key_manager.additional_properties.0;
    properties.insert("self_validate_jwt".to_owned(), json!(key_manager.enable_self_validation_jwt));
    properties.insert("provisionedAppValidation".to_owned(), json!(key_manager.enable_provisioned_app_validation));
    place(&mut key_manager, &site.management_url, tenant);
    key_manager
}

/// The grant types that a deployment serves.
pub(super) fn grant_types(deployment: &Deployment) -> Vec<String> {
    let served = GRANT_TYPES.iter().filter(|grant| !deployment.disabled_grants.contains(grant));
    served.map(ToString::to_string).collect()
}

/// Points every resident key manager to where the platform is served now, which may be another port than before.
pub(super) fn move_all(documents: &Documents<'_>, management_url: &str) -> Result<(), StoreError> {
    for (tenant, mut key_manager) in documents.everywhere::<KeyManager>()? {
        if key_manager.is_resident() {
            place(&mut key_manager, management_url, &tenant);
            documents.put(&tenant, &key_manager)?;
        }
    }
    Ok(())
}

fn place(key_manager: &mut KeyManager, management_url: &str, tenant: &str) {
    let base = tenant_url(management_url, tenant);
    let endpoint = |path: &str| Some(format!("{base}/oauth2/{path}"));
    key_manager.issuer = endpoint("token");
    key_manager.token_endpoint = endpoint("token");
    key_manager.revoke_endpoint = endpoint("revoke");
    key_manager.introspection_endpoint = endpoint("introspect");
    key_manager.user_info_endpoint = endpoint("userinfo");
    key_manager.authorize_endpoint = endpoint("authorize");
    key_manager.well_known_endpoint = endpoint("token/.well-known/openid-configuration");
    key_manager.client_registration_endpoint = Some(format!("{base}/keymanager-operations/dcr/register"));
    key_manager.scope_management_endpoint = Some(format!("{base}{}", scope_interface::BASE));
    key_manager.certificates = Some(Certificates { kind: CertificateType::Jwks, value: format!("{base}/oauth2/jwks") });
}
