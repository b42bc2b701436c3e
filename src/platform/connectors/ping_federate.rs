//! Type `PingFederate`.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Property, SERVER_SIDE},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "PingFederate",
    display_name: "PingFederate",
    consumer_key_claim: Some("client_id_name"),
    scopes_claim: None,
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("username", "User name of an administrator").required(),
        Property::input("password", "Password").required().secret(),
        Property::input("client_id", "Client ID").required(),
        Property::input("client_secret", "Client secret").required().secret(),
    ],
    application: &[
        Property::options("bypassApprovalPage", "Bypass the approval page", &[Choice::of("false"), Choice::of("true")])
            .or("false"),
        Property::options("clientAuthnType", "Client authentication", &[Choice::of("SECRET"), Choice::of("NONE")])
            .or("SECRET"),
        Property::input("restrictedScopes", "Scopes, separated by commas"),
    ],
    registration: None,
};
