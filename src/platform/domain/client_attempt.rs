//! A registration whose end is not known: the id or the mark that a client was to have, kept before anybody is asked for it.
//! Taking back what came of it is left to key generation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{KeyType, Secret};

/// Kept until the client is somebody's key, or is known not to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientAttempt {
    /// The id that the platform chose, or the mark that its server finds the client by.
    pub client_id: String,
    /// Whose client it was to be.
    pub application_id: Uuid,
    /// Where it was to be registered.
    pub key_manager_id: Uuid,
    /// What for.
    pub key_type: KeyType,
    /// The token that was to manage the client, where the platform chose it.
    #[serde(default)]
    pub token: Option<Secret>,
}
