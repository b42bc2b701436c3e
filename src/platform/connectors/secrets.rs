//! Several secrets of one client: what can be asked of authorization servers that keep more than one.
//! A connector that knows of one secret only offers none of this.

use futures::future::BoxFuture;

use super::{Call, ConnectorError};
use crate::platform::domain::{KeyMapping, Secret};

/// A secret as it is asked for.
#[derive(Debug, Clone, Default)]
pub(in crate::platform) struct SecretOrder {
    /// What its owner says of it.
    pub(in crate::platform) description: Option<String>,
    /// Life in seconds; without end when `None`.
    pub(in crate::platform) expires_in: Option<u64>,
}

/// A secret as its authorization server told it.
#[derive(Debug, Clone)]
pub(in crate::platform) struct ToldSecret {
    /// By which it is revoked.
    pub(in crate::platform) id: String,
    /// The secret; told once, when it was made.
    pub(in crate::platform) value: Option<Secret>,
    pub(in crate::platform) description: Option<String>,
    /// In seconds since 1970.
    pub(in crate::platform) expires_at: Option<u64>,
}

/// Keeps several secrets of one client.
pub(in crate::platform) trait ClientSecrets: Send + Sync {
    /// Makes one more.
    fn add<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        order: &'a SecretOrder,
    ) -> BoxFuture<'a, Result<ToldSecret, ConnectorError>>;

    /// All of them, oldest first, without their values.
    fn list<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
    ) -> BoxFuture<'a, Result<Vec<ToldSecret>, ConnectorError>>;

    /// Ends one of them; `UnknownSecret` when there is none of that id, `LastSecret` when there is no other. Where the
    /// first one went, the one that is the client's first from then on.
    fn revoke<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Secret>, ConnectorError>>;
}
