//! A throttling policy that an administrator made, beside those that every tenant has; nothing is throttled here.
//! Who may choose it is decided where it is chosen.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Permissions;

/// One per level and name in a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThrottlingPolicy {
    /// Assigned on creation.
    pub id: Uuid,
    /// What it is for.
    pub level: PolicyLevel,
    /// Unique in its level.
    pub name: String,
    /// Who may choose it.
    #[serde(default)]
    pub permissions: Permissions,
    /// Every member as it was sent.
    pub document: Map<String, Value>,
}

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyLevel {
    /// Applications name one.
    Application,
    /// APIs offer some, subscriptions name one.
    Subscription,
}

impl PolicyLevel {
    /// The level as paths spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Subscription => "subscription",
        }
    }
}

impl ThrottlingPolicy {
    /// Under which a policy is found in its tenant.
    pub fn key(level: PolicyLevel, name: &str) -> String {
        format!("{}\n{name}", level.word())
    }
}
