//! An application key as the portal shows it, and how key requests are read.
//! Making and changing keys is left to the handlers.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    connectors,
    domain::{Application, KeyManager, KeyMapping, KeyType, LONGEST_TOKEN_LIFE_S},
    resident::is_scope_name,
    wire::{Code, Refusal},
};

/// The key without a token.
pub(super) fn shown(mapping: &KeyMapping) -> Value {
    json!({
        "keyMappingId": mapping.id,
        "keyManager": mapping.key_manager_name,
        "consumerKey": mapping.consumer_key,
        "consumerSecret": mapping.consumer_secret.as_ref().map(|secret| secret.reveal()),
        "supportedGrantTypes": mapping.grant_types,
        "callbackUrl": mapping.callback_url,
        "keyState": mapping.state,
        "keyType": mapping.key_type,
        "mode": mapping.mode,
        "additionalProperties": mapping.additional_properties,
    })
}

/// An access token inside a key or on its own, from the answer of a token endpoint.
pub(super) fn token(answer: &Map<String, Value>) -> Value {
    let scopes = answer.get("scope").and_then(Value::as_str).unwrap_or_default();
    json!({
        "accessToken": answer.get("access_token"),
        "validityTime": answer.get("expires_in").and_then(Value::as_i64).unwrap_or(0),
        "tokenScopes": scopes.split_whitespace().collect::<Vec<_>>(),
    })
}

/// What stands in the place of a token that was not requested.
pub(super) fn no_token() -> Value {
    json!({"accessToken": "", "validityTime": 0, "tokenScopes": ["N/A"]})
}

/// `ApplicationKeyGenerateRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyRequest {
    pub(super) key_type: String,
    pub(super) grant_types_to_be_supported: Vec<String>,
    #[serde(default)]
    pub(super) key_manager: Option<String>,
    #[serde(default)]
    pub(super) callback_url: Option<String>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// A number, or one in text.
    #[serde(default)]
    pub(super) validity_time: Option<Value>,
    #[serde(default)]
    pub(super) additional_properties: Map<String, Value>,
    #[serde(default, rename = "clientId")]
    _client_id: Option<String>,
    #[serde(default, rename = "clientSecret")]
    _client_secret: Option<String>,
}

/// `PRODUCTION` or `SANDBOX`.
pub(super) fn key_type(text: &str) -> Result<KeyType, Refusal> {
    serde_json::from_value(json!(text)).map_err(|_| Code::KeyTypeInvalid.into())
}

/// Refuses a grant that needs a redirection when there is nowhere to redirect to.
pub(super) fn check_callback(grant_types: &[String], callback_url: Option<&str>) -> Result<(), Refusal> {
    let redirects = grant_types.iter().any(|grant| grant == "authorization_code" || grant == "implicit");
    let nowhere = callback_url.is_none_or(|url| url.split(',').all(|url| url.trim().is_empty()));
    if redirects && nowhere {
        return Err(Refusal::bad_request(
            "The callback url must have at least one URI value when using Authorization code or implicit grant types.",
        ));
    }
    Ok(())
}

/// Refuses scopes that no token can have (RFC 6749, section 3.3); a text may hold several, apart by blanks.
pub(super) fn check_scopes(scopes: &[String]) -> Result<(), Refusal> {
    let mut names = scopes.iter().flat_map(|text| text.split(' ')).filter(|name| !name.is_empty());
    match names.all(is_scope_name) {
        true => Ok(()),
        false => Err(Refusal::bad_request("scopes: a name has characters that no scope may have")),
    }
}

/// Refuses properties of a client that cannot be meant: lifetimes that are no whole number of seconds from 0 on (or
/// `N/A`), or longer than the resident key manager has any; flags that are neither true nor false; and what is beyond a limit
/// that the key manager sets.
pub(super) fn check_properties(key_manager: &KeyManager, properties: &Map<String, Value>) -> Result<(), Refusal> {
    const FLAGS: &[&str] = &[
        "pkceMandatory",
        "pkceSupportPlain",
        "bypassClientCredentials",
        "ext_pkce_mandatory",
        "ext_pkce_support_plain",
        "ext_public_client",
    ];
    for (name, value) in properties {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let lifetime = name.ends_with("_expiry_time") || name.ends_with("_lifetime");
        let seconds = text.parse::<u64>().ok().filter(|s| !key_manager.is_resident() || *s <= LONGEST_TOKEN_LIFE_S);
        let wrong_lifetime = lifetime && text != "N/A" && seconds.is_none();
        let wrong_flag = FLAGS.contains(&name.as_str()) && text.parse::<bool>().is_err();
        if wrong_lifetime || wrong_flag {
            return Err(invalid_property(&format!("Invalid value for {name}")));
        }
    }
    let connector = connectors::find(&key_manager.kind);
    match connector.and_then(|connector| connector.beyond_limit(key_manager, properties)) {
        Some(name) => Err(invalid_property(&format!("The value of {name} is beyond the limit of the Key Manager"))),
        None => Ok(()),
    }
}

fn invalid_property(reason: &str) -> Refusal {
    Refusal::from(Code::ApplicationPropertiesInvalid).because(format!("Invalid additional properties. {reason}"))
}

/// An application as other documents show it.
pub(super) fn application_info(application: &Application) -> Value {
    json!({
        "applicationId": application.id,
        "name": application.name,
        "throttlingPolicy": application.throttling_policy,
        "description": application.description,
        "status": "APPROVED",
        "groups": application.groups,
        "attributes": application.attributes,
        "owner": crate::domain::principal(&application.owner, &application.tenant),
    })
}

/// An application as the portal shows it.
pub(super) fn application(application: &Application, subscriptions: usize) -> Value {
    let owner = crate::domain::principal(&application.owner, &application.tenant);
    json!({
        "applicationId": application.id,
        "name": application.name,
        "throttlingPolicy": application.throttling_policy,
        "description": application.description,
        "tokenType": application.token_type,
        "status": "APPROVED",
        "groups": application.groups,
        "subscriptionCount": subscriptions,
        "keys": [],
        "attributes": application.attributes,
        "subscriptionScopes": [],
        "owner": owner,
        "hashEnabled": false,
        "visibility": application.visibility,
    })
}
