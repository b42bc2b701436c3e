//! What can be done with scopes by name: made, listed, read, changed, deleted.
//! They are the shared scopes of the publisher plane, so other key managers are told of them as they are of those.

use std::sync::Arc;

use axum::{Json, extract::State, response::IntoResponse};
use http::{StatusCode, header::LOCATION};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use uuid::Uuid;

use super::{
    BASE,
    asked::{Asked, Refused, not_found},
    form,
};
use crate::{
    domain::{Api, Scope},
    resident::is_own_scope,
    scope_work,
    site::Site,
    store::Documents,
};

/// `POST`.
pub(super) async fn create(State(site): State<Arc<Site>>, asked: Asked) -> Result<impl IntoResponse, Refused> {
    let tenant = asked.tenant.clone();
    let work = move |documents: &Documents<'_>| {
        asked.check_caller(documents)?;
        let scope = form::read(&asked.body, None)?;
        check_own(&scope.name, "41008")?;
        if find(documents, &asked.tenant, &scope.name)?.is_some() {
            let said = format!("there is a scope {} already", scope.name);
            return Err(Refused::Numbered(StatusCode::CONFLICT, "41004", said));
        }
        keep(documents, &asked.tenant, Scope { id: Some(Uuid::new_v4()), ..scope })
    };
    let (made, ordered) = site.store.write(work).await?;
    scope_work::settle(&site, &tenant, ordered).await;
    let name = utf8_percent_encode(&made.name, NON_ALPHANUMERIC);
    let place = format!("{}{BASE}/name/{name}", site.tenant_url(&tenant));
    Ok((StatusCode::CREATED, [(LOCATION, place)], Json(form::created(&made))))
}

/// `GET`: shared scopes and those of APIs, by name.
pub(super) async fn list(State(site): State<Arc<Site>>, asked: Asked) -> Result<Json<Vec<Value>>, Refused> {
    site.store
        .read(move |documents| {
            asked.check_caller(documents)?;
            let mut known: Vec<Scope> = documents.all(&asked.tenant)?;
            known.extend(of_apis(documents, &asked.tenant)?);
            known.sort_by(|one, other| one.name.cmp(&other.name));
            known.dedup_by(|one, other| one.name == other.name);
            form::shown(&asked.query, known).map(Json)
        })
        .await
}

/// `GET` and `HEAD …/name/{name}`.
pub(super) async fn read(State(site): State<Arc<Site>>, asked: Asked) -> Result<Json<Value>, Refused> {
    site.store
        .read(move |documents| {
            asked.check_caller(documents)?;
            let found = find(documents, &asked.tenant, &asked.name)?;
            found.map(|scope| Json(form::document(&scope))).ok_or_else(|| not_found(&asked.name))
        })
        .await
}

/// `PUT …/name/{name}`.
pub(super) async fn update(State(site): State<Arc<Site>>, asked: Asked) -> Result<Json<Value>, Refused> {
    let tenant = asked.tenant.clone();
    let work = move |documents: &Documents<'_>| {
        asked.check_caller(documents)?;
        check_own(&asked.name, "41009")?;
        let id = shared(documents, &asked, "41009")?.id;
        let scope = form::read(&asked.body, Some(&asked.name))?;
        keep(documents, &asked.tenant, Scope { id, ..scope })
    };
    let (changed, ordered) = site.store.write(work).await?;
    scope_work::settle(&site, &tenant, ordered).await;
    Ok(Json(form::document(&changed)))
}

/// `DELETE …/name/{name}`; a scope that an API carries stays.
pub(super) async fn delete(State(site): State<Arc<Site>>, asked: Asked) -> Result<StatusCode, Refused> {
    let tenant = asked.tenant.clone();
    let work = move |documents: &Documents<'_>| {
        asked.check_caller(documents)?;
        check_own(&asked.name, "41010")?;
        let known = shared(documents, &asked, "41010")?;
        let apis: Vec<Api> = documents.all(&asked.tenant)?;
        if let Some(api) = apis.iter().find(|api| api.carries(&known)) {
            let said = format!("the API {} carries the scope", api.name);
            return Err(Refused::Numbered(StatusCode::CONFLICT, "41010", said));
        }
        documents.remove::<Scope>(&asked.tenant, &known.id.map(|id| id.to_string()).unwrap_or_default())?;
        Ok(scope_work::order(documents, &asked.tenant, [known.name.as_str()])?)
    };
    let ordered = site.store.write(work).await?;
    scope_work::settle(&site, &tenant, ordered).await;
    Ok(StatusCode::OK)
}

/// Keeps the scope and notes who is to be told of it.
fn keep(documents: &Documents<'_>, tenant: &str, scope: Scope) -> Result<(Scope, Vec<Uuid>), Refused> {
    documents.put(tenant, &scope)?;
    let ordered = scope_work::order(documents, tenant, [scope.name.as_str()])?;
    Ok((scope, ordered))
}

/// A scope that the resident key manager knows: a shared one, else that of an API.
fn find(documents: &Documents<'_>, tenant: &str, name: &str) -> Result<Option<Scope>, Refused> {
    if let Some(shared) = documents.find_by_key::<Scope>(tenant, name)? {
        return Ok(Some(shared));
    }
    Ok(of_apis(documents, tenant)?.into_iter().find(|scope| scope.name == name))
}

fn of_apis(documents: &Documents<'_>, tenant: &str) -> Result<Vec<Scope>, Refused> {
    let apis: Vec<Api> = documents.all(tenant)?;
    let own = apis.into_iter().flat_map(|api| api.scopes).filter(|own| !own.shared);
    Ok(own.map(|own| own.scope).collect())
}

/// The shared scope that is asked for; what belongs to an API is its publisher's to change.
fn shared(documents: &Documents<'_>, asked: &Asked, number: &'static str) -> Result<Scope, Refused> {
    match documents.find_by_key::<Scope>(&asked.tenant, &asked.name)? {
        Some(shared) => Ok(shared),
        None if find(documents, &asked.tenant, &asked.name)?.is_some() => {
            let said = format!("the scope {} belongs to an API, where it is changed", asked.name);
            Err(Refused::Numbered(StatusCode::FORBIDDEN, number, said))
        }
        None => Err(not_found(&asked.name)),
    }
}

/// What the server has of itself cannot be made, changed or deleted.
fn check_own(name: &str, number: &'static str) -> Result<(), Refused> {
    if !is_own_scope(name) {
        return Ok(());
    }
    Err(Refused::Numbered(
        StatusCode::FORBIDDEN,
        number,
        "the server's own scopes are managed by the system".to_owned(),
    ))
}
