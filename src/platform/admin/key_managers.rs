//! Key managers as resources: create, read, list, update, delete.
//! The rules of their documents are left to `rules`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::LOCATION};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{KeyManagerScopes, masking::shown, rules::admit, usages};
use crate::{
    domain::{KeyManager, ScopeRegistration},
    events::Event,
    mapped_clients, scope_work,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, Path, Refusal, listing},
};

pub(super) async fn list(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let all: Vec<KeyManager> = documents.all(&caller.tenant)?;
            let entries: Result<Vec<Value>, Refusal> =
                all.iter().map(|one| Ok(entry(one, is_used(documents, &caller.tenant, one)?))).collect();
            Ok(Json(listing(entries?)))
        })
        .await
}

fn entry(key_manager: &KeyManager, used: bool) -> Value {
    json!({
        "id": key_manager.id,
        "name": key_manager.name,
        "type": key_manager.kind,
        "description": key_manager.description,
        "enabled": key_manager.enabled,
        "tokenType": key_manager.token_type,
        "isGlobal": key_manager.is_global,
        "isUsed": used,
    })
}

pub(super) async fn create(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    Body(sent): Body<KeyManager>,
) -> Result<Response, Refusal> {
    let tenant = caller.tenant;
    let created = site
        .store
        .write(move |documents| {
            let created = KeyManager { id: Uuid::new_v4(), ..admit(documents, &tenant, sent, None)? };
            documents.put(&tenant, &created)?;
            scope_work::order_all(documents, &tenant, &created, None)?;
            let key_manager = Arc::new(created.clone());
            documents.announce(Event::KeyManagerAdded { tenant, key_manager });
            Ok::<_, Refusal>(created)
        })
        .await?;
    site.scope_work.wake();
    let location = format!("{}/api/am/admin/v4/key-managers/{}", site.management_url, created.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(shown(&created))).into_response())
}

pub(super) async fn read(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let tenant = caller.tenant;
    let found = site.store.read(move |documents| find(documents, &tenant, &id)).await?;
    Ok(Json(shown(&found)))
}

pub(super) async fn update(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(sent): Body<KeyManager>,
) -> Result<Json<Value>, Refusal> {
    let tenant = caller.tenant;
    let updated = site
        .store
        .write(move |documents| {
            let stored = find(documents, &tenant, &id)?;
            let updated = KeyManager { id: stored.id, ..admit(documents, &tenant, sent, Some(&stored))? };
            documents.put(&tenant, &updated)?;
            scope_work::order_all(documents, &tenant, &updated, Some(&stored))?;
            let key_manager = Arc::new(updated.clone());
            documents.announce(Event::KeyManagerUpdated { tenant, key_manager });
            Ok::<_, Refusal>(updated)
        })
        .await?;
    site.scope_work.wake();
    Ok(Json(shown(&updated)))
}

pub(super) async fn delete(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let tenant = caller.tenant;
    site.store
        .write(move |documents| {
            let stored = find(documents, &tenant, &id)?;
            if let Some(reason) = in_use(documents, &tenant, &stored)? {
                let text = format!("Error while deleting the Key Manager. {reason}");
                return Err(Refusal::from(Code::KeyManagerInUse).because(text));
            }
            for registration in documents.children::<ScopeRegistration>(&id)? {
                documents.remove::<ScopeRegistration>(&tenant, &registration.id.to_string())?;
            }
            mapped_clients::forget(documents, &tenant, stored.id)?;
            documents.remove::<KeyManager>(&tenant, &id)?;
            documents.announce(Event::KeyManagerDeleted { tenant, id: stored.id });
            Ok(StatusCode::OK)
        })
        .await
}

/// What became of the tenant's scopes at the key manager: which it knows, and why it does not know the others.
pub(super) async fn scope_registrations(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            find(documents, &caller.tenant, &id)?;
            let all: Vec<ScopeRegistration> = documents.children(&id)?;
            let entry = |one: &ScopeRegistration| {
                json!({"scope": one.scope, "status": one.standing, "attempts": one.attempts, "failure": one.failure})
            };
            Ok(Json(listing(all.iter().map(entry).collect())))
        })
        .await
}

pub(super) fn find(documents: &Documents<'_>, tenant: &str, id: &str) -> Result<KeyManager, Refusal> {
    documents.find(tenant, id)?.ok_or_else(|| Code::KeyManagerNotFound.into())
}

/// Why a key manager cannot go, if it cannot.
fn in_use(documents: &Documents<'_>, tenant: &str, stored: &KeyManager) -> Result<Option<&'static str>, Refusal> {
    if stored.is_resident() {
        return Ok(Some("The resident Key Manager cannot be deleted"));
    }
    if !usages::apis(documents, tenant, stored)?.is_empty() {
        return Ok(Some("An API names the Key Manager"));
    }
    let mapped = !usages::applications(documents, stored)?.is_empty();
    Ok(mapped.then_some("Applications have keys of the Key Manager"))
}

fn is_used(documents: &Documents<'_>, tenant: &str, stored: &KeyManager) -> Result<bool, Refusal> {
    Ok(!usages::apis(documents, tenant, stored)?.is_empty() || !usages::applications(documents, stored)?.is_empty())
}
