//! The life cycle of an API.
//! Whether calls pass in a state is left to the gateway, which is told of it at once.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PublishScopes, ViewScopes, apis::find};
use crate::{
    domain::{Api, ApiStatus, Revision},
    events::Event,
    site::Site,
    store::Documents,
    wire::{Caller, Path, Query, Refusal},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    api_id: String,
    action: String,
}

pub(super) async fn change(
    caller: Caller<PublishScopes>,
    State(site): State<Arc<Site>>,
    Query(change): Query<Change>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .write(move |documents| {
            let mut api = find(documents, &caller.tenant, &change.api_id)?;
            api.status = after(&change.action, api.status).ok_or_else(|| {
                Refusal::bad_request(format!("The action {} is not allowed in the state of the API", change.action))
            })?;
            documents.put(&caller.tenant, &api)?;
            tell_gateway(documents, &caller.tenant, &api)?;
            Ok(Json(json!({"workflowStatus": "APPROVED", "lifecycleState": {"state": word(api.status)}})))
        })
        .await
}

/// What is deployed stays as it was but for its state; a retired API is served no more.
fn tell_gateway(documents: &Documents<'_>, tenant: &str, api: &Api) -> Result<(), Refusal> {
    let revisions: Vec<Revision> = documents.children(&api.id.to_string())?;
    for mut revision in revisions.into_iter().filter(|one| !one.deployments.is_empty()) {
        revision.api.status = api.status;
        if api.status == ApiStatus::Retired {
            revision.deployments.clear();
        }
        documents.put(tenant, &revision)?;
        let tenant = tenant.to_owned();
        documents.announce(match api.status {
            ApiStatus::Retired => Event::ApiUndeployed { tenant, api_id: api.id },
            _ => Event::ApiDeployed { tenant, revision: Arc::new(revision) },
        });
    }
    Ok(())
}

pub(super) async fn state(
    caller: Caller<ViewScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let api = site.store.read(move |documents| find(documents, &caller.tenant, &id)).await?;
    Ok(Json(json!({"state": word(api.status)})))
}

/// The state after an action; `None` when the action is unknown or not allowed.
fn after(action: &str, now: ApiStatus) -> Option<ApiStatus> {
    use ApiStatus::{Blocked, Created, Deprecated, Prototyped, Published, Retired};
    match (action, now) {
        ("Publish", Created | Prototyped | Published) | ("Re-Publish", Blocked) => Some(Published),
        ("Deploy as a Prototype", Created | Published | Prototyped) => Some(Prototyped),
        ("Demote to Created", Prototyped | Published) => Some(Created),
        ("Block", Published) => Some(Blocked),
        ("Deprecate", Published | Blocked) => Some(Deprecated),
        ("Retire", Deprecated) => Some(Retired),
        _ => None,
    }
}

/// The state as the life cycle resource writes it, capitalised.
fn word(status: ApiStatus) -> &'static str {
    match status {
        ApiStatus::Created => "Created",
        ApiStatus::Prototyped => "Prototyped",
        ApiStatus::Published => "Published",
        ApiStatus::Blocked => "Blocked",
        ApiStatus::Deprecated => "Deprecated",
        ApiStatus::Retired => "Retired",
    }
}
