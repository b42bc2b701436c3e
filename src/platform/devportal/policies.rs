//! The policies that a developer may choose from.
//! They are the caller's own tenant's, whichever tenant's portal is looked at (TEN-13).

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::Value;

use super::{ApplicationScopes, access::roles};
use crate::{
    policies,
    site::Site,
    wire::{Caller, Page, Path, Query, Refusal},
};

pub(super) async fn list(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(level): Path<String>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let roles = roles(documents, &caller.tenant, &caller.user)?;
            policies::list(documents, &caller.tenant, &level, Some(&roles), shown)
        })
        .await
}
