//! Type `Asgardeo`: clients as at Identity Server 7, opened by a token of a management client.
//! Its two extra endpoints take scopes and the roles that carry them; see `api_resources`.

use futures::{FutureExt, future::BoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    api_resources::{ApiResource, ScopesInResource},
    configuration::{Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Sent, management_token},
    naming,
    wso2_is_7::{self, APPLICATION, unknown},
};
use crate::domain::KeyMapping;

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Asgardeo",
    display_name: "Asgardeo",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    introspection: Some(&[("mgmt_client_id", "mgmt_client_secret")]),
    subject_claims: &[],
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("org_name", "Organization").required(),
        Property::input("mgmt_client_id", "Client ID of the management client").required(),
        Property::input("mgmt_client_secret", "Secret of the management client").required().secret(),
        Property::input("APIM_GLOBAL_SCOPES", "API resource of all scopes").required(),
        Property::input("asgardeo_api_resource_management_endpoint", "API resource management endpoint")
            .required()
            .address(),
        Property::input("asgardeo_roles_endpoint", "Roles endpoint").required().address(),
        Property::checkbox("asgardeo_role_creation", "Create roles", &[Choice::of("Create Roles in Asgardeo")]),
    ],
    application: APPLICATION,
    registration: Some(&Registration),
    scopes: Some(&SCOPES_THERE),
};

/// What the management client must be allowed.
const SCOPES: &str = "internal_dcr_create internal_dcr_view internal_dcr_update internal_dcr_delete";

/// What the management client must be allowed for scopes and roles.
const SCOPE_SCOPES: &str = "internal_api_resource_create internal_api_resource_view internal_api_resource_update \
                            internal_role_mgt_create internal_role_mgt_view internal_role_mgt_update \
                            internal_role_mgt_permissions_update";

struct Registration;

/// All scopes of the platform are in the API resource that the administrator names.
const SCOPES_THERE: ScopesInResource = ScopesInResource {
    resources: "asgardeo_api_resource_management_endpoint",
    roles: "asgardeo_roles_endpoint",
    creates_roles: "asgardeo_role_creation",
    role_prefix: "apim_primary_",
    resource: |call| {
        let name = call.key_manager.additional_properties.text("APIM_GLOBAL_SCOPES").unwrap_or_default();
        ApiResource { filter: format!("name eq {name}"), identifier: name.clone(), name }
    },
    credential: |call| {
        async move {
            let scope = [("scope", SCOPE_SCOPES.to_owned())];
            management_token(call, "mgmt_client_id", "mgmt_client_secret", &scope).await
        }
        .boxed()
    },
};

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

    /// A name belongs to one client of this server, and ours holds the first of the application's id.
    fn left_behind_at(&self, call: Call<'_>, request: &ClientRequest) -> Result<Option<String>, ConnectorError> {
        let name = utf8_percent_encode(&naming::by_name_and_id(request), NON_ALPHANUMERIC).to_string();
        Ok(Some(format!("{}?client_name={name}", self.collection(call)?)))
    }

    fn is_unknown(&self, status: u16, challenged: bool) -> bool {
        unknown(status, challenged)
    }
}
