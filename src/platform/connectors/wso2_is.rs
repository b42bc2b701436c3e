//! Type `WSO2-IS`: WSO2 Identity Server before version 7.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Property, SERVER_SIDE},
    wso2_is_7::FLAG,
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "WSO2-IS",
    display_name: "WSO2 Identity Server",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("Username", "User name").required(),
        Property::input("Password", "Password").required().secret(),
        Property::checkbox("km_admin_as_app_owner", "Owner", &[Choice::of("Use as OAuth Application Owner")]),
        Property::checkbox("enable_application_scopes", "Scopes", &[Choice::of("Enable Application Scopes")]),
    ],
    application: APPLICATION,
    registration: None,
};

/// Settings of a client; the resident key manager and the open banking type share them.
pub(super) const APPLICATION: &[Property] = &[
    Property::input("application_access_token_expiry_time", "Life of an application's token (s)").or("N/A"),
    Property::input("user_access_token_expiry_time", "Life of a user's token (s)").or("N/A"),
    Property::input("refresh_token_expiry_time", "Life of a refresh token (s)").or("N/A"),
    Property::input("id_token_expiry_time", "Life of an ID token (s)").or("N/A"),
    Property::select("pkceMandatory", "PKCE mandatory", FLAG).or("false"),
    Property::select("pkceSupportPlain", "Plain PKCE", FLAG).or("false"),
    Property::select("bypassClientCredentials", "Public client", FLAG).or("false"),
];
