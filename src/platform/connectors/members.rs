//! Clients as servers tell them, under the names that each dialect has for the same things.
//! How they are asked is left to [`super::dialect`].

use serde_json::{Map, Value};

use super::{ConnectorError, RegisteredClient};
use crate::domain::{ClientManagement, Secret};

/// The names of a client's members in one dialect.
pub(super) struct Members {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
    pub(super) grant_types: &'static str,
    pub(super) callbacks: &'static str,
}

/// Those of RFC 7591.
pub(super) const RFC: Members =
    Members { id: "client_id", secret: "client_secret", grant_types: "grant_types", callbacks: "redirect_uris" };

impl Members {
    /// The client in an answer; its properties are left to the dialect.
    pub(super) fn read(&self, told: &Map<String, Value>) -> Result<RegisteredClient, ConnectorError> {
        let text = |name: &str| told.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(consumer_key) = text(self.id).map(str::to_owned) else {
            return Err(ConnectorError::Failed { said: format!("the answer has no {}", self.id) });
        };
        let callbacks: Vec<String> = list(told.get(self.callbacks)).iter().flat_map(|uri| several(uri)).collect();
        let management = text("registration_client_uri").zip(text("registration_access_token"));
        Ok(RegisteredClient {
            consumer_key,
            consumer_secret: text(self.secret).map(Secret::new),
            grant_types: list(told.get(self.grant_types)),
            callback_url: (!callbacks.is_empty()).then(|| callbacks.join(",")),
            properties: Map::new(),
            management: management
                .map(|(uri, token)| ClientManagement { uri: uri.to_owned(), token: Secret::new(token) }),
        })
    }
}

fn list(value: Option<&Value>) -> Vec<String> {
    let values = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// The redirect URIs that a server of the WSO2 family keeps as one pattern, `regexp=(a|b)`; any other text is one.
fn several(uri: &str) -> Vec<String> {
    match uri.strip_prefix("regexp=(").and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => inner.split('|').map(str::to_owned).collect(),
        None => vec![uri.to_owned()],
    }
}

/// A property as it is meant: flags that are texts become flags, texts in a list of one stay texts.
pub(super) fn as_flag(value: &Value) -> Value {
    match value.as_str().map(str::parse::<bool>) {
        Some(Ok(flag)) => Value::Bool(flag),
        _ => value.clone(),
    }
}

/// A property that holds several values: a list, or a text with commas.
pub(super) fn as_list(value: &Value) -> Value {
    match value {
        Value::String(text) => text
            .split(',')
            .map(str::trim)
            .filter(|each| !each.is_empty())
            .map(|each| Value::String(each.to_owned()))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn callbacks_are_told_one_by_one_however_the_server_keeps_them() {
        let told = |uris: Value| {
            let told = json!({"client_id": "a", "redirect_uris": uris});
            RFC.read(told.as_object().unwrap()).unwrap().callback_url
        };
        assert_eq!(told(json!(["https://a/cb", "https://b/cb"])).as_deref(), Some("https://a/cb,https://b/cb"));
        assert_eq!(told(json!(["regexp=(https://a/cb|https://b/cb)"])).as_deref(), Some("https://a/cb,https://b/cb"));
        assert_eq!(told(json!([""])), None);
    }

    #[test]
    fn an_answer_without_an_id_is_a_failure() {
        assert!(matches!(RFC.read(&Map::new()), Err(ConnectorError::Failed { .. })));
    }
}
