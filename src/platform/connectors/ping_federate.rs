//! Type `PingFederate`: clients by its administrative service, in lists, their ids and secrets chosen by the platform.
//! The service is opened by an administrator's Basic credentials.

use futures::{FutureExt, future::BoxFuture};
use reqwest::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{BY_CLIENT, Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Managed, Rotation, Sent},
    members::{self, Members},
    naming,
};
use crate::domain::{KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "PingFederate",
    display_name: "PingFederate",
    consumer_key_claim: Some("client_id_name"),
    scopes_claim: None,
    introspection: Some(BY_CLIENT),
    subject_claims: &["Username", "client_id"],
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("username", "User name of an administrator").required(),
        Property::input("password", "Password").required().secret(),
        Property::input("client_id", "Client ID").required(),
        Property::input("client_secret", "Client secret").required().secret(),
    ],
    application: &[
        Property::options("bypassApprovalPage", "Bypass the approval page", &[Choice::of("false"), Choice::of("true")])
            .or("false"),
        Property::options("clientAuthnType", "Client authentication", &[Choice::of("SECRET"), Choice::of("NONE")])
            .or("SECRET"),
        Property::select(
            "restrictedResponseTypes",
            "Response types",
            &[
                Choice::of("code"),
                Choice::of("code id_token"),
                Choice::of("code id_token token"),
                Choice::of("code token"),
                Choice::of("id_token"),
                Choice::of("id_token token"),
                Choice::of("token"),
            ],
        ),
        Property::input("restrictedScopes", "Scopes, separated by commas"),
    ],
    registration: Some(&Registration),
    scopes: None,
};

const MEMBERS: Members =
    Members { id: "clientId", secret: "secret", grant_types: "grantTypes", callbacks: "redirectUris" };

struct Registration;

impl Dialect for Registration {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        let property = |name| call.key_manager.additional_properties.text(name);
        let user = property("username").unwrap_or_default();
        futures::future::ready(Ok(Credential::Basic { user, password: property("password") })).boxed()
    }

    fn body(&self, _call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
        let id = client.map(|client| &client.consumer_key).or(request.chosen_id.as_ref());
        let id = id.cloned().unwrap_or_else(|| Uuid::new_v4().to_string());
        let secret = client.and_then(|client| client.consumer_secret.as_ref());
        let secret = secret.map_or_else(|| Uuid::new_v4().to_string(), |secret| secret.reveal().to_owned());
        let name = naming::run_together(request);
        let mut body = json!({
            "clientId": id,
            "secret": secret,
            "name": name,
            "description": request.application.description.clone().unwrap_or_else(|| name.clone()),
            "clientAuthnType": "SECRET",
            "grantTypes": request.grant_types,
            "redirectUris": request.redirect_uris(),
        });
        for (name, value) in &request.properties {
            body[name.as_str()] = match name.as_str() {
                "bypassApprovalPage" => members::as_flag(value),
                "restrictedResponseTypes" | "restrictedScopes" => members::as_list(value),
                _ => value.clone(),
            };
            if name == "restrictedScopes" {
                body["restrictScopes"] = json!(true);
            }
        }
        json!({ "client": [body] })
    }

    /// The one client of the list; its secret is not told, so that it is the one that was sent.
    fn told(&self, told: Map<String, Value>, sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        let one = told.get("client").and_then(|list| list.get(0)).and_then(Value::as_object);
        let one = one.ok_or_else(|| ConnectorError::Failed { said: "the answer has no client".to_owned() })?;
        let mut client = MEMBERS.read(one)?;
        let secret = sent.body.and_then(|body| body["client"][0]["secret"].as_str());
        client.consumer_secret = secret.map(Secret::new);
        client.properties = sent.request.map(|request| request.properties.clone()).unwrap_or_default();
        Ok(client)
    }

    /// A change goes to the list, not to the client.
    fn managed(&self, call: Call<'_>, mapping: &KeyMapping, method: Method) -> Result<Managed, ConnectorError> {
        let url = if method == Method::PUT { self.collection(call) } else { self.item(call, &mapping.consumer_key) };
        Ok(Managed { method, url: url?, credential: None })
    }

    fn id_of_choice(&self) -> Option<String> {
        Some(Uuid::new_v4().to_string())
    }

    fn rotates_what_it_reads(&self) -> bool {
        true
    }

    /// The secret is replaced by sending the client with another.
    fn rotation(
        &self,
        call: Call<'_>,
        _mapping: &KeyMapping,
        mut read: Map<String, Value>,
    ) -> Result<Rotation, ConnectorError> {
        let secret = Uuid::new_v4().to_string();
        let one = read.get_mut("client").and_then(|list| list.get_mut(0)).and_then(Value::as_object_mut);
        let one = one.ok_or_else(|| ConnectorError::Failed { said: "the answer has no client".to_owned() })?;
        one.insert("secret".to_owned(), json!(secret));
        one.insert("forceSecretChange".to_owned(), json!(true));
        let body = Some(json!({ "client": [one] }));
        Ok(Rotation { method: Method::PUT, url: self.collection(call)?, body, chosen: Some(Secret::new(secret)) })
    }
}
