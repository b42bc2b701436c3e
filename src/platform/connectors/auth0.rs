//! Type `Auth0`: clients by its Management API, each granted the API that its tokens are for.
//! It has no introspection, so that endpoint may be any word.

use futures::{FutureExt, future::BoxFuture};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Managed, Rotation, Sent, management_token, send, send_for_any},
    members::Members,
    naming,
};
use crate::domain::KeyMapping;

pub(super) const CONNECTOR: Connector = Connector {
    kind: "Auth0",
    display_name: "Auth0",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    introspection: None,
    subject_claims: &[],
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("client_id", "Client ID").required(),
        Property::input("client_secret", "Client secret").required().secret(),
        Property::input("audience", "Audience of the management API").required().address(),
    ],
    application: &[
        Property::options(
            "app_type",
            "Kind of client",
            &[Choice::of("regular_web"), Choice::of("native"), Choice::of("spa"), Choice::of("non_interactive")],
        )
        .or("regular_web"),
        Property::options(
            "token_endpoint_auth_method",
            "Client authentication",
            &[Choice::of("client_secret_basic"), Choice::of("client_secret_post")],
        )
        .required()
        .or("client_secret_basic"),
        Property::input("audience_of_api", "Audience of the API").required(),
    ],
    registration: Some(&Registration),
    scopes: None,
};

/// The property of a key with the API that its tokens are for.
pub(super) const AUDIENCE: &str = "audience_of_api";

/// The member of a client that holds texts of whoever made it.
const METADATA: &str = "client_metadata";
/// The text there that tells one registration from every other.
const MARK: &str = "registration";
/// As many clients as a page may have.
const PAGE: usize = 100;

const MEMBERS: Members =
    Members { id: "client_id", secret: "client_secret", grant_types: "grant_types", callbacks: "callbacks" };

struct Registration;

impl Registration {
    /// The Management API, which is also the audience of tokens for it.
    fn api(call: Call<'_>) -> String {
        call.key_manager.additional_properties.text("audience").unwrap_or_default()
    }
}

impl Dialect for Registration {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        async move { management_token(call, "client_id", "client_secret", &[("audience", Self::api(call))]).await }
            .boxed()
    }

    fn collection(&self, call: Call<'_>) -> Result<String, ConnectorError> {
        Ok(format!("{}clients", Self::api(call)))
    }

    fn body(&self, _call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
        let mut body = json!({
            "name": naming::run_together(request),
            "grant_types": request.grant_types,
            "callbacks": request.redirect_uris(),
        });
        for (name, value) in request.properties.iter().filter(|(name, _)| *name != AUDIENCE) {
            body[name.as_str()] = value.clone();
        }
        if let (Some(mark), None) = (&request.chosen_id, client) {
            body[METADATA] = json!({ MARK: mark });
        }
        body
    }

    fn told(&self, told: Map<String, Value>, sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        let mut client = MEMBERS.read(&told)?;
        client.properties = sent.request.map(|request| request.properties.clone()).unwrap_or_default();
        Ok(client)
    }

    /// What is left out of a change stays as it is.
    fn managed(&self, call: Call<'_>, mapping: &KeyMapping, method: Method) -> Result<Managed, ConnectorError> {
        let method = if method == Method::PUT { Method::PATCH } else { method };
        Ok(Managed { method, url: self.item(call, &mapping.consumer_key)?, credential: None })
    }

    /// A mark among the client's metadata: its id is the server's to choose.
    fn id_of_choice(&self) -> Option<String> {
        Some(naming::fresh_id())
    }

    /// Looks through the clients page by page; the interface filters by nothing that the platform could choose.
    fn marked<'a>(&'a self, call: Call<'a>, mark: &'a str) -> BoxFuture<'a, Result<Option<String>, ConnectorError>> {
        async move {
            let (credential, clients) = (self.credential(call).await?, self.collection(call)?);
            for page in 0.. {
                let url =
                    format!("{clients}?fields=client_id,{METADATA}&include_fields=true&per_page={PAGE}&page={page}");
                let told = send_for_any(call, Method::GET, &url, &credential, None).await?;
                let told = told.as_array().map(Vec::as_slice).unwrap_or_default();
                let own = told.iter().find(|client| client[METADATA][MARK] == *mark);
                if let Some(own) = own {
                    return Ok(own["client_id"].as_str().map(str::to_owned));
                }
                if told.len() < PAGE {
                    break;
                }
            }
            Ok(None)
        }
        .boxed()
    }

    fn looks_clients_up(&self) -> bool {
        false
    }

    /// Without a grant for the API the client would get no token for it.
    fn finish<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
        client: RegisteredClient,
        credential: &'a Credential,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let audience = request.properties.get(AUDIENCE).and_then(Value::as_str).filter(|text| !text.is_empty());
            let Some(audience) = audience else { return Ok(client) };
            let grant = json!({"client_id": client.consumer_key, "audience": audience, "scope": []});
            let url = format!("{}client-grants", Self::api(call));
            send(call, Method::POST, &url, credential, Some(&grant)).await.map(|_| client)
        }
        .boxed()
    }

    fn rotation(
        &self,
        call: Call<'_>,
        mapping: &KeyMapping,
        _read: Map<String, Value>,
    ) -> Result<Rotation, ConnectorError> {
        let url = format!("{}/rotate-secret", self.item(call, &mapping.consumer_key)?);
        Ok(Rotation { method: Method::POST, url, body: None, chosen: None })
    }
}
