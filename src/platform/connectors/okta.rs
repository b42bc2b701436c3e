//! Type `Okta`.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Property, SERVER_SIDE},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Okta",
    display_name: "Okta",
    consumer_key_claim: Some("cid"),
    scopes_claim: Some("scp"),
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("apiKey", "API key").required().secret(),
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
        )
        .required(),
        Property::options(
            "token_endpoint_auth_method",
            "Client authentication",
            &[Choice::of("client_secret_basic"), Choice::of("client_secret_post"), Choice::of("client_secret_jwt")],
        )
        .required()
        .or("client_secret_basic"),
    ],
    registration: None,
};
