//! Type `WSO2-IS-7`: WSO2 Identity Server 7, clients by its registration interface v1.1.
//! Roles and API resources behind its two extra endpoints are kept, not yet called.

use futures::{FutureExt, future::BoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRegistration, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{Choice, Property, SERVER_SIDE},
    naming,
    registration::answer,
};
use crate::platform::domain::{KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "WSO2-IS-7",
    display_name: "WSO2 Identity Server 7",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("api_resource_management_endpoint", "API resource management endpoint").required(),
        Property::input("is7_roles_endpoint", "Roles endpoint").required(),
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

impl ClientRegistration for Registration {
    fn register<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let sent = authenticated(call, call.site.http.post(collection(call))).json(&body(request)).send();
            registered(answer(sent.await?).await?)
        }
        .boxed()
    }

    /// A name belongs to one client of this server, and ours holds the application's id.
    fn left_behind<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<Option<RegisteredClient>, ConnectorError>> {
        async move {
            let name = naming::by_application_id(request);
            let get = call.site.http.get(collection(call)).query(&[("client_name", &name)]);
            match known(answer(authenticated(call, get).send().await?).await) {
                Err(ConnectorError::UnknownClient) => Ok(None),
                Err(error) => Err(error),
                Ok(told) if told.get("client_name").and_then(Value::as_str) == Some(&name) => {
                    registered(told).map(Some)
                }
                Ok(_) => Ok(None),
            }
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        call: Call<'a>,
        consumer_key: &'a str,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let sent = authenticated(call, call.site.http.get(item(call, consumer_key))).send();
            registered(known(answer(sent.await?).await)?)
        }
        .boxed()
    }

    fn update<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let put = call.site.http.put(item(call, &mapping.consumer_key));
            let sent = authenticated(call, put).json(&body(request)).send();
            registered(known(answer(sent.await?).await)?)
        }
        .boxed()
    }

    fn delete<'a>(&'a self, call: Call<'a>, mapping: &'a KeyMapping) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            let sent = authenticated(call, call.site.http.delete(item(call, &mapping.consumer_key))).send();
            known(answer(sent.await?).await).map(drop)
        }
        .boxed()
    }

    fn rotate_secret<'a>(
        &'a self,
        _call: Call<'a>,
        _mapping: &'a KeyMapping,
    ) -> BoxFuture<'a, Result<Secret, ConnectorError>> {
        let refused = ConnectorError::Unsupported("this type of key manager has no call that replaces a secret");
        futures::future::ready(Err(refused)).boxed()
    }
}

fn collection(call: Call<'_>) -> String {
    let endpoint = call.key_manager.client_registration_endpoint.as_deref();
    endpoint.unwrap_or_default().trim_end_matches('/').to_owned()
}

fn item(call: Call<'_>, consumer_key: &str) -> String {
    format!("{}/{}", collection(call), utf8_percent_encode(consumer_key, NON_ALPHANUMERIC))
}

/// Basic credentials, or for mutual TLS the platform's certificate and the name of the acting user.
fn authenticated(call: Call<'_>, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let properties = &call.key_manager.additional_properties;
    if properties.text("Authentication").as_deref() == Some("MutualTLS") {
        return request.header("WSO2-Identity-User", properties.text("IdentityUser").unwrap_or_default());
    }
    request.basic_auth(properties.text("Username").unwrap_or_default(), properties.text("Password"))
}

/// A client that is gone is answered 401 by this server (RFC 7592, section 2.1), by others of its family 404. Wrong
/// credentials are 401 as well, but then with a challenge (RFC 9110, section 11.6.1): they say nothing of the client.
fn known(answer: Result<Map<String, Value>, ConnectorError>) -> Result<Map<String, Value>, ConnectorError> {
    match answer {
        Err(ConnectorError::Refused { status: 401 | 404, challenged: false, .. }) => Err(ConnectorError::UnknownClient),
        other => other,
    }
}

fn body(request: &ClientRequest) -> Value {
    let mut body = json!({
        "client_name": naming::by_application_id(request),
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

fn registered(mut told: Map<String, Value>) -> Result<RegisteredClient, ConnectorError> {
    let consumer_key = told.get("client_id").and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(consumer_key) = consumer_key.map(str::to_owned) else {
        return Err(ConnectorError::Failed { said: "the answer has no client_id".to_owned() });
    };
    let texts = |value: Option<&Value>| -> Vec<String> {
        let values = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        values.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect()
    };
    let consumer_secret = told.get("client_secret").and_then(Value::as_str).map(Secret::new);
    let grant_types = texts(told.get("grant_types"));
    let redirect_uris = texts(told.get("redirect_uris"));
    told.retain(|name, value| !value.is_null() && APPLICATION.iter().any(|own| own.name == name));
    Ok(RegisteredClient {
        consumer_key,
        consumer_secret,
        grant_types,
        callback_url: (!redirect_uris.is_empty()).then(|| redirect_uris.join(",")),
        properties: told,
        management: None,
    })
}
