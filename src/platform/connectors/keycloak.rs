//! Type `KeyCloak`: clients by its client registration service, opened by a token of the connector's client.
//! What a client may be asked for beside the common settings stands in its properties.

use futures::{FutureExt, future::BoxFuture};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{BY_CLIENT, Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Sent, management_token, send_for_any},
    members::{self, RFC},
    naming,
};
use crate::domain::KeyMapping;

pub(super) const CONNECTOR: Connector = Connector {
    kind: "KeyCloak",
    display_name: "KeyCloak",
    consumer_key_claim: None,
    scopes_claim: None,
    introspection: Some(BY_CLIENT),
    subject_claims: &[],
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

/// As many clients as are asked for at once.
const PAGE: usize = 100;

struct Registration;

impl Dialect for Registration {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        management_token(call, "client_id", "client_secret", &[]).boxed()
    }

    fn body(&self, call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
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
        if let (Some(mark), None) = (&request.chosen_id, client) {
            body["client_uri"] = json!(page(call, mark));
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

    /// A mark in the client's own page: this registration service refuses ids of choice.
    fn id_of_choice(&self) -> Option<String> {
        Some(naming::fresh_id())
    }

    /// Looks through the realm's clients, which the registration service does not list and the administrative interface does.
    fn marked<'a>(&'a self, call: Call<'a>, mark: &'a str) -> BoxFuture<'a, Result<Option<String>, ConnectorError>> {
        async move {
            let (credential, clients) = (self.credential(call).await?, listed_at(&self.collection(call)?)?);
            let wanted = page(call, mark);
            for page in 0.. {
                let url = format!("{clients}?first={}&max={PAGE}", page * PAGE);
                let told = send_for_any(call, Method::GET, &url, &credential, None).await?;
                let told = told.as_array().map(Vec::as_slice).unwrap_or_default();
                if let Some(own) = told.iter().find(|client| client["baseUrl"] == *wanted) {
                    return Ok(own["clientId"].as_str().map(str::to_owned));
                }
                if told.len() < PAGE {
                    break;
                }
            }
            Ok(None)
        }
        .boxed()
    }

    /// A client that is gone is 401 (RFC 7592, section 2.1): the token that was sent is fresh, so that it says nothing of that.
    fn is_unknown(&self, status: u16, _challenged: bool) -> bool {
        matches!(status, 401 | 404)
    }
}

/// Where a client is at home in the developer portal: the one text of a client that a registration can choose and the
/// administrative interface shows.
fn page(call: Call<'_>, mark: &str) -> String {
    format!("{}/devportal/applications?registration={mark}", call.site.management_url)
}

/// Where the clients of the realm of a registration endpoint are listed.
fn listed_at(registration: &str) -> Result<String, ConnectorError> {
    let none = "the client registration endpoint is not that of a realm, so that its clients cannot be listed";
    let (base, rest) = registration.split_once("/realms/").ok_or(ConnectorError::Unsupported(none))?;
    let realm = rest.split_once("/clients-registrations/").ok_or(ConnectorError::Unsupported(none))?.0;
    Ok(format!("{base}/admin/realms/{realm}/clients"))
}

#[cfg(test)]
mod tests {
    use super::listed_at;

    #[test]
    fn clients_are_listed_by_the_administrative_interface_of_the_realm_that_registers_them() {
        let listed = |registration: &str| listed_at(registration).ok();
        assert_eq!(
            listed("https://kc/auth/realms/shop/clients-registrations/openid-connect").as_deref(),
            Some("https://kc/auth/admin/realms/shop/clients")
        );
        assert_eq!(listed("https://kc/realms/shop/register"), None);
        assert_eq!(listed("https://kc/register"), None);
    }
}
