//! What a gateway needs to know who may call what: APIs, applications, subscriptions and scopes of a tenant, in the shapes of
//! the internal interface (contract sheet, 5.2). There, things have numbers beside their UUIDs.
//! Key managers and keys are left to the parent.

use std::{collections::HashSet, sync::Arc};

use axum::{Json, extract::State};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{asked, check_tenant};
use crate::{
    domain::{Api, Application, Operation, Scope, Subscription, principal},
    site::Site,
    store::{Documents, StoreError},
    wire::{Query, Refusal, listing},
};

/// The number of a document of that kind.
fn number<D: crate::store::Document>(documents: &Documents<'_>, id: Uuid) -> Result<Option<i64>, StoreError> {
    documents.number::<D>(&id.to_string())
}

/// Subscriptions to the tenant's APIs, by whichever tenant's applications.
fn subscriptions_of(documents: &Documents<'_>, tenant: &str) -> Result<Vec<Subscription>, StoreError> {
    let all = documents.everywhere::<Subscription>()?.into_iter().map(|(_, one)| one);
    Ok(all.filter(|one| one.home_of_api() == tenant).collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Applications {
    #[serde(default)]
    app_id: Option<i64>,
}

/// The tenant's applications, and those of others that may call its APIs.
pub(super) async fn applications(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(wanted): Query<Applications>,
) -> Result<Json<Value>, Refusal> {
    let tenant = asked(&site, &headers).await?;
    site.store
        .read(move |documents| {
            check_tenant(documents, &tenant)?;
            let guests: HashSet<Uuid> =
                subscriptions_of(documents, &tenant)?.into_iter().map(|one| one.application_id).collect();
            let mut found = Vec::new();
            for (_, one) in documents.everywhere::<Application>()? {
                let id = number::<Application>(documents, one.id)?;
                if (one.tenant == tenant || guests.contains(&one.id)) && fits(wanted.app_id, id) {
                    found.push(application(&one, id));
                }
            }
            Ok(Json(listing(found)))
        })
        .await
}

fn fits(wanted: Option<i64>, own: Option<i64>) -> bool {
    wanted.is_none_or(|wanted| own == Some(wanted))
}

fn application(one: &Application, id: Option<i64>) -> Value {
    let groups: Vec<Value> = one.groups.iter().map(|group| json!({"groupId": group, "applicationId": id})).collect();
    json!({
        "uuid": one.id,
        "id": id,
        "name": one.name,
        "subName": principal(&one.owner, &one.tenant),
        "policy": one.throttling_policy,
        "tokenType": one.token_type,
        "groupIds": groups,
        "attributes": one.attributes,
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscriptions {
    #[serde(default)]
    api_id: Option<i64>,
    #[serde(default)]
    app_id: Option<i64>,
}

pub(super) async fn subscriptions(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(wanted): Query<Subscriptions>,
) -> Result<Json<Value>, Refusal> {
    let tenant = asked(&site, &headers).await?;
    site.store
        .read(move |documents| {
            check_tenant(documents, &tenant)?;
            let mut found = Vec::new();
            for one in subscriptions_of(documents, &tenant)? {
                let api = number::<Api>(documents, one.api_id)?;
                let application = number::<Application>(documents, one.application_id)?;
                if fits(wanted.api_id, api) && fits(wanted.app_id, application) {
                    found.push(json!({
                        "subscriptionId": number::<Subscription>(documents, one.id)?,
                        "policyId": one.throttling_policy,
                        "apiId": api,
                        "appId": application,
                        "subscriptionState": one.status,
                    }));
                }
            }
            Ok(Json(listing(found)))
        })
        .await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Apis {
    #[serde(default)]
    api_id: Option<String>,
    #[serde(default)]
    context: Option<String>,
    #[serde(default)]
    version: Option<String>,
}

pub(super) async fn apis(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(wanted): Query<Apis>,
) -> Result<Json<Value>, Refusal> {
    let tenant = asked(&site, &headers).await?;
    site.store
        .read(move |documents| {
            check_tenant(documents, &tenant)?;
            let is = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|text| text == own);
            let mut found = Vec::new();
            for one in documents.all::<Api>(&tenant)? {
                let fits = is(&wanted.api_id, &one.id.to_string())
                    && is(&wanted.context, &whole_context(&one))
                    && is(&wanted.version, &one.version);
                if fits {
                    found.push(api(&one, number::<Api>(documents, one.id)?));
                }
            }
            Ok(Json(listing(found)))
        })
        .await
}

/// As clients call it: with the version.
fn whole_context(api: &Api) -> String {
    format!("{}/{}", api.context, api.version)
}

fn api(one: &Api, id: Option<i64>) -> Value {
    let mapping = |operation: &Operation| {
        json!({
            "authScheme": operation.auth_type,
            "httpMethod": operation.verb,
            "urlPattern": operation.target,
            "scopes": operation.scopes,
        })
    };
    json!({
        "uuid": one.id,
        "apiId": id,
        "provider": principal(&one.provider, &one.tenant),
        "name": one.name,
        "version": one.version,
        "context": whole_context(one),
        "policy": one.document.get("apiThrottlingPolicy"),
        "apiType": one.document.get("type").cloned().unwrap_or_else(|| json!("HTTP")),
        "status": one.status,
        "isDefaultVersion": one.document.get("isDefaultVersion").and_then(Value::as_bool).unwrap_or(false),
        "urlMappings": one.operations.iter().map(mapping).collect::<Vec<_>>(),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scopes {
    #[serde(default)]
    scope_key: Option<String>,
}

/// The tenant's shared scopes, and those of its APIs.
pub(super) async fn scopes(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(wanted): Query<Scopes>,
) -> Result<Json<Value>, Refusal> {
    let tenant = asked(&site, &headers).await?;
    site.store
        .read(move |documents| {
            check_tenant(documents, &tenant)?;
            let mut all: Vec<Scope> = documents.all(&tenant)?;
            for api in documents.all::<Api>(&tenant)? {
                all.extend(api.scopes.into_iter().filter(|own| !own.shared).map(|own| own.scope));
            }
            let mut seen = HashSet::new();
            all.retain(|one| {
                wanted.scope_key.as_ref().is_none_or(|key| *key == one.name) && seen.insert(one.name.clone())
            });
            let told = |one: &Scope| {
                json!({
                    "name": one.name,
                    "displayName": one.display_name.as_ref().unwrap_or(&one.name),
                    "description": one.description,
                    "roles": one.bindings,
                })
            };
            Ok(Json(listing(all.iter().map(told).collect())))
        })
        .await
}
