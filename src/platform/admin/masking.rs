//! Secrets of key managers: never shown, and kept when the mask comes back.
//! Which properties are secret is the connector's word.

use serde_json::{Value, json};

use crate::{
    connectors::{self, MASK},
    domain::{ConnectorProperties, KeyManager},
};

/// The document as anybody may see it.
pub(super) fn shown(key_manager: &KeyManager) -> Value {
    let mut shown = key_manager.clone();
    for name in secrets(key_manager) {
        if let Some(value) = shown.additional_properties.0.get_mut(name) {
            *value = json!(MASK);
        }
    }
    json!(shown)
}

/// Puts the stored secrets in the place of masks; a mask without a stored secret is no value and goes.
pub(super) fn unmask(sent: &mut KeyManager, stored: Option<&KeyManager>) {
    let nothing = ConnectorProperties::default();
    let stored = stored.map_or(&nothing, |stored| &stored.additional_properties);
    let masked: Vec<String> = sent
        .additional_properties
        .0
        .iter()
        .filter(|(_, value)| value.as_str() == Some(MASK))
        .map(|(name, _)| name.clone())
        .collect();
    for name in masked {
        match stored.0.get(&name) {
            Some(secret) => sent.additional_properties.0.insert(name, secret.clone()),
            None => sent.additional_properties.0.shift_remove(&name),
        };
    }
}

fn secrets(key_manager: &KeyManager) -> Vec<&'static str> {
    connectors::find(&key_manager.kind).map(connectors::Connector::secrets).unwrap_or_default()
}
