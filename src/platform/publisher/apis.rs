//! APIs as resources.
//! The rules of their documents are left to `api_document`; deployment to `revisions`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::LOCATION};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    ApiViewScopes, ChangeScopes, CreateScopes, DeleteScopes,
    api_document::{Origin, admit, shown},
    client_certificates,
    subscriptions::to_apis_of,
};
use crate::{
    domain::{Api, Revision},
    events::Event,
    scope_work,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Page, Path, Query, Refusal, page},
};

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    query: String,
}

pub(super) async fn list(
    caller: Caller<ApiViewScopes>,
    State(site): State<Arc<Site>>,
    Query(search): Query<Search>,
    Query(shown_page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    let all: Vec<Api> = site.store.read::<_, Refusal, _>(move |documents| Ok(documents.all(&caller.tenant)?)).await?;
    let wanted = search.query.trim_start_matches("name:");
    let entry = |api: &Api| {
        json!({
            "id": api.id,
            "name": api.name,
            "context": api.context,
            "version": api.version,
            "provider": api.provider,
            "lifeCycleStatus": api.status,
        })
    };
    Ok(Json(page(all.iter().filter(|api| api.name.contains(wanted)).map(entry).collect(), shown_page)))
}

pub(super) async fn create(
    caller: Caller<CreateScopes>,
    State(site): State<Arc<Site>>,
    Body(sent): Body<Map<String, Value>>,
) -> Result<Response, Refusal> {
    let tenant = caller.tenant.clone();
    let (created, ordered) = site
        .store
        .write(move |documents| {
            let origin = Origin { tenant: &caller.tenant, user: &caller.user, stored: None };
            let created = admit(documents, &origin, sent)?;
            keep(documents, &created)?;
            let ordered = scope_work::order(documents, &caller.tenant, own_scopes(&created))?;
            Ok::<_, Refusal>((created, ordered))
        })
        .await?;
    scope_work::settle(&site, &tenant, ordered).await;
    let location = format!("{}/api/am/publisher/v4/apis/{}", site.management_url, created.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(shown(&created))).into_response())
}

pub(super) async fn read(
    caller: Caller<ApiViewScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let api = site.store.read(move |documents| find(documents, &caller.tenant, &id)).await?;
    Ok(Json(shown(&api)))
}

/// Changes the document only; what is deployed stays as it is until another revision is deployed.
pub(super) async fn update(
    caller: Caller<ChangeScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(sent): Body<Map<String, Value>>,
) -> Result<Json<Value>, Refusal> {
    let tenant = caller.tenant.clone();
    let (updated, ordered) = site
        .store
        .write(move |documents| {
            let stored = find(documents, &caller.tenant, &id)?;
            let origin = Origin { tenant: &caller.tenant, user: &caller.user, stored: Some(&stored) };
            let updated = admit(documents, &origin, sent)?;
            let same = |a: &str, b: &str, member: &str| match a == b {
                true => Ok(()),
                false => Err(Refusal::bad_request(format!("{member} of an API cannot be changed"))),
            };
            same(&stored.name, &updated.name, "name")?;
            same(&stored.context, &updated.context, "context")?;
            same(&stored.version, &updated.version, "version")?;
            keep(documents, &updated)?;
            let ordered = scope_work::order(documents, &caller.tenant, changed_scopes(&stored, &updated))?;
            Ok::<_, Refusal>((updated, ordered))
        })
        .await?;
    scope_work::settle(&site, &tenant, ordered).await;
    Ok(Json(shown(&updated)))
}

/// Names of the scopes that are the API's own.
fn own_scopes(api: &Api) -> impl Iterator<Item = &str> {
    api.scopes.iter().filter(|own| !own.shared).map(|own| own.scope.name.as_str())
}

/// Those of them that one has and the other has not, or has otherwise.
fn changed_scopes<'a>(before: &'a Api, after: &'a Api) -> Vec<&'a str> {
    let mut names: Vec<&str> = own_scopes(before).chain(own_scopes(after)).collect();
    names.sort_unstable();
    names.dedup();
    let of = |api: &'a Api, name: &str| api.scopes.iter().find(|own| !own.shared && own.scope.name == name);
    names.retain(|name| of(before, name) != of(after, name));
    names
}

pub(super) async fn delete(
    caller: Caller<DeleteScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let tenant = caller.tenant.clone();
    let ordered = site
        .store
        .write(move |documents| {
            let api = find(documents, &caller.tenant, &id)?;
            let subscriptions = to_apis_of(documents, &caller.tenant)?;
            if subscriptions.iter().any(|one| one.api_id == api.id) {
                return Err(Refusal::generic(
                    StatusCode::CONFLICT,
                    "Cannot remove the API as active subscriptions exist.",
                ));
            }
            for revision in documents.children::<Revision>(&id)? {
                documents.remove::<Revision>(&caller.tenant, &revision.id.to_string())?;
            }
            client_certificates::remove_all(documents, &api)?;
            documents.remove::<Api>(&caller.tenant, &id)?;
            let ordered = scope_work::order(documents, &caller.tenant, own_scopes(&api))?;
            documents.announce(Event::ApiUndeployed { tenant: caller.tenant, api_id: api.id });
            Ok(ordered)
        })
        .await?;
    scope_work::settle(&site, &tenant, ordered).await;
    Ok(StatusCode::OK)
}

pub(super) fn find(documents: &Documents<'_>, tenant: &str, id: &str) -> Result<Api, Refusal> {
    documents.find(tenant, id)?.ok_or_else(|| Refusal::not_found("API"))
}

/// Stores an API whose context and version nobody else in the tenant has, nor its name and version.
fn keep(documents: &Documents<'_>, api: &Api) -> Result<(), Refusal> {
    let all: Vec<Api> = documents.all(&api.tenant)?;
    let taken = all.iter().any(|other| {
        other.id != api.id && other.version == api.version && (other.context == api.context || other.name == api.name)
    });
    if taken {
        let text = format!("The API {} {} or its context {} exists already", api.name, api.version, api.context);
        return Err(Refusal::generic(StatusCode::CONFLICT, text));
    }
    Ok(documents.put(&api.tenant, api)?)
}
