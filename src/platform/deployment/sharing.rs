//! An identity server that announces its tenants, and the key manager that such a tenant gets from it.
//! Taking the announcements is left to `tenant_events`.

use serde_json::json;
use uuid::Uuid;

use crate::{
    domain::{CertificateType, Certificates, KeyManager, RESIDENT_KEY_MANAGER},
    site::tenant_url,
};

/// The only type that shares tenants.
pub(super) const TYPE: &str = "WSO2-IS-7";

/// One `[[apim.tenant_sharing]]`.
#[derive(Debug, Clone, Default)]
pub struct TenantSharing {
    /// Whether a tenant that it announces gets a key manager for it.
    pub automatic: bool,
    /// Where it is, without a slash at the end. Nothing is asked there when a tenant comes (TS-11).
    pub base_url: String,
}

impl TenantSharing {
    /// The key manager of a tenant of that server, under the name that a resident one would have. Calls are made in the
    /// name of the tenant's owner.
    pub(crate) fn key_manager(&self, tenant: &str, owner: (&str, &str)) -> KeyManager {
        let base = tenant_url(&self.base_url, tenant);
        let at = |path: &str| Some(format!("{base}{path}"));
        let mut made = KeyManager::named(RESIDENT_KEY_MANAGER, TYPE);
        made.id = Uuid::new_v4();
        made.display_name = Some(RESIDENT_KEY_MANAGER.to_owned());
        made.description = Some("Made for a shared tenant".to_owned());
        made.issuer = at("/oauth2/token");
        made.well_known_endpoint = at("/oauth2/token/.well-known/openid-configuration");
        made.token_endpoint = at("/oauth2/token");
        made.revoke_endpoint = at("/oauth2/revoke");
        made.introspection_endpoint = at("/oauth2/introspect");
        made.authorize_endpoint = at("/oauth2/authorize");
        made.user_info_endpoint = at("/scim2/Me");
        made.client_registration_endpoint = at("/api/identity/oauth2/dcr/v1.1/register");
        made.scope_management_endpoint = at("/api/identity/oauth2/v1.0/scopes");
        made.certificates = Some(Certificates { kind: CertificateType::Jwks, value: format!("{base}/oauth2/jwks") });
        made.available_grant_types =
            ["client_credentials", "password", "refresh_token", "authorization_code"].map(str::to_owned).to_vec();
        made.consumer_key_claim = Some("azp".to_owned());
        made.scopes_claim = Some("scope".to_owned());
        made.enable_token_generation = true;
        made.enable_oauth_app_creation = true;
        made.enable_map_oauth_consumer_apps = true;
        let properties = [
            ("Authentication", json!("BasicAuth")),
            ("Username", json!(format!("{}@{tenant}", owner.0))),
            ("Password", json!(owner.1)),
            ("api_resource_management_endpoint", json!(format!("{base}/api/server/v1/api-resources"))),
            ("is7_roles_endpoint", json!(format!("{base}/scim2/v2/Roles"))),
            ("self_validate_jwt", json!(true)),
            ("provisionedAppValidation", json!(true)),
        ];
        made.additional_properties.0.extend(properties.map(|(name, value)| (name.to_owned(), value)));
        made
    }
}
