//! What of a realm outlives the process: its keys and its tokens. Clients and users are documents anyway.
//! When it is written is decided by the endpoints.

use kmspec_mocks::realm::{Realm, TokenFormat, TokenRow, key_ring::StoredKeys};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    events::Event,
    store::{Document, Documents, Revocation, StoreError},
};

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

impl KeptKeys {
    /// Keeps them, unless they are kept as they are.
    pub(super) fn keep(&self, documents: &Documents<'_>) -> Result<(), StoreError> {
        let known = documents.find::<Self>(&self.tenant, &self.tenant)?;
        if known.is_none_or(|kept| kept.keys != self.keys) {
            documents.put(&self.tenant, self)?;
        }
        Ok(())
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
    KeptKeys { tenant: tenant.to_owned(), keys: realm.keys().stored() }.keep(documents)?;
    documents.put(tenant, &KeptToken(row))
}

/// Keeps a token that ended, and its revocation, which the gateway is told of once all is committed.
pub(super) fn keep_ended(documents: &Documents<'_>, tenant: &str, row: &TokenRow) -> Result<(), StoreError> {
    documents.put(tenant, &KeptToken(row.clone()))?;
    let (token, expires_at_ms) = (revoked_name(row), row.expires_at.saturating_mul(1000));
    documents.put(tenant, &Revocation::Token { token: token.clone(), expires_at_ms })?;
    documents.announce(Event::TokenRevoked { tenant: tenant.to_owned(), token, expires_at_ms });
    Ok(())
}

/// What revocation events call a token: the `jti` of a JWT, an opaque one itself.
fn revoked_name(row: &TokenRow) -> String {
    match row.format {
        TokenFormat::Jwt => row.jti.clone(),
        TokenFormat::Opaque => row.access_token.clone(),
    }
}
