//! A key ring at rest, as a snapshot keeps it.
//! Making it of a ring, and a ring of it, is done in `key_ring`.

use serde::{Deserialize, Serialize};

use super::{algorithm::Algorithm, key_ring::KeyPurpose, kid_style::KidStyle};

/// A key ring at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKeys {
    pub(super) style: KidStyle,
    pub(super) keys: Vec<StoredKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredKey {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) pem: String,
    pub(super) purpose: KeyPurpose,
    pub(super) current: bool,
    pub(super) published: bool,
}
