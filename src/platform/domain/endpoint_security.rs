//! How backends know the gateway: credentials that an API sends along, for each kind of key.
//! Reading them from a document is the publisher's work, sending them the gateway's.

use serde::{Deserialize, Serialize};

use super::{KeyType, Secret};

/// The credentials of an API's two backends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSecurity {
    /// For the production backend.
    #[serde(default)]
    pub production: Option<BackendLogin>,
    /// For the sandbox backend.
    #[serde(default)]
    pub sandbox: Option<BackendLogin>,
}

impl EndpointSecurity {
    /// What the backend for a kind of key is told.
    pub fn of(&self, key_type: KeyType) -> Option<&BackendLogin> {
        match key_type {
            KeyType::Production => self.production.as_ref(),
            KeyType::Sandbox => self.sandbox.as_ref(),
        }
    }
}

/// How the gateway logs in at one backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendLogin {
    /// Whether it does.
    pub enabled: bool,
    /// In which way.
    pub kind: LoginKind,
    /// User of HTTP Basic, or resource owner.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// Where a token is to be had.
    pub token_url: Option<String>,
    /// The client that asks for it.
    pub client_id: Option<String>,
    /// The client's secret.
    pub client_secret: Option<Secret>,
    /// Further members of the token request.
    #[serde(default)]
    pub parameters: Vec<(String, String)>,
}

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoginKind {
    /// HTTP Basic.
    Basic,
    /// A token of the client's own.
    ClientCredentials,
    /// A token for the user.
    Password,
}
