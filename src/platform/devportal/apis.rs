//! APIs as developers see them: what is published, and the plans on offer.
//! Describing them in full is the publisher plane's.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::SubscriptionScopes;
use crate::{
    domain::{Api, ApiStatus, principal},
    policies::SUBSCRIPTIONLESS,
    site::Site,
    wire::{Caller, Page, Path, Query, Refusal, addressed_tenant, page},
};

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    query: String,
}

pub(super) async fn list(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(search): Query<Search>,
    Query(shown_page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let tenant = addressed_tenant(documents, &headers, &caller.tenant)?;
            let wanted = search.query.trim_start_matches("name:").to_lowercase();
            let all: Vec<Api> = documents.all(&tenant)?;
            let found = all.iter().filter(|api| is_offered(api) && api.name.to_lowercase().contains(&wanted));
            Ok(Json(page(found.map(entry).collect(), shown_page)))
        })
        .await
}

pub(super) async fn read(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let tenant = addressed_tenant(documents, &headers, &caller.tenant)?;
            let found: Option<Api> = documents.find(&tenant, &id)?;
            let api = found.filter(is_offered).ok_or_else(|| Refusal::not_found("API"))?;
            Ok(Json(entry(&api)))
        })
        .await
}

fn is_offered(api: &Api) -> bool {
    matches!(api.status, ApiStatus::Published | ApiStatus::Prototyped | ApiStatus::Blocked)
}

fn entry(api: &Api) -> Value {
    let none = [SUBSCRIPTIONLESS.to_owned()];
    let plans = if api.policies.is_empty() { &none[..] } else { &api.policies[..] };
    let tiers: Vec<Value> = plans.iter().map(|plan| json!({"tierName": plan, "tierPlan": "FREE"})).collect();
    json!({
        "id": api.id,
        "name": api.name,
        "context": api.context,
        "version": api.version,
        "provider": principal(&api.provider, &api.tenant),
        "lifeCycleStatus": api.status,
        "securityScheme": api.security_scheme,
        "keyManagers": api.key_managers,
        "throttlingPolicies": plans,
        "tiers": tiers,
        "scopes": api.scopes.iter().map(|own| &own.scope).collect::<Vec<_>>(),
    })
}
