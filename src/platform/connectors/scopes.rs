//! Telling authorization servers of scopes: what can be asked of those that keep scopes and roles themselves.
//! The calls stand in each dialect's file; when they are made is left to `scope_work`.

use futures::future::BoxFuture;

use super::{Call, ConnectorError};
use crate::domain::{KeyManager, Scope};

/// Keeps the scopes of the platform at a key manager.
pub(crate) trait ScopeAdministration: Send + Sync {
    /// Whether the key manager says where its scopes are kept.
    fn is_configured(&self, key_manager: &KeyManager) -> bool;

    /// Makes the scope known as it is now, bound to its roles and no longer to others of those that it was `bound` to.
    /// It may be known already, in this form or another.
    fn put<'a>(
        &'a self,
        call: Call<'a>,
        scope: &'a Scope,
        bound: &'a [String],
    ) -> BoxFuture<'a, Result<(), ConnectorError>>;

    /// Makes the scope unknown; it may be that already.
    fn remove<'a>(&'a self, call: Call<'a>, name: &'a str) -> BoxFuture<'a, Result<(), ConnectorError>>;
}

/// What people are shown of a scope without a name for them.
pub(super) fn display_name(scope: &Scope) -> &str {
    scope.display_name.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&scope.name)
}
