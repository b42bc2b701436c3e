//! Type `Okta`: clients of an organisation, opened by its API key.
//! What a client may be asked for beside the common settings stands in its properties.

use futures::{FutureExt, future::BoxFuture};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{BY_CLIENT, Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Rotation, Sent},
    members::{self, RFC},
    naming,
};
use crate::domain::{KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Okta",
    display_name: "Okta",
    consumer_key_claim: Some("cid"),
    scopes_claim: Some("scp"),
    introspection: Some(BY_CLIENT),
    subject_claims: &[],
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
    registration: Some(&Registration),
    scopes: None,
};

struct Registration;

impl Dialect for Registration {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        let key = call.key_manager.additional_properties.text("apiKey").unwrap_or_default();
        let value = Secret::new(format!("SSWS {key}"));
        futures::future::ready(Ok(Credential::Field { name: "Authorization", value })).boxed()
    }

    fn body(&self, _call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
        let mut body = json!({
            "client_name": naming::run_together(request),
            "grant_types": request.grant_types,
            "redirect_uris": request.redirect_uris(),
        });
        for (name, value) in &request.properties {
            body[name.as_str()] = if name == "response_types" { members::as_list(value) } else { value.clone() };
        }
        if let (Some(chosen), None) = (&request.chosen_id, client) {
            body["client_id"] = json!(chosen);
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
        client.management = None;
        client.properties = sent.request.map(|request| request.properties.clone()).unwrap_or_default();
        Ok(client)
    }

    fn id_of_choice(&self) -> Option<String> {
        Some(naming::fresh_id())
    }

    fn looks_clients_up(&self) -> bool {
        false
    }

    fn rotation(
        &self,
        call: Call<'_>,
        mapping: &KeyMapping,
        _read: Map<String, Value>,
    ) -> Result<Rotation, ConnectorError> {
        let url = format!("{}/lifecycle/newSecret", self.item(call, &mapping.consumer_key)?);
        Ok(Rotation { method: Method::PUT, url, body: None, chosen: None })
    }
}
