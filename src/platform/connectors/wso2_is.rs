//! Type `WSO2-IS`: WSO2 Identity Server before version 7, clients by its key manager operations.
//! The open banking type speaks the same dialect.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{FutureExt, future::BoxFuture};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRequest, Connector, ConnectorError, RegisteredClient,
    configuration::{BY_USER, Choice, Property, SERVER_SIDE},
    dialect::{Credential, Dialect, Rotation, Sent},
    members::RFC,
    naming,
    scope_interface::ScopeInterface,
    wso2_is_7::{FLAG, unknown},
};
use crate::domain::KeyMapping;

pub(super) const CONNECTOR: Connector = Connector {
    kind: "WSO2-IS",
    display_name: "WSO2 Identity Server",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    introspection: Some(BY_USER),
    subject_claims: &[],
    endpoints: SERVER_SIDE,
    connection: &[
        Property::input("Username", "User name").required(),
        Property::input("Password", "Password").required().secret(),
        Property::checkbox("km_admin_as_app_owner", "Owner", &[Choice::of("Use as OAuth Application Owner")]),
        Property::checkbox("enable_application_scopes", "Scopes", &[Choice::of("Enable Application Scopes")]),
    ],
    application: APPLICATION,
    registration: Some(&Operations),
    scopes: Some(&ScopeInterface),
};

/// Settings of a client; the resident key manager and the open banking type share them.
pub(super) const APPLICATION: &[Property] = &[
    Property::input("application_access_token_expiry_time", "Life of an application's token (s)").or("N/A").limitable(),
    Property::input("user_access_token_expiry_time", "Life of a user's token (s)").or("N/A").limitable(),
    Property::input("refresh_token_expiry_time", "Life of a refresh token (s)").or("N/A").limitable(),
    Property::input("id_token_expiry_time", "Life of an ID token (s)").or("N/A").limitable(),
    Property::select("pkceMandatory", "PKCE mandatory", FLAG).or("false"),
    Property::select("pkceSupportPlain", "Plain PKCE", FLAG).or("false"),
    Property::select("bypassClientCredentials", "Public client", FLAG).or("false"),
];

/// Settings of a client as the platform and as the server call them.
pub(crate) const SETTINGS: [(&str, &str); 7] = [
    ("application_access_token_expiry_time", "ext_application_token_lifetime"),
    ("user_access_token_expiry_time", "ext_user_token_lifetime"),
    ("refresh_token_expiry_time", "ext_refresh_token_lifetime"),
    ("id_token_expiry_time", "ext_id_token_lifetime"),
    ("pkceMandatory", "pkceMandatory"),
    ("pkceSupportPlain", "pkceSupportPlain"),
    ("bypassClientCredentials", "bypassClientCredentials"),
];

/// The key manager operations of Identity Server 5 and 6.
pub(super) struct Operations;

impl Dialect for Operations {
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>> {
        let property = |name| call.key_manager.additional_properties.text(name);
        let user = property("Username").unwrap_or_default();
        futures::future::ready(Ok(Credential::Basic { user, password: property("Password") })).boxed()
    }

    fn body(&self, call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value {
        let property = |name| call.key_manager.additional_properties.text(name);
        let owner = match call.key_manager.additional_properties.ticked("km_admin_as_app_owner") {
            true => property("Username").unwrap_or_default(),
            false => request.application.owner.clone(),
        };
        let mut body = json!({
            "client_name": naming::by_name(request),
            "application_display_name": naming::readable(request),
            "grant_types": request.grant_types,
            "redirect_uris": request.redirect_uris(),
            "ext_application_owner": owner,
            "token_type_extension": "JWT",
        });
        if let Some(id) = client.map(|client| &client.consumer_key).or(request.chosen_id.as_ref()) {
            body["client_id"] = json!(id);
        }
        for (ours, theirs) in SETTINGS {
            if let Some(value) = request.properties.get(ours).and_then(|value| setting(ours, value)) {
                body[theirs] = value;
            }
        }
        body
    }

    fn told(&self, told: Map<String, Value>, _sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError> {
        let mut client = RFC.read(&told)?;
        client.management = None;
        let known = SETTINGS.iter().filter_map(|(ours, theirs)| Some((ours, told.get(*theirs)?)));
        let known = known.filter(|(_, value)| !value.is_null());
        client.properties = known.map(|(ours, value)| ((*ours).to_owned(), value.clone())).collect();
        Ok(client)
    }

    /// The id of a client stands in base64url in its URL.
    fn item(&self, call: Call<'_>, client: &str) -> Result<String, ConnectorError> {
        Ok(format!("{}/{}", self.collection(call)?, URL_SAFE_NO_PAD.encode(client)))
    }

    fn id_of_choice(&self) -> Option<String> {
        Some(naming::fresh_id())
    }

    fn is_unknown(&self, status: u16, challenged: bool) -> bool {
        unknown(status, challenged)
    }

    fn rotation(
        &self,
        call: Call<'_>,
        mapping: &KeyMapping,
        _read: Map<String, Value>,
    ) -> Result<Rotation, ConnectorError> {
        let url = format!("{}/regenerate-consumer-secret", self.item(call, &mapping.consumer_key)?);
        Ok(Rotation { method: Method::POST, url, body: None, chosen: None })
    }
}

/// Lifetimes travel as numbers and flags as booleans; `N/A` leaves the choice to the server.
fn setting(name: &str, value: &Value) -> Option<Value> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if name.ends_with("_expiry_time") {
        return text.parse::<u64>().ok().map(|seconds| json!(seconds));
    }
    text.parse::<bool>().ok().map(|flag| json!(flag))
}
