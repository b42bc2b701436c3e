//! Type `ObKeyManager`: WSO2 Identity Server with the open banking accelerator.
//! Its clients are registered as those of `WSO2-IS` are.

use super::{
    Connector,
    configuration::{BY_USER, Property, SERVER_SIDE},
    scope_interface::ScopeInterface,
    wso2_is::{APPLICATION, Operations},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "ObKeyManager",
    display_name: "Open Banking Key Manager",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    introspection: Some(BY_USER),
    subject_claims: &[],
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("Username", "User name").required(),
        Property::input("Password", "Password").required().secret(),
    ],
    application: APPLICATION,
    registration: Some(&Operations),
    scopes: Some(&ScopeInterface),
};
