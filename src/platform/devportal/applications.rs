//! Applications as resources.
//! Their keys and subscriptions are resources of their own and go with them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header::LOCATION};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    ApplicationScopes,
    access::{own_application, shared, visible_application},
    api_keys, attempts, key_document,
    keys::{forget_attempts, forget_clients},
};
use crate::{
    deployment::Deployment,
    domain::{Application, ApplicationTokenType, KeyManager, KeyMapping, PolicyLevel, Subscription, Visibility},
    events::Event,
    identity, policies,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, Page, Path, Query, Refusal, addressed_tenant, page, tagged, to_the_end},
};

/// An application as sent: what only the platform decides is taken and ignored, since documents are sent back whole.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Draft {
    name: String,
    throttling_policy: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    token_type: ApplicationTokenType,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "applicationId")]
    _application_id: Option<Value>,
    #[serde(default, rename = "status")]
    _status: Option<Value>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default, rename = "subscriptionCount")]
    _subscription_count: Option<Value>,
    #[serde(default, rename = "keys")]
    _keys: Option<Value>,
    #[serde(default, rename = "subscriptionScopes")]
    _subscription_scopes: Option<Value>,
    #[serde(default, rename = "owner")]
    _owner: Option<Value>,
    #[serde(default, rename = "hashEnabled")]
    _hash_enabled: Option<Value>,
    #[serde(default)]
    visibility: Visibility,
}

impl Draft {
    fn check(&self, documents: &Documents<'_>, tenant: &str) -> Result<(), Refusal> {
        let length = self.name.chars().count();
        if self.name.trim().is_empty() || length > 100 {
            return Err(Refusal::bad_request("name: size must be between 1 and 100"));
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > 512) {
            return Err(Refusal::bad_request("description: size must be between 0 and 512"));
        }
        if !policies::is_known(documents, tenant, PolicyLevel::Application, &self.throttling_policy)? {
            return Err(Code::PolicyUnknown.into());
        }
        Ok(())
    }

