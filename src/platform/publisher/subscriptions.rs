//! Subscriptions as the publisher of an API sees them: who calls it, who may not, and on which plan.
//! Making and ending them is the developer portal's.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{SubscriptionManageScopes, SubscriptionViewScopes, apis};
use crate::{
    domain::{Api, Application, Subscription, SubscriptionStatus, principal},
    events::Event,
    site::Site,
    store::Documents,
    wire::{Caller, Code, Page, Query, Refusal, page},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search {
    #[serde(default)]
    api_id: String,
}

pub(super) async fn list(
    caller: Caller<SubscriptionViewScopes>,
    State(site): State<Arc<Site>>,
    Query(search): Query<Search>,
    Query(shown_page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            if !search.api_id.is_empty() {
                apis::find(documents, &caller.tenant, &search.api_id)?;
            }
            let all = to_apis_of(documents, &caller.tenant)?;
            let wanted = all.iter().filter(|one| search.api_id.is_empty() || one.api_id.to_string() == search.api_id);
            let entries: Result<Vec<Value>, Refusal> = wanted.map(|one| shown(documents, one)).collect();
            Ok(Json(page(entries?, shown_page)))
        })
        .await
}

/// The subscriptions to APIs of a tenant, of whichever tenant's applications.
pub(super) fn to_apis_of(documents: &Documents<'_>, tenant: &str) -> Result<Vec<Subscription>, Refusal> {
    let mut all: Vec<Subscription> = documents.all(tenant)?;
    all.retain(|one| one.home_of_api() == tenant);
    let foreign: Vec<(String, Subscription)> = documents.everywhere_with("api_tenant", tenant)?;
    all.extend(foreign.into_iter().map(|(_, one)| one));
    Ok(all)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chosen {
    #[serde(default)]
    subscription_id: String,
    #[serde(default)]
    block_state: Option<String>,
    #[serde(default)]
    business_plan: String,
}

pub(super) async fn block(
    caller: Caller<SubscriptionManageScopes>,
    State(site): State<Arc<Site>>,
    Query(chosen): Query<Chosen>,
) -> Result<Json<Value>, Refusal> {
    let status = match chosen.block_state.as_deref() {
        Some("BLOCKED") => SubscriptionStatus::Blocked,
        Some("PROD_ONLY_BLOCKED") => SubscriptionStatus::ProdOnlyBlocked,
        _ => return Err(Refusal::bad_request("blockState is either BLOCKED or PROD_ONLY_BLOCKED")),
    };
    change(caller, site, chosen.subscription_id, move |_, subscription| {
        subscription.status = status;
        Ok(())
    })
    .await
}

pub(super) async fn unblock(
    caller: Caller<SubscriptionManageScopes>,
    State(site): State<Arc<Site>>,
    Query(chosen): Query<Chosen>,
) -> Result<Json<Value>, Refusal> {
    change(caller, site, chosen.subscription_id, |_, subscription| {
        subscription.status = SubscriptionStatus::Unblocked;
        Ok(())
    })
    .await
}

/// The plan must be one that the API offers (SUB-04).
pub(super) async fn change_plan(
    caller: Caller<SubscriptionManageScopes>,
    State(site): State<Arc<Site>>,
    Query(chosen): Query<Chosen>,
) -> Result<Json<Value>, Refusal> {
    let plan = chosen.business_plan;
    change(caller, site, chosen.subscription_id, move |api, subscription| {
        if !api.policies.contains(&plan) {
            return Err(Code::PolicyUnknown.into());
        }
        subscription.throttling_policy = plan;
        Ok(())
    })
    .await
}

async fn change(
    caller: Caller<SubscriptionManageScopes>,
    site: Arc<Site>,
    id: String,
    work: impl FnOnce(&Api, &mut Subscription) -> Result<(), Refusal> + Send + 'static,
) -> Result<Json<Value>, Refusal> {
    if id.trim().is_empty() {
        return Err(Refusal::bad_request("subscriptionId: must not be blank"));
    }
    site.store
        .write(move |documents| {
            let found: Option<Subscription> = documents.find_anywhere(&id)?;
            let here = found.filter(|one| one.home_of_api() == caller.tenant);
            let mut subscription = here.ok_or_else(|| Refusal::not_found("subscription"))?;
            let api = apis::find(documents, &caller.tenant, &subscription.api_id.to_string())?;
            work(&api, &mut subscription)?;
            documents.put(&subscription.tenant.clone(), &subscription)?;
            documents.announce(Event::SubscriptionChanged { subscription: Arc::new(subscription.clone()) });
            Ok(Json(shown(documents, &subscription)?))
        })
        .await
}

fn shown(documents: &Documents<'_>, subscription: &Subscription) -> Result<Value, Refusal> {
    let application: Option<Application> =
        documents.find(&subscription.tenant, &subscription.application_id.to_string())?;
    let info = application.map(
        |one| json!({"applicationId": one.id, "name": one.name, "subscriber": principal(&one.owner, &one.tenant)}),
    );
    Ok(json!({
        "subscriptionId": subscription.id,
        "applicationInfo": info,
        "apiId": subscription.api_id,
        "throttlingPolicy": subscription.throttling_policy,
        "subscriptionStatus": subscription.status,
    }))
}
