//! HTTP on one side, the realm on the other: a file per endpoint.
//! Which paths they stand under, and in whose dialect they answer, is the vendor's part.

pub(crate) mod api_resources;
pub(crate) mod auth0_management;
pub(crate) mod authorize;
pub(crate) mod call;
pub(crate) mod device;
pub(crate) mod device_is7;
pub(crate) mod discovery;
pub(crate) mod graph;
pub(crate) mod introspection;
pub(crate) mod jwks;
pub(crate) mod keycloak_admin;
pub(crate) mod login;
pub(crate) mod login_is7;
pub(crate) mod management;
pub(crate) mod page;
pub(crate) mod registration;
pub(crate) mod registration_auth0;
pub(crate) mod registration_is;
pub(crate) mod registration_is7;
pub(crate) mod registration_okta;
pub(crate) mod registration_ping;
mod registration_tls;
pub(crate) mod revocation;
pub(crate) mod scim;
pub(crate) mod scim_about;
pub(crate) mod scim_list;
pub(crate) mod scim_me;
pub(crate) mod scim_patch;
mod scim_role_parts;
mod scim_role_scopes;
pub(crate) mod scim_roles;
pub(crate) mod scim_users;
pub(crate) mod scopes;
pub(crate) mod token;
pub(crate) mod userinfo;
