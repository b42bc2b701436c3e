//! The developer portal object that owns subscriptions and keys.
//! Its keys and subscriptions are documents of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An application of a developer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Application {
    /// Assigned on creation.
    pub id: Uuid,
    /// Domain of the tenant it lives in.
    pub tenant: String,
    /// User name without the tenant.
    pub owner: String,
    /// Unique for its owner.
    pub name: String,
    /// Name of the application policy.
    pub throttling_policy: String,
    /// Free text.
    pub description: Option<String>,
    /// Kind of the tokens that the resident key manager issues for it.
    pub token_type: ApplicationTokenType,
    /// Free attributes.
    pub attributes: BTreeMap<String, String>,
    /// Groups whose members see it.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Whether the owner's organization sees it.
    #[serde(default)]
    pub visibility: Visibility,
}

/// Who sees an application beside its owner and its groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Visibility {
    /// Nobody.
    #[default]
    Private,
    /// The users of the owner's organization.
    SharedWithOrg,
}

/// Kind of the tokens of an application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ApplicationTokenType {
    /// Self-contained.
    #[default]
    Jwt,
    /// Opaque.
    Oauth,
}
