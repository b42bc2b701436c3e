//! Type `custom`: any authorization server; usually its clients are mapped, out of band.
//! Where app creation is switched on and a registration endpoint is named, RFC 7591 and 7592 are spoken.

use futures::{FutureExt, future::BoxFuture};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{Endpoint, Property},
    dialect::{Credential, Dialect, Managed, Sent},
    members::RFC,
    naming,
};
use crate::domain::{KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "custom",
    display_name: "Custom",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    introspection: Some(&[("client_id", "client_secret"), ("Username", "Password")]),
    subject_claims: &[],
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
    scopes: None,
};

struct Registration;

impl Dialect for Registration {
    /// The initial access token (RFC 7591, section 3), else the user, else nothing.
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        let property = |name| call.key_manager.additional_properties.text(name).filter(|text| !text.is_empty());
        let credential = match (property("initial_access_token"), property("Username")) {
            (Some(token), _) => Credential::Bearer(Secret::new(token)),
            (None, Some(user)) => Credential::Basic { user, password: property("Password") },
            (None, None) => Credential::None,
        };
        futures::future::ready(Ok(credential)).boxed()
    }

    fn body(&self, _call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
        let mut body = json!({
            "client_name": naming::by_application_id(request),
            "grant_types": request.grant_types,
            "token_endpoint_auth_method": "client_secret_basic",
            // Without the member RFC 7591 means `code`, which a server may refuse for other grants.
            "response_types": if request.grant_types.iter().any(|grant| grant == "authorization_code") { json!(["code"]) } else { json!([]) },
            "redirect_uris": request.redirect_uris(),
        });
        if let Some(client) = client {
            body["client_id"] = json!(client.consumer_key);
        }
        // Other client metadata as it was asked for; what the platform says of the client itself is not the developer's.
        if let Some(members) = body.as_object_mut() {
            for (name, value) in &request.properties {
                members.entry(name).or_insert_with(|| value.clone());
            }
        }
        body
    }

    fn told(&self, told: Map<String, Value>, sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        let mut client = RFC.read(&told)?;
        client.management = client.management.or_else(|| sent.client?.management.clone());
        // Kept, since an update replaces all of a client's metadata (RFC 7592, section 2.2).
        client.properties = sent.request.map(|request| request.properties.clone()).unwrap_or_default();
        Ok(client)
    }

    /// At the client's own place, with the client's own token (RFC 7592, section 2).
    fn managed(&self, _call: Call<'_>, mapping: &KeyMapping, method: Method) -> Result<Managed, ConnectorError> {
        let none = "the authorization server named no place where this client is managed";
        let place = mapping.management.as_ref().ok_or(ConnectorError::Unsupported(none))?;
        let credential = Some(Credential::Bearer(place.token.clone()));
        Ok(Managed { method, url: place.uri.clone(), credential })
    }

    /// A server of unknown kind has no call to look a client up by its id.
    fn looks_clients_up(&self) -> bool {
        false
    }

    /// A client that is gone leaves an invalid token behind (RFC 7592, section 2.1).
    fn is_unknown(&self, status: u16, _challenged: bool) -> bool {
        matches!(status, 401 | 404)
    }
}
