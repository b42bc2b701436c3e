//! Scopes of the management planes: whether there is one, and whether a user's roles open it.
//! What a role opens is the resident key manager's rule.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::TenantScopes;
use crate::{
    domain::TenantSettings,
    identity,
    resident::{opens_plane, plane_scope_exists},
    site::Site,
    wire::{Caller, Code, Path, Query, Refusal},
};

#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    #[serde(default)]
    username: Option<String>,
}

/// The scope, when the user who is named, if any, may have it.
pub(super) async fn read(
    caller: Caller<TenantScopes>,
    State(site): State<Arc<Site>>,
    Path(scope): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            if !plane_scope_exists(&scope) {
                return Err(Code::SystemScopeNotFound.into());
            }
            if let Some(name) = whose.username.filter(|name| !name.is_empty()) {
                let own = identity::user(documents, &caller.tenant, &name)?;
                let found = match own {
                    Some(user) => Some(user),
                    None => identity::find_principal(documents, &name)?.filter(|user| user.tenant == caller.tenant),
                };
                let user = found.ok_or(Code::UserNotFound)?;
                let settings: Option<TenantSettings> = documents.find(&caller.tenant, &caller.tenant)?;
                let roles = settings.map_or_else(|| user.roles.clone(), |known| known.with_aliased(&user.roles));
                if !roles.iter().any(|role| opens_plane(role, &scope)) {
                    return Err(Code::SystemScopeNotOfUser.into());
                }
            }
            Ok(Json(json!({"name": scope})))
        })
        .await
}
