//! A credential of an application that is no OAuth token: it is sent as it is, and ends by itself or by revocation.
//! Making its text and checking it are left to the developer portal and the gateway.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::KeyType;

/// What is kept of an API key; its text is shown once and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Assigned on creation; the `jti` of its text.
    pub id: Uuid,
    /// Domain of the application's tenant.
    pub tenant: String,
    /// The application that it stands for.
    pub application_id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// Which endpoints it leads to.
    pub key_type: KeyType,
    /// Where it may be sent from.
    pub restrictions: KeyRestrictions,
    /// Seconds since 1970.
    pub issued_at: u64,
    /// Seconds since 1970.
    pub expires_at: u64,
}

/// Where an API key may be sent from; empty lists allow every place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRestrictions {
    /// Addresses and ranges (`10.0.0.0/8`, `2001:db8::/32`).
    #[serde(default, rename = "permittedIP")]
    pub addresses: Vec<String>,
    /// Patterns of the `Referer` header, in which `*` stands for any text.
    #[serde(default, rename = "permittedReferer")]
    pub referers: Vec<String>,
}
