//! Type `AzureAD`; it has no introspection, and clients live behind the Graph interface.
//! Its client registration is not spoken yet: keys come by mapping existing clients.

use super::{
    Connector,
    configuration::{Choice, Endpoint, Property},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "AzureAD",
    display_name: "Azure AD",
    consumer_key_claim: Some("azp"),
    scopes_claim: None,
    endpoints: &[Endpoint::Token],
    connection: &[
        Property::input("microsoft_graph_api_endpoint", "Microsoft Graph endpoint")
            .required()
            .or("https://graph.microsoft.com"),
        // The name of this property really is the version's text.
        Property::select("v1.0", "Microsoft Graph version", &[Choice::of("v1.0")]).required().or("v1.0"),
        Property::select(
            "azure_ad_requested_access_token_version",
            "Token version",
            &[Choice::of("v1.0"), Choice::of("v2.0")],
        )
        .or("v1.0"),
        Property::input("azure_ad_client_id", "Client ID").required(),
        Property::input("azure_ad_client_secret", "Client secret").required().secret(),
        Property::input("polling_initial_delay_ms", "First poll after (ms)").or("500"),
        Property::input("polling_max_wait_time_ms", "Last poll after (ms)").or("5000"),
    ],
    application: &[],
    registration: None,
};
