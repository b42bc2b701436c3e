//! APIs as developers see them: what is published, and the plans on offer.
//! Describing them in full is the publisher plane's.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{SubscriptionScopes, access::roles};
use crate::{
    domain::{Api, ApiStatus, SUPER_TENANT, Viewer, principal},
    policies::{self, SUBSCRIPTIONLESS},
    site::Site,
    store::Documents,
    wire::{Code, Page, Path, Query, Refusal, Visitor, addressed_tenant, page},
};

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    query: String,
}

pub(super) async fn list(
    visitor: Visitor<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(search): Query<Search>,
    Query(shown_page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let looking = Looking::of(documents, &visitor)?;
            let tenant = addressed_tenant(documents, &headers, looking.home)?;
            let wanted = search.query.trim_start_matches("name:").to_lowercase();
            let all: Vec<Api> = documents.all(&tenant)?;
            let found = all.iter().filter(|api| {
                is_offered(api) && api.is_visible_to(looking.viewer()) && api.name.to_lowercase().contains(&wanted)
            });
            let entries: Result<Vec<Value>, Refusal> = found.map(|api| entry(documents, api, &looking.roles)).collect();
            Ok(Json(page(entries?, shown_page)))
        })
        .await
}

pub(super) async fn read(
    visitor: Visitor<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let looking = Looking::of(documents, &visitor)?;
            let tenant = addressed_tenant(documents, &headers, looking.home)?;
            let found: Option<Api> = documents.find(&tenant, &id)?;
            let api = found.filter(is_offered).ok_or_else(|| Refusal::not_found("API"))?;
            if !api.is_visible_to(looking.viewer()) {
                return Err(Code::NotOwner.into());
            }
            Ok(Json(entry(documents, &api, &looking.roles)?))
        })
        .await
}

/// Who looks: at home in a tenant, with the roles there. Who has not signed in looks at the portal of the super tenant,
/// unless another one is addressed.
struct Looking<'a> {
    home: &'a str,
    signed_in: bool,
    roles: Vec<String>,
}

impl<'a> Looking<'a> {
    fn of(documents: &Documents<'_>, visitor: &'a Visitor<SubscriptionScopes>) -> Result<Self, Refusal> {
        Ok(match &visitor.0 {
            None => Self { home: SUPER_TENANT, signed_in: false, roles: Vec::new() },
            Some(caller) => {
                let roles = roles(documents, &caller.tenant, &caller.user)?;
                Self { home: &caller.tenant, signed_in: true, roles }
            }
        })
    }

    fn viewer(&self) -> Viewer<'_> {
        if self.signed_in { Viewer::User { tenant: self.home, roles: &self.roles } } else { Viewer::Anonymous }
    }
}

fn is_offered(api: &Api) -> bool {
    matches!(api.status, ApiStatus::Published | ApiStatus::Prototyped | ApiStatus::Blocked)
}

/// The API with the plans that somebody with these roles may choose (TEN-11).
fn entry(documents: &Documents<'_>, api: &Api, roles: &[String]) -> Result<Value, Refusal> {
    let mut plans = Vec::new();
    for plan in &api.policies {
        if policies::is_open(documents, &api.tenant, plan, roles)? {
            plans.push(plan.as_str());
        }
    }
    if api.policies.is_empty() {
        plans.push(SUBSCRIPTIONLESS);
    }
    let tiers: Vec<Value> = plans.iter().map(|plan| json!({"tierName": plan, "tierPlan": "FREE"})).collect();
    Ok(json!({
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
    }))
}
