//! Shared scopes of a tenant.
//! Who gets them in a token is left to the key managers, which are told of them by `scope_work`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ScopeManageScopes, ScopeViewScopes, api_members::is_scope, api_scopes::is_of_an_api};
use crate::{
    domain::{Api, Scope},
    scope_work,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, Page, Path, Query, Refusal, page},
};

pub(super) async fn list(
    caller: Caller<ScopeViewScopes>,
    State(site): State<Arc<Site>>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let all: Vec<Scope> = documents.all(&caller.tenant)?;
            let apis: Vec<Api> = documents.all(&caller.tenant)?;
            Ok(Json(page(all.into_iter().map(|scope| json!(counted(scope, &apis))).collect(), shown)))
        })
        .await
}

/// Roles of a shared scope need not exist here: another authorization server may know them.
pub(super) async fn create(
    caller: Caller<ScopeManageScopes>,
    State(site): State<Arc<Site>>,
    Body(sent): Body<Scope>,
) -> Result<(StatusCode, Json<Scope>), Refusal> {
    check(&sent)?;
    let tenant = caller.tenant.clone();
    let (created, ordered) = site
        .store
        .write(move |documents| {
            let shared = documents.find_by_key::<Scope>(&caller.tenant, &sent.name)?.is_some();
            if shared || is_of_an_api(documents, &caller.tenant, &sent.name)? {
                return Err(Refusal::from(Code::ScopeExists).because(sent.name));
            }
            let created = Scope { id: Some(Uuid::new_v4()), usage_count: None, ..sent };
            documents.put(&caller.tenant, &created)?;
            let ordered = scope_work::order(documents, &caller.tenant, [created.name.as_str()])?;
            Ok((created, ordered))
        })
        .await?;
    scope_work::settle(&site, &tenant, ordered).await;
    Ok((StatusCode::CREATED, Json(created)))
}

pub(super) async fn read(
    caller: Caller<ScopeViewScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Scope>, Refusal> {
    site.store
        .read(move |documents| {
            let found = find(documents, &caller.tenant, &id)?;
            Ok(Json(counted(found, &documents.all::<Api>(&caller.tenant)?)))
        })
        .await
}

/// The scope with the number of APIs that use it.
fn counted(scope: Scope, apis: &[Api]) -> Scope {
    let count = apis.iter().filter(|api| api.carries(&scope)).count();
    Scope { usage_count: Some(count as u64), ..scope }
}

pub(super) async fn update(
    caller: Caller<ScopeManageScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(sent): Body<Scope>,
) -> Result<Json<Scope>, Refusal> {
    check(&sent)?;
    let tenant = caller.tenant.clone();
    let (updated, ordered) = site
        .store
        .write(move |documents| {
            let stored = find(documents, &caller.tenant, &id)?;
            if stored.name != sent.name {
                return Err(Refusal::bad_request("The name of a shared scope cannot be changed"));
            }
            let updated = Scope { id: stored.id, usage_count: None, ..sent };
            documents.put(&caller.tenant, &updated)?;
            let ordered = scope_work::order(documents, &caller.tenant, [updated.name.as_str()])?;
            Ok((updated, ordered))
        })
        .await?;
    scope_work::settle(&site, &tenant, ordered).await;
    Ok(Json(updated))
}

pub(super) async fn delete(
    caller: Caller<ScopeManageScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let tenant = caller.tenant.clone();
    let ordered = site
        .store
        .write(move |documents| {
            let stored = find(documents, &caller.tenant, &id)?;
            let apis: Vec<Api> = documents.all(&caller.tenant)?;
            if apis.iter().any(|api| api.carries(&stored)) {
                return Err(Refusal::from(Code::ScopeAttached).because(stored.name));
            }
            documents.remove::<Scope>(&caller.tenant, &id)?;
            Ok::<_, Refusal>(scope_work::order(documents, &caller.tenant, [stored.name.as_str()])?)
        })
        .await?;
    scope_work::settle(&site, &tenant, ordered).await;
    Ok(StatusCode::OK)
}

/// The APIs that carry the scope, with the operations that ask for it.
pub(super) async fn usage(
    caller: Caller<ScopeViewScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let stored = find(documents, &caller.tenant, &id)?;
            let all: Vec<Api> = documents.all(&caller.tenant)?;
            let using: Vec<Value> =
                all.iter().filter(|api| api.carries(&stored)).map(|api| used(api, &stored)).collect();
            Ok(Json(json!({"id": id, "name": stored.name, "usedApiList": using})))
        })
        .await
}

fn used(api: &Api, scope: &Scope) -> Value {
    let asking = api.operations.iter().filter(|own| own.scopes.contains(&scope.name));
    let resources: Vec<Value> = asking.map(|own| json!({"target": own.target, "verb": own.verb})).collect();
    json!({"name": api.name, "context": api.context, "version": api.version, "usedResourceList": resources})
}

fn find(documents: &Documents<'_>, tenant: &str, id: &str) -> Result<Scope, Refusal> {
    documents.find(tenant, id)?.ok_or_else(|| Refusal::from(Code::ScopeNotFound).because(id))
}

fn check(sent: &Scope) -> Result<(), Refusal> {
    let texts = [
        ("name", Some(&sent.name), 255),
        ("displayName", sent.display_name.as_ref(), 255),
        ("description", sent.description.as_ref(), 512),
    ];
    for (member, text, most) in texts {
        if text.is_some_and(|text| text.chars().count() > most) {
            return Err(Refusal::bad_request(format!("{member}: size must be between 0 and {most}")));
        }
    }
    if sent.name.trim().is_empty() {
        return Err(Refusal::bad_request("name: must not be blank"));
    }
    if !is_scope(&sent.name) {
        return Err(Refusal::bad_request("name: must not hold blanks"));
    }
    Ok(())
}
