//! Type `Asgardeo`.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Property, SERVER_SIDE},
    wso2_is_7::APPLICATION,
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Asgardeo",
    display_name: "Asgardeo",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("org_name", "Organization").required(),
        Property::input("mgmt_client_id", "Client ID of the management client").required(),
        Property::input("mgmt_client_secret", "Secret of the management client").required().secret(),
        Property::input("APIM_GLOBAL_SCOPES", "API resource of all scopes").required(),
        Property::input("asgardeo_api_resource_management_endpoint", "API resource management endpoint").required(),
        Property::input("asgardeo_roles_endpoint", "Roles endpoint").required(),
        Property::checkbox("asgardeo_role_creation", "Create roles", &[Choice::of("Create Roles in Asgardeo")]),
    ],
    application: APPLICATION,
    registration: None,
};
