//! The older resources of an application's keys, by key type: they know the resident key manager only.
//! What they do is what the resources by key do, which they find the key for.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::Value;

use super::{
    ApplicationScopes,
    access::{named_key_manager, own_application},
    key_document::key_type,
    keys, tokens,
};
use crate::{
    domain::KeyMapping,
    site::Site,
    wire::{Body, Caller, Code, Path, Refusal},
};

/// Application and key of a path with a key type.
async fn found(
    caller: &Caller<ApplicationScopes>,
    site: &Arc<Site>,
    (application, kind): (String, String),
) -> Result<Path<(String, String)>, Refusal> {
    let (tenant, user) = (caller.tenant.clone(), caller.user.clone());
    site.store
        .read(move |documents| {
            own_application(documents, &tenant, &user, &application)?;
            let kind = key_type(&kind)?;
            let resident = named_key_manager(documents, &tenant, None)?;
            let keys: Vec<KeyMapping> = documents.children(&application)?;
            let key = keys.into_iter().find(|key| key.key_type == kind && key.key_manager_id == resident.id);
            let key = key.ok_or(Code::MappingNotFound)?;
            Ok(Path((application, key.id.to_string())))
        })
        .await
}

pub(super) async fn read(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let path = found(&caller, &site, path).await?;
    keys::read(caller, State(site), path).await
}

pub(super) async fn update(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
    body: Body<keys::Change>,
) -> Result<Json<Value>, Refusal> {
    let path = found(&caller, &site, path).await?;
    keys::update(caller, State(site), path, body).await
}

pub(super) async fn regenerate_secret(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let path = found(&caller, &site, path).await?;
    keys::regenerate_secret(caller, State(site), path).await
}

pub(super) async fn clean_up(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let path = found(&caller, &site, path).await?;
    keys::clean_up(caller, State(site), path).await
}

pub(super) async fn generate_token(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
    body: Body<tokens::Order>,
) -> Result<Json<Value>, Refusal> {
    let path = found(&caller, &site, path).await?;
    tokens::generate_token(caller, State(site), path, body).await
}
