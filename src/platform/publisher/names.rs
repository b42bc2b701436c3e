//! Names that a publisher may ask for before using them: roles and shared scopes, in base64url on the path.
//! Padding may be left out.

use std::sync::Arc;

use axum::{Json, extract::State};
use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::StatusCode;
use serde_json::Value;

use super::{ScopeViewScopes, ViewScopes};
use crate::{
    domain::Scope,
    identity::role_exists,
    policies,
    site::Site,
    wire::{Caller, Page, Path, Query, Refusal},
};

const ENCODING: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn named(encoded: &str) -> Option<String> {
    String::from_utf8(ENCODING.decode(encoded).ok()?).ok()
}

fn existence(there: bool) -> StatusCode {
    if there { StatusCode::OK } else { StatusCode::NOT_FOUND }
}

/// Whether the tenant has the role.
pub(super) async fn role(
    caller: Caller<ViewScopes>,
    State(site): State<Arc<Site>>,
    Path(encoded): Path<String>,
) -> Result<StatusCode, Refusal> {
    let Some(role) = named(&encoded) else { return Ok(StatusCode::NOT_FOUND) };
    site.store.read(move |documents| Ok(existence(role_exists(documents, &caller.tenant, &role)?))).await
}

/// Whether the tenant has the shared scope.
pub(super) async fn scope(
    caller: Caller<ScopeViewScopes>,
    State(site): State<Arc<Site>>,
    Path(encoded): Path<String>,
) -> Result<StatusCode, Refusal> {
    let Some(scope) = named(&encoded) else { return Ok(StatusCode::NOT_FOUND) };
    site.store
        .read(move |documents| Ok(existence(documents.find_by_key::<Scope>(&caller.tenant, &scope)?.is_some())))
        .await
}

/// The policies that an API may offer; who may choose one is no matter of the publisher's roles.
pub(super) async fn policy_list(
    caller: Caller<ViewScopes>,
    State(site): State<Arc<Site>>,
    Path(level): Path<String>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store.read(move |documents| policies::list(documents, &caller.tenant, &level, None, shown)).await
}

/// The policies that an operation may have beside its throttling.
pub(super) async fn operation_policies(
    _caller: Caller<ViewScopes>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    Ok(policies::operation_policies(shown))
}
