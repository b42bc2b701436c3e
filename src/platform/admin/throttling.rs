//! Throttling policies that an administrator makes: kept and offered by name, but nothing is throttled.
//! Where a policy may be named is decided by `policies`.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::LOCATION};
use kmspec_mocks::objects;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{PolicyManageScopes, PolicyViewScopes};
use crate::{
    domain::{Api, Application, Permissions, PolicyLevel, Subscription, ThrottlingPolicy},
    identity::role_exists,
    policies,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, Path, Refusal, listing},
};

/// Room for a name.
const NAME: usize = 60;

pub(super) async fn list(
    caller: Caller<PolicyViewScopes>,
    State(site): State<Arc<Site>>,
    Path(level): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let level = policies::level(&level)?;
    site.store
        .read(move |documents| {
            let made: Vec<ThrottlingPolicy> = documents.all(&caller.tenant)?;
            let made = made.iter().filter(|one| one.level == level).map(shown);
            let usual = policies::usual(level).iter().map(|name| usual(&caller.tenant, level, name));
            Ok(Json(listing(usual.chain(made).collect())))
        })
        .await
}

pub(super) async fn create(
    caller: Caller<PolicyManageScopes>,
    State(site): State<Arc<Site>>,
    Path(level): Path<String>,
    Body(sent): Body<Map<String, Value>>,
) -> Result<Response, Refusal> {
    let level = policies::level(&level)?;
    let created = site
        .store
        .write(move |documents| {
            let created = admit(documents, &caller.tenant, level, sent, Uuid::new_v4())?;
            if policies::is_known(documents, &caller.tenant, level, &created.name)? {
                let text = format!("A policy already exists with name {}", created.name);
                return Err(Refusal::generic(StatusCode::CONFLICT, text));
            }
            documents.put(&caller.tenant, &created)?;
            Ok(created)
        })
        .await?;
    let place = format!("{}/api/am/admin/v4/throttling/policies/{}", site.management_url, level.word());
    let location = format!("{place}/{}", created.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(shown(&created))).into_response())
}

pub(super) async fn read(
    caller: Caller<PolicyViewScopes>,
    State(site): State<Arc<Site>>,
    Path((level, id)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let level = policies::level(&level)?;
    site.store
        .read(move |documents| {
            let usual = policies::usual(level).iter().map(|name| usual(&caller.tenant, level, name));
            if let Some(found) = usual.into_iter().find(|one| one["policyId"] == *id) {
                return Ok(Json(found));
            }
            Ok(Json(shown(&find(documents, &caller.tenant, level, &id)?)))
        })
        .await
}

pub(super) async fn update(
    caller: Caller<PolicyManageScopes>,
    State(site): State<Arc<Site>>,
    Path((level, id)): Path<(String, String)>,
    Body(sent): Body<Map<String, Value>>,
) -> Result<Json<Value>, Refusal> {
    let level = policies::level(&level)?;
    site.store
        .write(move |documents| {
            let stored = find(documents, &caller.tenant, level, &id)?;
            let updated = admit(documents, &caller.tenant, level, sent, stored.id)?;
            if updated.name != stored.name {
                return Err(Refusal::bad_request("policyName: cannot be changed"));
            }
            documents.put(&caller.tenant, &updated)?;
            Ok(Json(shown(&updated)))
        })
        .await
}

/// Not while something names it.
pub(super) async fn delete(
    caller: Caller<PolicyManageScopes>,
    State(site): State<Arc<Site>>,
    Path((level, id)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let level = policies::level(&level)?;
    site.store
        .write(move |documents| {
            let stored = find(documents, &caller.tenant, level, &id)?;
            if is_named(documents, &caller.tenant, &stored)? {
                let text = format!("The policy {} is in use", stored.name);
                return Err(Refusal::generic(StatusCode::FORBIDDEN, text));
            }
            documents.remove::<ThrottlingPolicy>(&caller.tenant, &id)?;
            Ok(StatusCode::OK)
        })
        .await
}

fn find(documents: &Documents<'_>, tenant: &str, level: PolicyLevel, id: &str) -> Result<ThrottlingPolicy, Refusal> {
    let found: Option<ThrottlingPolicy> = documents.find(tenant, id)?;
    found.filter(|one| one.level == level).ok_or_else(|| Refusal::not_found("policy"))
}

fn admit(
    documents: &Documents<'_>,
    tenant: &str,
    level: PolicyLevel,
    document: Map<String, Value>,
    id: Uuid,
) -> Result<ThrottlingPolicy, Refusal> {
    let name = document.get("policyName").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME {
        return Err(Refusal::bad_request(format!("policyName: size must be between 1 and {NAME}")));
    }
    let permissions = document.get("permissions").cloned().map(objects::from_value::<Permissions>).transpose();
    let permissions = permissions
        .map_err(|_| Refusal::bad_request("One or more request body parameters contain disallowed values."))?
        .unwrap_or_default();
    for role in &permissions.roles {
        if !role_exists(documents, tenant, role)? {
            return Err(Refusal::from(Code::RoleNotFound).because(format!("Role {role} does not exist")));
        }
    }
    Ok(ThrottlingPolicy { id, level, name, permissions, document })
}

/// Whether an application, a subscription or an API names the policy.
fn is_named(documents: &Documents<'_>, tenant: &str, policy: &ThrottlingPolicy) -> Result<bool, Refusal> {
    let name = &policy.name;
    Ok(match policy.level {
        PolicyLevel::Application => {
            documents.all::<Application>(tenant)?.iter().any(|one| one.throttling_policy == *name)
        }
        PolicyLevel::Subscription => {
            let subscriptions: Vec<(String, Subscription)> = documents.everywhere()?;
            let names = |one: &Subscription| one.home_of_api() == tenant && one.throttling_policy == *name;
            documents.all::<Api>(tenant)?.iter().any(|api| api.policies.contains(name))
                || subscriptions.iter().any(|(_, one)| names(one))
        }
    })
}

/// The document as it was sent, with what the platform decided over it.
fn shown(policy: &ThrottlingPolicy) -> Value {
    let mut document = policy.document.clone();
    document.insert("policyId".to_owned(), json!(policy.id));
    document.insert("policyName".to_owned(), json!(policy.name));
    document.entry("displayName").or_insert_with(|| json!(policy.name));
    document.insert("isDeployed".to_owned(), json!(true));
    Value::Object(document)
}

/// One that every tenant has: its id follows from its tenant, level and name.
fn usual(tenant: &str, level: PolicyLevel, name: &str) -> Value {
    let hash = digest(&SHA256, format!("{tenant}\n{}\n{name}", level.word()).as_bytes());
    let bytes = <[u8; 16]>::try_from(&hash.as_ref()[..16]).expect("a SHA-256 has 32 bytes");
    json!({
        "policyId": uuid::Builder::from_random_bytes(bytes).into_uuid(),
        "policyName": name,
        "displayName": name,
        "description": format!("The policy {name}; nothing is throttled"),
        "isDeployed": true,
    })
}
