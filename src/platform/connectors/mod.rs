//! Connectors: what each type of key manager wants to know, and the dialect its authorization server speaks.
//! When a connector is called, and what becomes of its answer, is left to the planes.

mod api_resources;
mod asgardeo;
mod auth0;
mod azure_ad;
mod configuration;
mod constraints;
mod custom;
mod dialect;
mod forgerock;
mod keycloak;
mod members;
mod naming;
mod oauth;
mod okta;
mod open_banking;
mod ping_federate;
mod registration;
mod resident;
mod resident_secrets;
mod role_permissions;
mod scope_interface;
mod scopes;
mod secrets;
mod wso2_is;
mod wso2_is_7;

pub(super) use configuration::{Account, Connector, MASK};
pub(super) use oauth::{TokenRequest, exchange_token, request_token, revoke_token};
pub(super) use registration::{Call, ClientRegistration, ClientRequest, ConnectorError, RegisteredClient};
pub(super) use resident::owner_of_client;
pub(super) use scopes::ScopeAdministration;
pub(super) use secrets::{ClientSecrets, SecretOrder, ToldSecret};
pub(super) use wso2_is::SETTINGS as CLIENT_SETTINGS;

/// Every type, in the order in which the administrator's form offers them.
pub(super) const ALL: &[&Connector] = &[
    &wso2_is_7::CONNECTOR,
    &wso2_is::CONNECTOR,
    &open_banking::CONNECTOR,
    &custom::CONNECTOR,
    &keycloak::CONNECTOR,
    &okta::CONNECTOR,
    &auth0::CONNECTOR,
    &ping_federate::CONNECTOR,
    &forgerock::CONNECTOR,
    &azure_ad::CONNECTOR,
    &asgardeo::CONNECTOR,
    &resident::CONNECTOR,
];

/// The connector of a type; names are case sensitive.
pub(super) fn find(kind: &str) -> Option<&'static Connector> {
    ALL.iter().copied().find(|connector| connector.kind == kind)
}
