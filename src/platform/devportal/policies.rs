//! The policies that a developer may choose from.
//! They are the caller's own tenant's, whichever tenant's portal is looked at (TEN-13).

use axum::Json;
use serde_json::Value;

use super::ApplicationScopes;
use crate::{
    policies,
    wire::{Caller, Page, Path, Query, Refusal},
};

pub(super) async fn list(
    _caller: Caller<ApplicationScopes>,
    Path(level): Path<String>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    policies::list(&level, shown)
}
