//! Type `Forgerock`: clients by the registration service of PingAM, named in the query of its URL.
//! A new client is opened by a token of the connector's client, an old one by its own (RFC 7592).

use futures::{FutureExt, future::BoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{BY_CLIENT, Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Managed, Sent, management_token},
    members::{self, RFC},
    naming,
};
use crate::domain::{KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Forgerock",
    display_name: "Forgerock",
    consumer_key_claim: Some("aud"),
    scopes_claim: Some("scp"),
    introspection: Some(BY_CLIENT),
    subject_claims: &[],
    endpoints: SERVER_SIDE,
    connection: &[
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
        ),
        Property::input("access_token_lifetime", "Life of an access token (s)").or("0"),
        Property::input("refresh_token_lifetime", "Life of a refresh token (s)").or("0"),
        Property::input("authorization_code_lifetime", "Life of an authorization code (s)").or("0"),
        Property::input("token_endpoint_auth_method", "Client authentication").or("client_secret_basic"),
        Property::options("client_type", "Confidential or public", &[Choice::of("Confidential"), Choice::of("Public")])
            .or("Confidential"),
        Property::select("default_scopes", "Default scopes", &[Choice::of("default")]),
    ],
    registration: Some(&Registration),
    scopes: None,
};

struct Registration;

impl Dialect for Registration {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        management_token(call, "client_id", "client_secret", &[]).boxed()
    }

    fn body(&self, _call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
        let name = naming::run_together(request);
        let mut body = json!({
            "client_name": name,
            "client_name#en": name,
            "grant_types": request.grant_types,
            "redirect_uris": request.redirect_uris(),
        });
        for (name, value) in &request.properties {
            let several = matches!(name.as_str(), "response_types" | "default_scopes");
            body[name.as_str()] = if several { members::as_list(value) } else { value.clone() };
        }
        if client.is_none() {
            // AM takes both from whoever registers, so that a client whose answer is lost can still be deleted.
            if let Some(id) = &request.chosen_id {
                body["client_id"] = json!(id);
            }
            if let Some(token) = &request.chosen_token {
                body["registration_access_token"] = json!(token.reveal());
            }
        }
        if let Some(client) = client {
            body["client_id"] = json!(client.consumer_key);
            if let Some(secret) = &client.consumer_secret {
                body["client_secret"] = json!(secret.reveal());
            }
        }
        body
    }

    fn told(&self, told: Map<String, Value>, sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        let mut client = RFC.read(&told)?;
        client.management = client.management.or_else(|| sent.client?.management.clone());
        client.properties = sent.request.map(|request| request.properties.clone()).unwrap_or_default();
        Ok(client)
    }

    fn item(&self, call: Call<'_>, client: &str) -> Result<String, ConnectorError> {
        let client = utf8_percent_encode(client, NON_ALPHANUMERIC);
        Ok(format!("{}?client_id={client}", self.collection(call)?))
    }

    /// At the place that the platform knows, whatever the server says of it, with the client's own token where it has one.
    fn managed(&self, call: Call<'_>, mapping: &KeyMapping, method: Method) -> Result<Managed, ConnectorError> {
        let credential = mapping.management.as_ref().map(|place| Credential::Bearer(place.token.clone()));
        Ok(Managed { method, url: self.item(call, &mapping.consumer_key)?, credential })
    }

    fn id_of_choice(&self) -> Option<String> {
        Some(naming::fresh_id())
    }

    fn token_of_choice(&self) -> Option<Secret> {
        Some(Secret::new(naming::fresh_id()))
    }

    fn looks_clients_up(&self) -> bool {
        false
    }

    /// A client that is gone leaves an invalid token behind (RFC 7592, section 2.1).
    fn is_unknown(&self, status: u16, _challenged: bool) -> bool {
        matches!(status, 401 | 404)
    }
}
