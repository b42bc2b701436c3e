//! What of a realm outlives the process: its keys and its tokens. Clients and users are documents anyway.
//! When it is written is decided by [`super::endpoints`].

use kmspec_mocks::realm::{Realm, TokenRow, key_ring::StoredKeys};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::platform::store::{Document, Documents, StoreError};

/// The key ring of a tenant's resident key manager.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptKeys {
    pub(super) tenant: String,
    pub(super) keys: StoredKeys,
}

impl Document for KeptKeys {
    const KIND: &'static str = "resident-keys";
    fn id(&self) -> String {
        self.tenant.clone()
    }
    fn secrets(_body: &Value) -> Vec<String> {
        vec!["/keys".to_owned()]
    }
}

/// An issued token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct KeptToken(pub(super) TokenRow);

impl Document for KeptToken {
    const KIND: &'static str = "resident-token";
    fn id(&self) -> String {
        self.0.jti.clone()
    }
}

/// Keeps an issued token, and the keys that signed it.
pub(super) fn keep_issued(
    documents: &Documents<'_>,
    tenant: &str,
    realm: &Realm,
    row: TokenRow,
) -> Result<(), StoreError> {
    let keys = KeptKeys { tenant: tenant.to_owned(), keys: realm.keys().stored() };
    if documents.find::<KeptKeys>(tenant, tenant)?.is_none_or(|kept| kept.keys != keys.keys) {
        documents.put(tenant, &keys)?;
    }
    documents.put(tenant, &KeptToken(row))
}
