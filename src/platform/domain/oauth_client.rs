//! An OAuth client of the resident key manager.
//! Issuing tokens to it is the resident key manager's work.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{KeyType, Secret};

/// The longest life that a token of the resident key manager can have, in seconds: 68 years, as in an `int32`. Its end is
/// always an instant that gateways understand.
pub const LONGEST_TOKEN_LIFE_S: u64 = i32::MAX as u64;

/// Whether a token of the resident key manager can live so many seconds.
pub fn is_token_life(seconds: u64) -> bool {
    (1..=LONGEST_TOKEN_LIFE_S).contains(&seconds)
}

/// One of the secrets that a client has beside its first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// Assigned on creation.
    pub id: Uuid,
    /// The secret itself.
    pub value: Secret,
    /// What its owner says of it.
    #[serde(default)]
    pub description: Option<String>,
    /// From when on it opens nothing, in seconds since 1970; never when `None`.
    #[serde(default)]
    pub expires_at: Option<u64>,
}

impl ClientSecret {
    /// Whether it opens the token endpoint at that time.
    pub fn is_good(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A client that the resident key manager knows; kept in the store, so that it survives a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OAuthClient {
    /// `client_id`; unique over all tenants.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: Secret,
    /// Domain of the tenant that it belongs to.
    pub tenant: String,
    /// Readable name; a bootstrap registration is an upsert on it.
    pub name: String,
    /// User who owns the client, without the tenant.
    pub owner: String,
    /// Grant types that it may use.
    pub grant_types: Vec<String>,
    /// Redirect URIs, separated by commas.
    pub callback_url: Option<String>,
    /// Whether its access tokens are JWTs; otherwise opaque.
    pub jwt_tokens: bool,
    /// Key type of the application key it stands behind; `None` for clients of the management planes.
    pub key_type: Option<KeyType>,
    /// Lifetimes and flags of the client, by the names of the product.
    pub additional_properties: Map<String, Value>,
    /// Further secrets, oldest first; each opens the token endpoint as `client_secret` does.
    #[serde(default)]
    pub more_secrets: Vec<ClientSecret>,
}