    /// Groups are dropped where applications are not shared (APP-07).
    fn into_application(self, deployment: &Deployment, id: Uuid, tenant: String, owner: String) -> Application {
        Application {
            groups: if deployment.application_sharing { self.groups } else { Vec::new() },
            id,
            tenant,
            owner,
            name: self.name,
            throttling_policy: self.throttling_policy,
            description: self.description,
            token_type: self.token_type,
            attributes: self.attributes,
            visibility: self.visibility,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search {
    #[serde(default)]
    query: String,
    #[serde(default)]
    sort_by: String,
    #[serde(default)]
    sort_order: String,
}

impl Search {
    /// By name unless something else is asked for; downwards when that is.
    fn sort(&self, found: &mut [&Application]) {
        let by_policy = self.sort_by == "throttlingPolicy";
        found.sort_by_key(|one| {
            (if by_policy { one.throttling_policy.clone() } else { String::new() }, one.name.clone())
        });
        if self.sort_order.eq_ignore_ascii_case("desc") {
            found.reverse();
        }
    }
}

pub(super) async fn list(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(search): Query<Search>,
    Query(shown): Query<Page>,
) -> Result<Response, Refusal> {
    let deployment = site.config.deployment.clone();
    site.store
        .read(move |documents| {
            let all: Vec<Application> = documents.all(&caller.tenant)?;
            let wanted = search.query.to_lowercase();
            let user = identity::user(documents, &caller.tenant, &caller.user)?;
            let mut mine: Vec<&Application> = Vec::new();
            for one in all.iter().filter(|one| one.name.to_lowercase().contains(&wanted)) {
                if one.owner == caller.user || shared(documents, &deployment, user.as_ref(), one)? {
                    mine.push(one);
                }
            }
            search.sort(&mut mine);
            let entries: Result<Vec<Value>, Refusal> =
                mine.into_iter().map(|one| document(documents, one, &caller.tenant)).collect();
            Ok(tagged(&headers, page(entries?, shown)))
        })
        .await
}

pub(super) async fn create(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Body(draft): Body<Draft>,
) -> Result<Response, Refusal> {
    let deployment = site.config.deployment.clone();
    let created = site
        .store
        .write(move |documents| {
            draft.check(documents, &caller.tenant)?;
            let created = draft.into_application(&deployment, Uuid::new_v4(), caller.tenant, caller.user);
            keep(documents, created.clone())?;
            Ok::<_, Refusal>(created)
        })
        .await?;
    let body = key_document::application(&created, 0);
    let location = format!("{}/api/am/devportal/v3/applications/{}", site.management_url, created.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], tagged(&HeaderMap::new(), body)).into_response())
}

pub(super) async fn read(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let deployment = site.config.deployment.clone();
    site.store
        .read(move |documents| {
            let found = visible_application(documents, &deployment, &caller.tenant, &caller.user, &id)?;
            let addressed = addressed_tenant(documents, &headers, &caller.tenant)?;
            Ok(tagged(&headers, document(documents, &found, &addressed)?))
        })
        .await
}

pub(super) async fn update(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(draft): Body<Draft>,
) -> Result<Json<Value>, Refusal> {
    let deployment = site.config.deployment.clone();
    site.store
        .write(move |documents| {
            let stored = own_application(documents, &caller.tenant, &caller.user, &id)?;
            draft.check(documents, &caller.tenant)?;
            let updated = draft.into_application(&deployment, stored.id, stored.tenant, stored.owner);
            let body = document(documents, &updated, &caller.tenant)?;
            keep(documents, updated)?;
            Ok(Json(body))
        })
        .await
}

/// Clients that the platform registered are deleted first, each with its key. While a key manager fails to do that the
/// application stays, so that the deletion can be tried again and no client is left that nobody can find (DEF-160).
pub(super) async fn delete(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (tenant, user, named) = (caller.tenant.clone(), caller.user, id.clone());
    let (application, keys, attempted): (Application, Vec<KeyMapping>, Vec<KeyManager>) = site
        .store
        .read(move |documents| {
            let application = own_application(documents, &tenant, &user, &named)?;
            let attempted = attempts::places(documents, &tenant, &named)?;
            Ok::<_, Refusal>((application, documents.children(&named)?, attempted))
        })
        .await?;
    to_the_end(async move {
        forget_clients(&site, &caller.tenant, keys).await?;
        forget_attempts(&site, &caller.tenant, &application, &attempted).await?;
        site.store.write(move |documents| remove(documents, &caller.tenant, &id)).await?;
        Ok(StatusCode::OK)
    })
    .await
}

/// The application with its subscriptions; not while it has keys, which may have come in the meantime.
fn remove(documents: &Documents<'_>, tenant: &str, id: &str) -> Result<(), Refusal> {
    let found: Option<Application> = documents.find(tenant, id)?;
    let application = found.ok_or_else(|| Refusal::not_found("application"))?;
    if let [_, ..] = documents.children::<KeyMapping>(id)?.as_slice() {
        return Err(
            Refusal::from(Code::KeyDeleteFailed).because("Keys were generated while the application was deleted")
        );
    }
    for subscription in documents.children::<Subscription>(id)? {
        documents.remove::<Subscription>(tenant, &subscription.id.to_string())?;
        documents.announce(Event::SubscriptionRemoved { subscription: Arc::new(subscription) });
    }
    api_keys::remove_all(documents, &application)?;
    documents.remove::<Application>(tenant, id)?;
    documents.announce(Event::ApplicationRemoved { tenant: tenant.to_owned(), id: application.id });
    Ok(())
}

fn keep(documents: &Documents<'_>, application: Application) -> Result<(), Refusal> {
    let key = format!("{}\n{}", application.owner, application.name);
    let same: Option<Application> = documents.find_by_key(&application.tenant, &key)?;
    if same.is_some_and(|same| same.id != application.id) {
        let text = format!("An application already exists with name {}", application.name);
        return Err(Refusal::generic(StatusCode::CONFLICT, text));
    }
    documents.put(&application.tenant, &application)?;
    documents.announce(Event::ApplicationChanged { application: Arc::new(application) });
    Ok(())
}

/// The application with its subscriptions to APIs of the tenant that is addressed (TEN-08).
fn document(documents: &Documents<'_>, application: &Application, addressed: &str) -> Result<Value, Refusal> {
    let subscriptions: Vec<Subscription> = documents.children(&application.id.to_string())?;
    let there = subscriptions.iter().filter(|one| one.home_of_api() == addressed).count();
    Ok(key_document::application(application, there))
}
