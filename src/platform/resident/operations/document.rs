//! A client as the key manager operations spell it.
//! What of it may be asked for is left to `change`.

use serde_json::{Map, Value, json};

use crate::{connectors::CLIENT_SETTINGS, domain::OAuthClient};

/// The client with its first secret, or with the one that is shown in its place.
pub(super) fn document(client: &OAuthClient) -> Value {
    let mut document = json!({
        "client_id": client.client_id,
        "client_secret": client.client_secret.reveal(),
        "client_secret_expires_at": client.stand_in().and_then(|shown| shown.expires_at).unwrap_or(0),
        "client_name": client.name,
        "redirect_uris": redirect_uris(client),
        "grant_types": client.grant_types,
        "token_type_extension": if client.jwt_tokens { "JWT" } else { "DEFAULT" },
        "ext_application_owner": client.owner,
    });
    for (ours, theirs) in CLIENT_SETTINGS {
        if let Some(value) = setting(ours, &client.additional_properties) {
            document[theirs] = value;
        }
    }
    document
}

/// A lifetime as a number and a flag as one; nothing where the choice is left to the server.
fn setting(name: &str, properties: &Map<String, Value>) -> Option<Value> {
    let value = properties.get(name)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match is_lifetime(name) {
        true => text.trim().parse::<u64>().ok().map(|seconds| json!(seconds)),
        false => text.trim().parse::<bool>().ok().map(|flag| json!(flag)),
    }
}

/// Whether a setting is a number of seconds; the others are flags.
pub(super) fn is_lifetime(name: &str) -> bool {
    name.ends_with("_expiry_time")
}

/// Its redirect URIs, one by one.
fn redirect_uris(client: &OAuthClient) -> Vec<&str> {
    let urls = client.callback_url.as_deref().unwrap_or_default().split(',');
    urls.map(str::trim).filter(|url| !url.is_empty()).collect()
}
