//! The key managers to which an API can be restricted.
//! The restriction itself is a member of the API.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::KeyManagerScopes;
use crate::{
    domain::KeyManager,
    site::Site,
    wire::{Caller, Refusal, listing},
};

pub(super) async fn list(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
) -> Result<Json<Value>, Refusal> {
    let all: Vec<KeyManager> =
        site.store.read::<_, Refusal, _>(move |documents| Ok(documents.all(&caller.tenant)?)).await?;
    let entry = |one: &KeyManager| {
        json!({
            "id": one.id,
            "name": one.name,
            "displayName": one.display_name,
            "type": one.kind,
            "description": one.description,
            "enabled": one.enabled,
            "additionalProperties": [],
        })
    };
    Ok(Json(listing(all.iter().map(entry).collect())))
}
