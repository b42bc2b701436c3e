//! Type `KeyCloak`.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Property, SERVER_SIDE},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "KeyCloak",
    display_name: "KeyCloak",
    consumer_key_claim: None,
    scopes_claim: None,
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("client_id", "Client ID").required(),
        Property::input("client_secret", "Client secret").required().secret(),
    ],
    application: &[
        Property::select(
            "response_types",
            "Response types",
            &[Choice::of("token"), Choice::of("code"), Choice::of("none"), Choice::of("id_token")],
        )
        .or("token"),
        Property::options("subject_type", "Subject type", &[Choice::of("public"), Choice::of("pairwise")])
            .required()
            .or("public"),
        Property::options(
            "token_endpoint_auth_method",
            "Client authentication",
            &[
                Choice::of("client_secret_basic"),
                Choice::of("private_key_jwt"),
                Choice::of("client_secret_post"),
                Choice::of("tls_client_auth"),
                Choice::of("client_secret_jwt"),
            ],
        )
        .required()
        .or("client_secret_basic"),
        Property::options(
            "tls_client_certificate_bound_access_tokens",
            "Certificate-bound tokens",
            &[Choice::of("false"), Choice::of("true")],
        )
        .required()
        .or("false"),
    ],
    registration: None,
};
