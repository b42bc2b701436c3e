//! Type `KeyCloak`: clients by its client registration service, opened by a token of the connector's client.
//! What a client may be asked for beside the common settings stands in its properties.

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Sent, management_token},
    members::{self, RFC},
    naming,
};
use crate::domain::KeyMapping;

pub(super) const CONNECTOR: Connector = Connector {
    kind: "KeyCloak",
    display_name: "KeyCloak",
    consumer_key_claim: None,
    scopes_claim: None,
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("client_id", "Client ID").required(),
        Property::input("client_secret", "Client secret").required().secret(),
    ],
    application: &[
        Property::select(
            "response_types",
            "Response types",
            &[Choice::of("token"), Choice::of("code"), Choice::of("none"), Choice::of("id_token")],
        )
        .or("token"),
        Property::options("subject_type", "Subject type", &[Choice::of("public"), Choice::of("pairwise")])
            .required()
            .or("public"),
        Property::options(
            "token_endpoint_auth_method",
            "Client authentication",
            &[
                Choice::of("client_secret_basic"),
                Choice::of("private_key_jwt"),
                Choice::of("client_secret_post"),
                Choice::of("tls_client_auth"),
                Choice::of("client_secret_jwt"),
            ],
        )
        .required()
        .or("client_secret_basic"),
        Property::options(
            "tls_client_certificate_bound_access_tokens",
            "Certificate-bound tokens",
            &[Choice::of("false"), Choice::of("true")],
        )
        .required()
        .or("false"),
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
        let mut body = json!({
            "client_name": naming::run_together(request),
            "grant_types": request.grant_types,
            "redirect_uris": request.redirect_uris(),
        });
        for (name, value) in &request.properties {
            body[name.as_str()] = match name.as_str() {
                "response_types" => members::as_list(value),
                "tls_client_certificate_bound_access_tokens" => members::as_flag(value),
                _ => value.clone(),
            };
        }
        if let Some(client) = client {
            body["client_id"] = json!(client.consumer_key);
        }
        body
    }

    fn told(&self, told: Map<String, Value>, sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        let mut client = RFC.read(&told)?;
        // The connector's own client manages every client.
        client.management = None;
        client.properties = sent.request.map(|request| request.properties.clone()).unwrap_or_default();
        Ok(client)
    }

    /// A client that is gone is 401 (RFC 7592, section 2.1): the token that was sent is fresh, so that it says nothing of that.
    fn is_unknown(&self, status: u16, _challenged: bool) -> bool {
        matches!(status, 401 | 404)
    }
}
