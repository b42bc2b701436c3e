//! Type `custom`: any authorization server; usually its clients are mapped, out of band.
//! Where app creation is switched on and a registration endpoint is named, RFC 7591 and 7592 are spoken.

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRegistration, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{Endpoint, Property},
    naming,
    registration::answer,
};
use crate::platform::domain::{ClientManagement, KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "custom",
    display_name: "Custom",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    endpoints: &[Endpoint::Issuer, Endpoint::Token],
    connection: &[
        Property::input("client_id", "Client ID"),
        Property::input("client_secret", "Client secret").secret(),
        Property::input("Username", "User name"),
        Property::input("Password", "Password").secret(),
        Property::input("initial_access_token", "Initial access token for registration").secret(),
    ],
    application: &[],
    registration: Some(&Registration),
};

struct Registration;

impl ClientRegistration for Registration {
    fn register<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let endpoint = call.key_manager.client_registration_endpoint.as_deref().unwrap_or_default();
            if endpoint.trim().is_empty() {
                return Err(ConnectorError::Unsupported("this key manager has no client registration endpoint"));
            }
            let post = authorized(call, call.site.http.post(endpoint)).json(&body(request));
            registered(answer(post.send().await?).await?, request, None)
        }
        .boxed()
    }

    /// A mapped client is taken as it is: a server of unknown kind has no call to look one up by its id.
    fn read<'a>(
        &'a self,
        _call: Call<'a>,
        _consumer_key: &'a str,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        let refused = ConnectorError::Unsupported("a custom key manager cannot be asked for a client");
        futures::future::ready(Err(refused)).boxed()
    }

    fn update<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let management = managed(mapping)?;
            let mut body = body(request);
            body["client_id"] = json!(mapping.consumer_key);
            let put = call.site.http.put(&management.uri).bearer_auth(management.token.reveal()).json(&body);
            registered(answer(put.send().await?).await?, request, Some(management))
        }
        .boxed()
    }

    fn delete<'a>(&'a self, call: Call<'a>, mapping: &'a KeyMapping) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            let management = managed(mapping)?;
            let delete = call.site.http.delete(&management.uri).bearer_auth(management.token.reveal());
            match answer(delete.send().await?).await {
                // RFC 7592, section 2.3: a client that is gone leaves an invalid token behind.
                Err(ConnectorError::Refused { status: 401 | 404, .. }) => Err(ConnectorError::UnknownClient),
                other => other.map(drop),
            }
        }
        .boxed()
    }

    fn rotate_secret<'a>(
        &'a self,
        _call: Call<'a>,
        _mapping: &'a KeyMapping,
    ) -> BoxFuture<'a, Result<Secret, ConnectorError>> {
        let refused = ConnectorError::Unsupported("RFC 7592 has no call that replaces a secret");
        futures::future::ready(Err(refused)).boxed()
    }
}

/// Opens registration: the initial access token (RFC 7591, section 3), else the user, else nothing.
fn authorized(call: Call<'_>, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let property = |name| call.key_manager.additional_properties.text(name).filter(|text| !text.is_empty());
    match (property("initial_access_token"), property("Username")) {
        (Some(token), _) => request.bearer_auth(token),
        (None, Some(user)) => request.basic_auth(user, property("Password")),
        (None, None) => request,
    }
}

fn managed(mapping: &KeyMapping) -> Result<&ClientManagement, ConnectorError> {
    let none = "the authorization server named no place where this client is managed";
    mapping.management.as_ref().ok_or(ConnectorError::Unsupported(none))
}

fn body(request: &ClientRequest) -> Value {
    let mut body = json!({
        "client_name": naming::by_application_id(request),
        "grant_types": request.grant_types,
        "token_endpoint_auth_method": "client_secret_basic",
        // Without the member RFC 7591 means `code`, which a server may refuse for other grants.
        "response_types": if request.grant_types.iter().any(|grant| grant == "authorization_code") { json!(["code"]) } else { json!([]) },
        "redirect_uris": request.redirect_uris(),
    });
    // Other client metadata as it was asked for; what the platform says of the client itself is not the developer's.
    if let Some(members) = body.as_object_mut() {
        for (name, value) in &request.properties {
            members.entry(name).or_insert_with(|| value.clone());
        }
    }
    body
}

fn registered(
    told: Map<String, Value>,
    request: &ClientRequest,
    known: Option<&ClientManagement>,
) -> Result<RegisteredClient, ConnectorError> {
    let text = |name: &str| told.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(consumer_key) = text("client_id").map(str::to_owned) else {
        return Err(ConnectorError::Failed { said: "the answer has no client_id".to_owned() });
    };
    let list = |name: &str| -> Vec<String> {
        let values = told.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let fresh = text("registration_client_uri").zip(text("registration_access_token"));
    let management = fresh
        .map(|(uri, token)| ClientManagement { uri: uri.to_owned(), token: Secret::new(token) })
        .or_else(|| known.cloned());
    let redirect_uris = list("redirect_uris");
    Ok(RegisteredClient {
        consumer_key,
        consumer_secret: text("client_secret").map(Secret::new),
        grant_types: list("grant_types"),
        callback_url: (!redirect_uris.is_empty()).then(|| redirect_uris.join(",")),
        // Kept, since an update replaces all of a client's metadata (RFC 7592, section 2.2).
        properties: request.properties.clone(),
        management,
    })
}
