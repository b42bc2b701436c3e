//! What the platform knows: plain types of key managers, applications, APIs, keys and tenants.
//! How they are stored, sent or checked is left to the rooms beside this one.

mod api;
mod api_key;
mod api_visibility;
mod application;
mod certificates;
mod client_attempt;
mod client_certificate;
mod endpoint_security;
mod key_manager;
mod key_mapping;
mod oauth_client;
mod organization;
mod permissions;
mod scope_registration;
mod secret;
mod subscription;
mod tenant;
mod tenant_settings;
mod throttling_policy;
mod token_handling;

pub use api::{Api, ApiScope, ApiStatus, Deployment, HeaderChange, Operation, Played, Revision, Scope};
pub use api_key::{ApiKey, KeyRestrictions};
pub use api_visibility::Viewer;
pub use application::{Application, ApplicationTokenType, Visibility};
pub use certificates::{CertificateType, Certificates};
pub use client_attempt::ClientAttempt;
pub use client_certificate::ClientCertificate;
pub use endpoint_security::{BackendLogin, EndpointSecurity, LoginKind};
pub use key_manager::{
    ClaimMapping, ConnectorProperties, KeyManager, NamedEndpoint, RESIDENT_KEY_MANAGER, RESIDENT_TYPE, TokenType,
};
pub use key_mapping::{ClientManagement, KeyMapping, KeyState, KeyType, MappingMode};
pub use oauth_client::{ClientSecret, LONGEST_TOKEN_LIFE_S, NotRevoked, OAuthClient, is_token_life};
pub use organization::Organization;
pub use permissions::{PermissionType, Permissions};
pub use scope_registration::{ScopeRegistration, ScopeStanding};
pub use secret::Secret;
pub use subscription::{Subscription, SubscriptionStatus};
pub use tenant::{OWN_DIALECT, SUPER_TENANT, Tenant, User, principal};
pub use tenant_settings::{RoleAlias, TenantSettings};
pub use throttling_policy::{PolicyLevel, ThrottlingPolicy};
pub use token_handling::{HandlingRule, RuleProblem, TokenMatcher, TokenValidation};
