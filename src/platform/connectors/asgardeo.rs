//! Type `Asgardeo`: clients as at Identity Server 7, opened by a token of a management client.
//! Roles and API resources behind its extra endpoints are kept, not called.

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Map, Value};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Sent, management_token},
    naming,
    wso2_is_7::{self, APPLICATION, unknown},
};
use crate::platform::domain::KeyMapping;

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
    registration: Some(&Registration),
};

/// What the management client must be allowed.
const SCOPES: &str = "internal_dcr_create internal_dcr_view internal_dcr_update internal_dcr_delete";

struct Registration;

impl Dialect for Registration {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        async move {
            management_token(call, "mgmt_client_id", "mgmt_client_secret", &[("scope", SCOPES.to_owned())]).await
        }
        .boxed()
    }

    fn body(&self, _call: Call<'_>, request: &ClientRequest, _client: Option<&KeyMapping>) -> Value {
        wso2_is_7::body(request, &naming::by_name_and_id(request))
    }

    fn told(&self, told: Map<String, Value>, _sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        wso2_is_7::read(told)
    }

    fn is_unknown(&self, status: u16, challenged: bool) -> bool {
        unknown(status, challenged)
    }
}
