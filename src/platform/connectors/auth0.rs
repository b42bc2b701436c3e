//! Type `Auth0`; it has no introspection, so its endpoint may be any word.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Property, SERVER_SIDE},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Auth0",
    display_name: "Auth0",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("client_id", "Client ID").required(),
        Property::input("client_secret", "Client secret").required().secret(),
        Property::input("audience", "Audience of the management API").required(),
    ],
    application: &[
        Property::options(
            "app_type",
            "Kind of client",
            &[Choice::of("regular_web"), Choice::of("native"), Choice::of("spa"), Choice::of("non_interactive")],
        )
        .or("regular_web"),
        Property::options(
            "token_endpoint_auth_method",
            "Client authentication",
            &[Choice::of("client_secret_basic"), Choice::of("client_secret_post")],
        )
        .required()
        .or("client_secret_basic"),
        Property::input("audience_of_api", "Audience of the API").required(),
    ],
    registration: None,
};
