//! Type `Forgerock`.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Property, SERVER_SIDE},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Forgerock",
    display_name: "Forgerock",
    consumer_key_claim: Some("aud"),
    scopes_claim: Some("scp"),
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("client_id", "Client ID").required(),
        Property::input("client_secret", "Client secret").required().secret(),
    ],
    application: &[
        Property::options(
            "application_type",
            "Kind of client",
            &[Choice::of("web"), Choice::of("native"), Choice::of("service"), Choice::of("browser")],
        )
        .or("web"),
        Property::select(
            "response_types",
            "Response types",
            &[Choice::of("code"), Choice::of("token"), Choice::of("id_token")],
        ),
        Property::input("access_token_lifetime", "Life of an access token (s)").or("0"),
        Property::input("refresh_token_lifetime", "Life of a refresh token (s)").or("0"),
        Property::input("authorization_code_lifetime", "Life of an authorization code (s)").or("0"),
        Property::input("token_endpoint_auth_method", "Client authentication").or("client_secret_basic"),
        Property::options("client_type", "Confidential or public", &[Choice::of("Confidential"), Choice::of("Public")])
            .or("Confidential"),
        Property::select("default_scopes", "Default scopes", &[Choice::of("default")]),
    ],
    registration: None,
};
