//! Subscriptions: which application may call which API.
//! Enforcing them is left to the gateway.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header::LOCATION};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    SubscriptionScopes,
    access::{own_application, roles},
    key_document,
};
use crate::{
    deployment::Deployment,
    domain::{Api, ApiStatus, Application, Subscription, SubscriptionStatus, Viewer, principal},
    events::Event,
    policies,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, ListBody, Page, Path, Query, Refusal, addressed_tenant, page},
};

/// A subscription as sent; what only the platform decides is taken and ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Draft {
    application_id: String,
    #[serde(default)]
    api_id: String,
    throttling_policy: String,
    #[serde(default, rename = "subscriptionId")]
    _subscription_id: Option<Value>,
    #[serde(default)]
    requested_throttling_policy: Option<String>,
    #[serde(default, rename = "status")]
    _status: Option<Value>,
    #[serde(default, rename = "apiInfo")]
    _api_info: Option<Value>,
    #[serde(default, rename = "applicationInfo")]
    _application_info: Option<Value>,
    #[serde(default, rename = "redirectionParams")]
    _redirection_params: Option<Value>,
}

pub(super) async fn create(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Body(draft): Body<Draft>,
) -> Result<Response, Refusal> {
    let deployment = site.config.deployment.clone();
    let (id, body) = site
        .store
        .write(move |documents| {
            let addressed = addressed_tenant(documents, &headers, &caller.tenant)?;
            let who = Subscriber { caller: &caller, addressed: &addressed };
            let created = subscribe(documents, &deployment, &who, draft)?;
            Ok::<_, Refusal>((created.id, shown(documents, &caller.user, &created)?))
        })
        .await?;
    let location = format!("{}/api/am/devportal/v3/subscriptions/{id}", site.management_url);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response())
}

/// All of them, or none when one cannot be.
pub(super) async fn create_several(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    ListBody(drafts): ListBody<Draft>,
) -> Result<Json<Value>, Refusal> {
    let deployment = site.config.deployment.clone();
    site.store
        .write(move |documents| {
            let addressed = addressed_tenant(documents, &headers, &caller.tenant)?;
            let who = Subscriber { caller: &caller, addressed: &addressed };
            let made: Result<Vec<Value>, Refusal> = drafts
                .into_iter()
                .map(|draft| shown(documents, &caller.user, &subscribe(documents, &deployment, &who, draft)?))
                .collect();
            Ok(Json(json!(made?)))
        })
        .await
}

/// Who subscribes, and in which tenant's portal.
struct Subscriber<'a> {
    caller: &'a Caller<SubscriptionScopes>,
    addressed: &'a str,
}

fn subscribe(
    documents: &Documents<'_>,
    deployment: &Deployment,
    who: &Subscriber<'_>,
    draft: Draft,
) -> Result<Subscription, Refusal> {
    let (tenant, user) = (who.caller.tenant.as_str(), who.caller.user.as_str());
    let application = own_application(documents, tenant, user, &draft.application_id)?;
    let api = offered_api(documents, who.addressed, &draft)?;
    check_tenants(deployment, tenant, &api)?;
    let roles = roles(documents, tenant, user)?;
    if !api.is_visible_to(Viewer::User { tenant, roles: &roles }) {
        return Err(Code::NotOwner.into());
    }
    if !policies::is_open(documents, &api.tenant, &draft.throttling_policy, &roles)? {
        return Err(Code::PlanRestricted.into());
    }
    let key = format!("{}\n{}", application.id, api.id);
    if documents.find_by_key::<Subscription>(tenant, &key)?.is_some() {
        let text = format!("Subscription already exists for API {} by Application {}", api.name, application.name);
        return Err(Refusal::generic(StatusCode::CONFLICT, text));
    }
    let created = Subscription {
        id: Uuid::new_v4(),
        tenant: tenant.to_owned(),
        application_id: application.id,
        api_id: api.id,
        throttling_policy: draft.throttling_policy,
        status: SubscriptionStatus::Unblocked,
        api_tenant: (api.tenant != tenant).then(|| api.tenant.clone()),
    };
    documents.put(tenant, &created)?;
    documents.announce(Event::SubscriptionChanged { subscription: Arc::new(created.clone()) });
    Ok(created)
}

/// An API of another tenant must be offered to all of them, and the deployment must let them (TEN-09).
fn check_tenants(deployment: &Deployment, tenant: &str, api: &Api) -> Result<(), Refusal> {
    let named = |member: &str| api.document.get(member).cloned().unwrap_or_default();
    let to_this = match named("subscriptionAvailability").as_str() {
        Some("ALL_TENANTS") => true,
        Some("SPECIFIC_TENANTS") => {
            named("subscriptionAvailableTenants").as_array().is_some_and(|all| all.iter().any(|one| one == tenant))
        }
        _ => false,
    };
    if api.tenant == tenant || deployment.cross_tenant && to_this {
        return Ok(());
    }
    Err(Refusal::generic(StatusCode::FORBIDDEN, format!("Subscriptions from the tenant {tenant} are not allowed")))
}

