//! What every authorization server understands: token, exchange and revocation requests of a client.
//! Which client asks, and whether it may, is left to the developer portal.

use serde_json::{Map, Value};

use super::{Call, ConnectorError, auth0::AUDIENCE, registration::answer};
use crate::domain::KeyMapping;

/// What a client asks a token endpoint for, and in whose name.
#[derive(Debug)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) key: &'a KeyMapping,
    pub(crate) consumer_secret: &'a str,
    pub(crate) scopes: &'a [String],
    /// Wanted lifetime in seconds; only the resident key manager is told.
    pub(crate) validity_s: Option<u64>,
}

/// Asks the key manager's token endpoint; the answer is that of RFC 6749, section 5.1.
pub(crate) async fn request_token(
    call: Call<'_>,
    request: &TokenRequest<'_>,
) -> Result<Map<String, Value>, ConnectorError> {
    let mut form = vec![("grant_type", "client_credentials".to_owned())];
    let scopes = match call.key_manager.kind.as_str() {
        // Tokens are for the application itself, as an API; that is said by the scope.
        "AzureAD" if request.scopes.is_empty() => format!("api://{}/.default", request.key.consumer_key),
        _ => request.scopes.join(" "),
    };
    if !scopes.is_empty() {
        form.push(("scope", scopes));
    }
    ask(call, request, form).await
}

/// Exchanges a token at the key manager's token endpoint (RFC 8693, section 2.1).
pub(crate) async fn exchange_token(
    call: Call<'_>,
    request: &TokenRequest<'_>,
    subject: &str,
) -> Result<Map<String, Value>, ConnectorError> {
    const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
        ("subject_token_type", JWT.to_owned()),
        ("requested_token_type", JWT.to_owned()),
        ("subject_token", subject.to_owned()),
    ];
    if !request.scopes.is_empty() {
        form.push(("scope", request.scopes.join(" ")));
    }
    ask(call, request, form).await
}

/// Sends a token request in the client's name.
async fn ask(
    call: Call<'_>,
    request: &TokenRequest<'_>,
    mut form: Vec<(&str, String)>,
) -> Result<Map<String, Value>, ConnectorError> {
    if let (Some(seconds), true) = (request.validity_s, call.key_manager.is_resident()) {
        form.push(("validity_period", seconds.to_string()));
    }
    let audience = request.key.additional_properties.get(AUDIENCE).and_then(Value::as_str);
    if let Some(audience) = audience.filter(|audience| !audience.is_empty()) {
        form.push(("audience", audience.to_owned()));
    }
    let url = call.key_manager.token_endpoint.as_deref().unwrap_or_default();
    let sent = call
        .site
        .http
        .post(url)
        .basic_auth(&request.key.consumer_key, Some(request.consumer_secret))
        .form(&form)
        .send()
        .await?;
    let told = answer(sent).await?;
    if told.get("access_token").and_then(Value::as_str).is_none() {
        return Err(ConnectorError::Failed { said: "the answer has no access_token".to_owned() });
    }
    Ok(told)
}

/// Revokes a token (RFC 7009).
pub(crate) async fn revoke_token(
    call: Call<'_>,
    consumer_key: &str,
    consumer_secret: &str,
    token: &str,
) -> Result<(), ConnectorError> {
    let url = call.key_manager.revoke_endpoint.as_deref().unwrap_or_default();
    let sent = call
        .site
        .http
        .post(url)
        .basic_auth(consumer_key, Some(consumer_secret))
        .form(&[("token", token)])
        .send()
        .await?;
    answer(sent).await.map(drop)
}
