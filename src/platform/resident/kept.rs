//! What of a realm outlives the process: its keys and its tokens. Clients and users are documents anyway.
//! When it is written is decided by the endpoints.

use kmspec_mocks::realm::{Realm, TokenFormat, TokenRow, TokenState, key_ring::StoredKeys};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{codes, logins, realms::Residents};
use crate::{
    domain::User,
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

/// Forgets what ended of a tenant's tokens, codes and logins before this moment, in seconds since 1970; how much it was.
pub(crate) fn forget_ended(documents: &Documents<'_>, tenant: &str, before: u64) -> Result<usize, StoreError> {
    let tokens = documents.remove_ended_also::<KeptToken>(tenant, ["expires_at", "refresh.expires_at"], before)?;
    Ok(tokens + forget_waiting(documents, tenant, before)?)
}

/// The same of codes and logins alone.
pub(super) fn forget_waiting(documents: &Documents<'_>, tenant: &str, before: u64) -> Result<usize, StoreError> {
    Ok(codes::forget(documents, tenant, before)? + logins::forget(documents, tenant, before)?)
}

/// Keeps an issued token, where such tokens are kept, and in any case the keys that signed it.
pub(super) fn keep_issued(
    residents: &Residents,
    documents: &Documents<'_>,
    (tenant, realm): (&str, &Realm),
    row: TokenRow,
) -> Result<(), StoreError> {
    KeptKeys { tenant: tenant.to_owned(), keys: realm.keys().stored() }.keep(documents)?;
    if residents.keeps(&row) { documents.put(tenant, &KeptToken(row)) } else { Ok(()) }
}

/// Keeps a token that ended, and its revocation, which the gateway is told of once all is committed.
pub(super) fn keep_ended(documents: &Documents<'_>, tenant: &str, row: &TokenRow) -> Result<(), StoreError> {
    documents.put(tenant, &KeptToken(row.clone()))?;
    let (token, expires_at_ms) = (revoked_name(row), row.expires_at.saturating_mul(1000));
    documents.put(tenant, &Revocation::Token { token: token.clone(), expires_at_ms })?;
    documents.announce(Event::TokenRevoked { tenant: tenant.to_owned(), token, expires_at_ms });
    Ok(())
}

/// Ends every token of a user, and with it what it could be refreshed to, as another password does (REV-11).
pub(crate) fn end_tokens_of(documents: &Documents<'_>, user: &User, now: u64) -> Result<(), StoreError> {
    let names = [user.name.clone(), format!("{}@{}", user.name, user.tenant)];
    for KeptToken(mut row) in documents.all::<KeptToken>(&user.tenant)? {
        let is_users = row.username.as_ref().is_some_and(|name| names.contains(name));
        if is_users && (row.is_active(now) || row.is_refreshable(now)) {
            row.end(TokenState::Revoked);
            keep_ended(documents, &user.tenant, &row)?;
        }
    }
    Ok(())
}

/// What of a row ended elsewhere than at its realm: by a notice about the token, its client or its user, or with the
/// user's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) access: bool,
    pub(super) refresh: bool,
}

/// Looks up what the realm may not have heard of.
pub(super) fn ended_elsewhere(documents: &Documents<'_>, row: &TokenRow) -> Result<Ended, StoreError> {
    let kept = documents.find_anywhere::<KeptToken>(&row.jti)?.map(|kept| kept.0);
    let owner = is_owner_revoked(documents, row)?;
    let told = Revocation::Token { token: revoked_name(row), expires_at_ms: 0 };
    let told = documents.find_anywhere::<Revocation>(&told.id())?.is_some();
    let gone = |state: TokenState| state != TokenState::Active;
    let refresh = kept.as_ref().and_then(|kept| kept.refresh.as_ref()).is_some_and(|refresh| gone(refresh.state));
    let access = kept.is_some_and(|kept| gone(kept.state));
    Ok(Ended { access: owner || told || access, refresh: owner || refresh })
}

/// Whether everything of the token's client or user that was issued by then was revoked.
fn is_owner_revoked(documents: &Documents<'_>, row: &TokenRow) -> Result<bool, StoreError> {
    let subject = |entity_id: &str, kind: &str| Revocation::Subject {
        entity_id: entity_id.to_owned(),
        entity_type: kind.to_owned(),
        revoked_at_ms: 0,
    };
    let mut owners = vec![
        Revocation::Consumer { consumer_key: row.client_id.clone(), revoked_at_ms: 0 },
        subject(&row.client_id, "CLIENT_ID"),
    ];
    owners.extend(row.username.iter().map(|name| subject(name, "USER_ID")));
    let issued_ms = row.issued_at.saturating_mul(1000);
    for owner in owners {
        if let Some(Revocation::Consumer { revoked_at_ms, .. } | Revocation::Subject { revoked_at_ms, .. }) =
            documents.find_anywhere(&owner.id())?
            && issued_ms < revoked_at_ms
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What revocation events call a token: the `jti` of a JWT, an opaque one itself.
fn revoked_name(row: &TokenRow) -> String {
    match row.format {
        TokenFormat::Jwt => row.jti.clone(),
        TokenFormat::Opaque => row.access_token.clone(),
    }
}
