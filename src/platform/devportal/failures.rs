//! What a developer is told when a key manager did not do its part.
//! The causes are the connectors'.

use crate::{
    connectors::ConnectorError,
    domain::KeyManager,
    wire::{Code, Refusal},
};

/// A refusal that names the key manager and what it said.
pub(super) fn told(key_manager: &KeyManager, error: ConnectorError) -> Refusal {
    tracing::info!(key_manager = key_manager.name, ?error, "a connector failed");
    let name = &key_manager.name;
    match error {
        ConnectorError::Refused { said, .. } => Refusal::from(Code::BackendRefused)
            .because(format!("Invalid Request sent to Key Manager. Error from Backend : {said} (Key Manager {name})")),
        ConnectorError::Failed { said } => Refusal::from(Code::BackendFailed).because(format!(
            "Internal Server Error from Key Manager. Error from Backend : {said} (Key Manager {name})"
        )),
        // The text of this code is fixed (contract sheet, 1.2): what it was stands in the log.
        ConnectorError::Unreachable(_) | ConnectorError::UnknownClient => Code::General.into(),
        ConnectorError::UnknownSecret => Refusal::not_found("secret"),
        ConnectorError::LastSecret => Refusal::bad_request(error.to_string()),
        ConnectorError::Unsupported(why) => {
            Refusal::from(Code::NoClientCreation).because(format!("Key Manager {name}: {why}"))
        }
        ConnectorError::Store(error) => error.into(),
    }
}
