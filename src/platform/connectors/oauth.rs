//! What every authorization server understands: token and revocation requests of a client.
//! Which client asks, and whether it may, is left to the developer portal.

use serde_json::{Map, Value};

use super::{Call, ConnectorError, registration::answer};

/// A client credentials request.
#[derive(Debug)]
pub(in crate::platform) struct TokenRequest<'a> {
    pub(in crate::platform) consumer_key: &'a str,
    pub(in crate::platform) consumer_secret: &'a str,
    pub(in crate::platform) scopes: &'a [String],
    /// Wanted lifetime in seconds; only the resident key manager is told.
    pub(in crate::platform) validity_s: Option<i64>,
}

/// Asks the key manager's token endpoint; the answer is that of RFC 6749, section 5.1.
pub(in crate::platform) async fn request_token(
    call: Call<'_>,
    request: &TokenRequest<'_>,
) -> Result<Map<String, Value>, ConnectorError> {
    let mut form = vec![("grant_type", "client_credentials".to_owned())];
    if !request.scopes.is_empty() {
        form.push(("scope", request.scopes.join(" ")));
    }
    if let (Some(seconds), true) = (request.validity_s, call.key_manager.is_resident()) {
        form.push(("validity_period", seconds.to_string()));
    }
    if let Some(audience) = call.key_manager.additional_properties.text("audience") {
        form.push(("audience", audience));
    }
    let url = call.key_manager.token_endpoint.as_deref().unwrap_or_default();
    let sent = call
        .site
        .http
        .post(url)
        .basic_auth(request.consumer_key, Some(request.consumer_secret))
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
pub(in crate::platform) async fn revoke_token(
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