/// Changes the plan to the one that is asked for, when the API offers it; otherwise the old one stays, and nothing is
/// said of it (SUB-07).
pub(super) async fn update(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(draft): Body<Draft>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .write(move |documents| {
            let mut subscription = own(documents, &caller.tenant, &caller.user, &id)?;
            let named = |sent: &str, own: Uuid| sent.is_empty() || sent == own.to_string();
            if !named(&draft.application_id, subscription.application_id) || !named(&draft.api_id, subscription.api_id)
            {
                return Err(Refusal::bad_request("Application and API of a subscription cannot be changed"));
            }
            let api: Option<Api> = documents.find(subscription.home_of_api(), &subscription.api_id.to_string())?;
            let plan = draft.requested_throttling_policy.filter(|plan| !plan.is_empty());
            let plan = plan.unwrap_or(draft.throttling_policy);
            let roles = roles(documents, &caller.tenant, &caller.user)?;
            let is_open = policies::is_open(documents, subscription.home_of_api(), &plan, &roles)?;
            if is_open && api.is_some_and(|api| api.policies.contains(&plan)) {
                subscription.throttling_policy = plan;
                documents.put(&caller.tenant, &subscription)?;
                documents.announce(Event::SubscriptionChanged { subscription: Arc::new(subscription.clone()) });
            }
            Ok(Json(shown(documents, &caller.user, &subscription)?))
        })
        .await
}

/// An API that developers see and that has the wanted plan.
fn offered_api(documents: &Documents<'_>, tenant: &str, draft: &Draft) -> Result<Api, Refusal> {
    let found: Option<Api> = documents.find(tenant, &draft.api_id)?;
    let api = found.ok_or_else(|| Refusal::not_found("API"))?;
    if !matches!(api.status, ApiStatus::Published | ApiStatus::Prototyped) {
        return Err(Refusal::generic(StatusCode::FORBIDDEN, "Subscriptions are not allowed in the state of the API"));
    }
    if !api.policies.is_empty() && !api.policies.contains(&draft.throttling_policy) {
        return Err(Code::PolicyUnknown.into());
    }
    Ok(api)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search {
    #[serde(default)]
    api_id: Option<String>,
    #[serde(default)]
    application_id: Option<String>,
}

/// Those to APIs of the tenant that is addressed (TEN-08).
pub(super) async fn list(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(search): Query<Search>,
    Query(shown_page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let addressed = addressed_tenant(documents, &headers, &caller.tenant)?;
            if let Some(id) = &search.application_id {
                own_application(documents, &caller.tenant, &caller.user, id)?;
            }
            let applications: Vec<Application> = documents.all(&caller.tenant)?;
            let mine = |id: Uuid| applications.iter().any(|one| one.id == id && one.owner == caller.user);
            let fits = |wanted: &Option<String>, id: Uuid| wanted.as_ref().is_none_or(|text| *text == id.to_string());
            let all: Vec<Subscription> = documents.all(&caller.tenant)?;
            let found = all.iter().filter(|one| {
                mine(one.application_id)
                    && one.home_of_api() == addressed
                    && fits(&search.application_id, one.application_id)
                    && fits(&search.api_id, one.api_id)
            });
            let entries: Result<Vec<Value>, Refusal> = found.map(|one| shown(documents, &caller.user, one)).collect();
            Ok(Json(page(entries?, shown_page)))
        })
        .await
}

pub(super) async fn read(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let subscription = own(documents, &caller.tenant, &caller.user, &id)?;
            Ok(Json(shown(documents, &caller.user, &subscription)?))
        })
        .await
}

pub(super) async fn delete(
    caller: Caller<SubscriptionScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    site.store
        .write(move |documents| {
            let subscription = own(documents, &caller.tenant, &caller.user, &id)?;
            documents.remove::<Subscription>(&caller.tenant, &id)?;
            documents.announce(Event::SubscriptionRemoved { subscription: Arc::new(subscription) });
            Ok(StatusCode::OK)
        })
        .await
}

fn own(documents: &Documents<'_>, tenant: &str, user: &str, id: &str) -> Result<Subscription, Refusal> {
    let found: Option<Subscription> = documents.find(tenant, id)?;
    let subscription = found.ok_or_else(|| Refusal::not_found("subscription"))?;
    own_application(documents, tenant, user, &subscription.application_id.to_string())?;
    Ok(subscription)
}

/// A subscription with what it is between; an API that is gone, or that the user does not see any more, is left out
/// (SUB-09).
fn shown(documents: &Documents<'_>, user: &str, subscription: &Subscription) -> Result<Value, Refusal> {
    let api: Option<Api> = documents.find(subscription.home_of_api(), &subscription.api_id.to_string())?;
    let (tenant, roles) = (subscription.tenant.as_str(), roles(documents, &subscription.tenant, user)?);
    let api = api.filter(|api| api.is_visible_to(Viewer::User { tenant, roles: &roles })).map(|api| {
        json!({
            "id": api.id,
            "name": api.name,
            "context": api.context,
            "version": api.version,
            "provider": principal(&api.provider, &api.tenant),
            "lifeCycleStatus": api.status,
        })
    });
    let application: Option<Application> =
        documents.find(&subscription.tenant, &subscription.application_id.to_string())?;
    Ok(json!({
        "apiInfo": api,
        "applicationInfo": application.map(|one| key_document::application_info(&one)),
        "subscriptionId": subscription.id,
        "applicationId": subscription.application_id,
        "apiId": subscription.api_id,
        "throttlingPolicy": subscription.throttling_policy,
        "requestedThrottlingPolicy": subscription.throttling_policy,
        "status": subscription.status,
    }))
}
