//! Type `AzureAD`: clients are applications in Microsoft Graph, let into the tenant by a service principal.
//! It has no introspection, and no call that ends a secret.

use std::time::{Duration, Instant};

use futures::{FutureExt, future::BoxFuture};
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{Choice, Endpoint, Property},
    dialect::{Credential, Dialect, Managed, Sent, management_token, send},
    members::Members,
    naming,
};
use crate::domain::{KeyMapping, Secret};

pub(super) const CONNECTOR: Connector = Connector {
    kind: "AzureAD",
    display_name: "Azure AD",
    consumer_key_claim: Some("azp"),
    scopes_claim: None,
    introspection: None,
    subject_claims: &[],
    endpoints: &[Endpoint::Token],
    connection: &[
        Property::input("microsoft_graph_api_endpoint", "Microsoft Graph endpoint")
            .required()
            .address()
            .or("https://graph.microsoft.com"),
        // The name of this property really is the version's text.
        Property::select("v1.0", "Microsoft Graph version", &[Choice::of("v1.0")]).required().or("v1.0"),
        Property::select(
            "azure_ad_requested_access_token_version",
            "Token version",
            &[Choice::of("v1.0"), Choice::of("v2.0")],
        )
        .or("v1.0")
        .decided_once(),
        Property::input("azure_ad_client_id", "Client ID").required(),
        Property::input("azure_ad_client_secret", "Client secret").required().secret(),
        Property::input("polling_initial_delay_ms", "First poll after (ms)").or("500"),
        Property::input("polling_max_wait_time_ms", "Last poll after (ms)").or("5000"),
    ],
    application: &[],
    registration: Some(&Registration),
    scopes: None,
};

const MEMBERS: Members = Members { id: "appId", secret: "secretText", grant_types: "", callbacks: "" };

struct Registration;

/// The interface's address, without a slash at the end.
fn graph(call: Call<'_>) -> String {
    let endpoint = call.key_manager.additional_properties.text("microsoft_graph_api_endpoint");
    endpoint.unwrap_or_default().trim_end_matches('/').to_owned()
}

impl Dialect for Registration {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        async move {
            let scope = [("scope", format!("{}/.default", graph(call)))];
            management_token(call, "azure_ad_client_id", "azure_ad_client_secret", &scope).await
        }
        .boxed()
    }

    fn collection(&self, call: Call<'_>) -> Result<String, ConnectorError> {
        Ok(format!("{}/v1.0/applications", graph(call)))
    }

    fn item(&self, call: Call<'_>, client: &str) -> Result<String, ConnectorError> {
        let client = percent_encoding::utf8_percent_encode(client, percent_encoding::NON_ALPHANUMERIC);
        Ok(format!("{}(appId='{client}')", self.collection(call)?))
    }

    fn body(&self, call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
        let mut body = json!({
            "displayName": request.application.name,
            "web": { "redirectUris": request.redirect_uris() },
        });
        if client.is_none() {
            let chosen = call.key_manager.additional_properties.text("azure_ad_requested_access_token_version");
            body["api"] =
                json!({ "requestedAccessTokenVersion": if chosen.as_deref() == Some("v2.0") { 2 } else { 1 } });
            if let Some(mark) = &request.chosen_id {
                body["tags"] = json!([mark]);
            }
        }
        body
    }

    /// A change is answered without a body: the client is what it was told to be.
    fn told(&self, told: Map<String, Value>, sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        let mut told = told;
        if let Some(client) = sent.client.filter(|_| told.is_empty()) {
            told.insert(MEMBERS.id.to_owned(), json!(client.consumer_key));
        }
        let mut client = MEMBERS.read(&told)?;
        client.callback_url = sent.request.and_then(|request| request.callback_url.clone());
        Ok(client)
    }

    /// A tag: the id is the server's to choose.
    fn id_of_choice(&self) -> Option<String> {
        Some(naming::fresh_id())
    }

    fn marked<'a>(&'a self, call: Call<'a>, mark: &'a str) -> BoxFuture<'a, Result<Option<String>, ConnectorError>> {
        async move {
            let credential = self.credential(call).await?;
            let filter = format!("tags/any(tag:tag eq '{mark}')");
            let url = Url::parse_with_params(&self.collection(call)?, [("$filter", &filter)])
                .map_err(|_| ConnectorError::Unsupported("the address of Microsoft Graph is none"))?;
            let told = send(call, Method::GET, url.as_str(), &credential, None).await?;
            let own = told.get("value").and_then(Value::as_array).and_then(|found| found.first());
            Ok(own.and_then(|own| own[MEMBERS.id].as_str()).map(str::to_owned))
        }
        .boxed()
    }

    fn managed(&self, call: Call<'_>, mapping: &KeyMapping, method: Method) -> Result<Managed, ConnectorError> {
        let method = if method == Method::PUT { Method::PATCH } else { method };
        Ok(Managed { method, url: self.item(call, &mapping.consumer_key)?, credential: None })
    }

    /// A password, the URI that tokens are asked for by, and the service principal. A new application takes a while until
    /// every part of the directory knows it.
    fn finish<'a>(
        &'a self,
        call: Call<'a>,
        _request: &'a ClientRequest,
        client: RegisteredClient,
        credential: &'a Credential,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let item = self.item(call, &client.consumer_key)?;
            let wanted = json!({"passwordCredential": {"displayName": "API Manager"}});
            let told = patiently(call, Method::POST, &format!("{item}/addPassword"), credential, &wanted).await?;
            let secret = told.get(MEMBERS.secret).and_then(Value::as_str).map(Secret::new);
            let uris = json!({"identifierUris": [format!("api://{}", client.consumer_key)]});
            patiently(call, Method::PATCH, &item, credential, &uris).await?;
            let principal = json!({"appId": client.consumer_key});
            let url = format!("{}/v1.0/servicePrincipals", graph(call));
            patiently(call, Method::POST, &url, credential, &principal).await?;
            Ok(RegisteredClient { consumer_secret: secret, ..client })
        }
        .boxed()
    }
}

/// A call that is made again while the new application is not found, for as long as is configured.
async fn patiently(
    call: Call<'_>,
    method: Method,
    url: &str,
    credential: &Credential,
    body: &Value,
) -> Result<Map<String, Value>, ConnectorError> {
    let property = |name: &str, usual: u64| {
        let text = call.key_manager.additional_properties.text(name);
        Duration::from_millis(text.and_then(|text| text.trim().parse().ok()).unwrap_or(usual))
    };
    let (pause, longest) = (property("polling_initial_delay_ms", 500), property("polling_max_wait_time_ms", 5_000));
    let begun = Instant::now();
    loop {
        match send(call, method.clone(), url, credential, Some(body)).await {
            Err(ConnectorError::Refused { status: 404, .. }) if begun.elapsed() + pause < longest => {
                tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
            }
            other => return other,
        }
    }
}
