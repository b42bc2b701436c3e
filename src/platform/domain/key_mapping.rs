//! A consumer key of an application: which OAuth client at which key manager.
//! The client itself lives at the authorization server.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Secret;

/// One per application, key type and key manager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyMapping {
    /// Assigned on creation.
    pub id: Uuid,
    /// Domain of the application's tenant.
    pub tenant: String,
    /// The application.
    pub application_id: Uuid,
    /// The key manager.
    pub key_manager_id: Uuid,
    /// Its name; part of the gateway's lookup key.
    pub key_manager_name: String,
    /// Production or sandbox.
    pub key_type: KeyType,
    /// Created by the platform, or mapped.
    pub mode: MappingMode,
    /// Where the registration stands.
    pub state: KeyState,
    /// `client_id` at the authorization server.
    pub consumer_key: String,
    /// `client_secret`, if it is known here.
    pub consumer_secret: Option<Secret>,
    /// Grant types as the client has them.
    pub grant_types: Vec<String>,
    /// Redirect URIs, separated by commas.
    pub callback_url: Option<String>,
    /// Settings of the client as the authorization server told them.
    pub additional_properties: Map<String, Value>,
    /// Where the client is managed (RFC 7592), when its authorization server told so.
    #[serde(default)]
    pub management: Option<ClientManagement>,
    /// Domain of the key manager's tenant, where that is another than the application's.
    #[serde(default)]
    pub key_manager_tenant: Option<String>,
}

impl KeyMapping {
    /// Domain of the key manager's tenant: there the client lives, and there its tokens count.
    pub fn home_of_key_manager(&self) -> &str {
        self.key_manager_tenant.as_deref().unwrap_or(&self.tenant)
    }
}

/// The client configuration endpoint of one client and the token that opens it (RFC 7592, section 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientManagement {
    /// `registration_client_uri`.
    pub uri: String,
    /// `registration_access_token`.
    pub token: Secret,
}

/// Production or sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyType {
    /// For the production endpoints.
    Production,
    /// For the sandbox endpoints.
    Sandbox,
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Production => "PRODUCTION",
            Self::Sandbox => "SANDBOX",
        })
    }
}

/// How a mapping came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MappingMode {
    /// The platform registered the client.
    Created,
    /// The client was there before: out-of-band provisioning.
    Mapped,
}

/// Where the registration of a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyState {
    /// Waiting for approval.
    Created,
    /// Approved, the client is not registered yet.
    Approved,
    /// Usable.
    Completed,
    /// Refused.
    Rejected,
}
