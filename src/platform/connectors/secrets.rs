//! Several secrets of one client: what can be asked of authorization servers that keep more than one.
//! A connector that knows of one secret only offers none of this.

use futures::future::BoxFuture;

use super::{Call, ConnectorError};
use crate::domain::{KeyMapping, Secret};

/// A secret as it is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretOrder {
    /// What its owner says of it.
    pub(crate) description: Option<String>,
    /// Life in seconds; without end when `None`.
    pub(crate) expires_in: Option<u64>,
}

/// A secret as its authorization server told it.
#[derive(Debug, Clone)]
pub(crate) struct ToldSecret {
    /// By which it is revoked.
    pub(crate) id: String,
    /// The secret; told once, when it was made.
    pub(crate) value: Option<Secret>,
    pub(crate) description: Option<String>,
    /// In seconds since 1970.
    pub(crate) expires_at: Option<u64>,
}

/// Keeps several secrets of one client.
pub(crate) trait ClientSecrets: Send + Sync {
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

    /// Ends one of them; `UnknownSecret` when there is none of that id, `LastSecret` when there is no other that opens
    /// anything. Where the one went that the key is shown with, the one that it is shown with from then on.
    fn revoke<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Secret>, ConnectorError>>;
}
