//! Type `WSO2-IS-7`: WSO2 Identity Server 7, clients by its registration interface v1.1.
//! Its two extra endpoints take scopes and the roles that carry them; see `api_resources`.

use futures::{FutureExt, future::BoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    api_resources::{ApiResource, ScopesInResource},
    configuration::{BY_USER, Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Sent},
    members::RFC,
    naming,
};
use crate::domain::{KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "WSO2-IS-7",
    display_name: "WSO2 Identity Server 7",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    introspection: Some(BY_USER),
    subject_claims: &[],
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("api_resource_management_endpoint", "API resource management endpoint").required().address(),
        Property::input("is7_roles_endpoint", "Roles endpoint").required().address(),
        Property::checkbox("enable_roles_creation", "Create roles", &[Choice::of("Create Roles in WSO2 IS 7")]),
        Property::checkbox("user_schema_cache_enabled", "Cache the user schema", &[Choice::of("Enable")]),
        Property::options(
            "Authentication",
            "Authentication",
            &[
                Choice {
                    value: "BasicAuth",
                    children: &[
                        Property::input("Username", "User name").required().or("admin"),
                        Property::input("Password", "Password").required().secret(),
                    ],
                },
                Choice {
                    value: "MutualTLS",
                    children: &[
                        Property::input("IdentityUser", "Identity user").required(),
                        Property::options(
                            "MutualTLSOptions",
                            "Certificate",
                            &[Choice::of("ServerWide"), Choice::of("TenantWide")],
                        )
                        .required(),
                    ],
                },
            ],
        )
        .or("BasicAuth"),
    ],
    application: APPLICATION,
    registration: Some(&Registration),
    scopes: Some(&SCOPES_THERE),
};

/// Settings of a client; Asgardeo shares them.
pub(super) const APPLICATION: &[Property] = &[
    Property::input("ext_application_token_lifetime", "Life of an application's token (s)").or("N/A"),
    Property::input("ext_user_token_lifetime", "Life of a user's token (s)").or("N/A"),
    Property::input("ext_refresh_token_lifetime", "Life of a refresh token (s)").or("N/A"),
    Property::input("ext_id_token_lifetime", "Life of an ID token (s)").or("N/A"),
    Property::select("ext_pkce_mandatory", "PKCE mandatory", FLAG).or("false"),
    Property::select("ext_pkce_support_plain", "Plain PKCE", FLAG).or("false"),
    Property::select("ext_public_client", "Public client", FLAG).or("false"),
];

/// Values of a property that is a flag in text.
pub(super) const FLAG: &[Choice] = &[Choice::of("false"), Choice::of("true")];

struct Registration;

/// All scopes of the platform are in one API resource of a fixed name.
const SCOPES_THERE: ScopesInResource = ScopesInResource {
    resources: "api_resource_management_endpoint",
    roles: "is7_roles_endpoint",
    creates_roles: "enable_roles_creation",
    role_prefix: "system_primary_",
    resource: |_| ApiResource {
        filter: "identifier eq User-defined-oauth2-resource".to_owned(),
        identifier: "User-defined-oauth2-resource".to_owned(),
        name: "User-defined OAuth2 Resource".to_owned(),
    },
    credential: |call| futures::future::ready(Ok(acting(call))).boxed(),
};

impl Dialect for Registration {
    /// Basic credentials, or for mutual TLS the platform's certificate and the name of the acting user (CONN-10).
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        futures::future::ready(Ok(acting(call))).boxed()
    }

    fn body(&self, _call: Call<'_>, request: &ClientRequest, _client: Option<&KeyMapping>) -> Value {
        body(request, &naming::by_application_id(request))
    }

    fn told(&self, told: Map<String, Value>, _sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        read(told)
    }

    /// A name belongs to one client of this server, and ours holds the application's id.
    fn left_behind_at(&self, call: Call<'_>, request: &ClientRequest) -> Result<Option<String>, ConnectorError> {
        let name = naming::by_application_id(request);
        let name = utf8_percent_encode(&name, NON_ALPHANUMERIC);
        Ok(Some(format!("{}?client_name={name}", self.collection(call)?)))
    }

    fn is_unknown(&self, status: u16, challenged: bool) -> bool {
        unknown(status, challenged)
    }
}

/// Who calls the management interfaces of this server.
pub(super) fn acting(call: Call<'_>) -> Credential {
    let properties = &call.key_manager.additional_properties;
    if properties.text("Authentication").as_deref() == Some("MutualTLS") {
        let value = Secret::new(properties.text("IdentityUser").unwrap_or_default());
        return Credential::Field { name: "WSO2-Identity-User", value };
    }
    Credential::Basic { user: properties.text("Username").unwrap_or_default(), password: properties.text("Password") }
}

/// A client that is gone is answered 401 by this server (RFC 7592, section 2.1), by others of its family 404. Wrong
/// credentials are 401 as well, but then with a challenge (RFC 9110, section 11.6.1): they say nothing of the client.
pub(super) fn unknown(status: u16, challenged: bool) -> bool {
    status == 404 || (status == 401 && !challenged)
}

pub(super) fn body(request: &ClientRequest, name: &str) -> Value {
    let mut body = json!({
        "client_name": name,
        "grant_types": request.grant_types,
        "ext_application_display_name": naming::readable(request),
        "ext_allowed_audience": "organization",
        "token_type_extension": "JWT",
    });
    let redirect_uris = request.redirect_uris();
    if !redirect_uris.is_empty() {
        body["redirect_uris"] = json!(redirect_uris);
    }
    for (name, value) in &request.properties {
        if let Some(value) = extension(name, value) {
            body[name.as_str()] = value;
        }
    }
    body
}

/// Lifetimes travel as numbers and flags as booleans; `N/A` leaves the choice to the server.
fn extension(name: &str, value: &Value) -> Option<Value> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    APPLICATION.iter().find(|own| own.name == name)?;
    if name.ends_with("_lifetime") {
        return text.parse::<u64>().ok().map(|seconds| json!(seconds));
    }
    text.parse::<bool>().ok().map(|flag| json!(flag))
}

pub(super) fn read(mut told: Map<String, Value>) -> Result<RegisteredClient, ConnectorError> {
    let mut client = RFC.read(&told)?;
    told.retain(|name, value| !value.is_null() && APPLICATION.iter().any(|own| own.name == name));
    client.properties = told;
    client.management = None;
    Ok(client)
}
