//! Revisions: an API as it was at one moment, and where it is deployed.
//! Routing calls to it is left to the gateway.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ChangeScopes, ViewScopes, apis::find};
use crate::{
    domain::{Api, Deployment, Revision},
    events::Event,
    site::Site,
    store::Documents,
    wire::{Body, Caller, ListBody, Path, Query, Refusal, listing},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    #[serde(default)]
    description: Option<String>,
}

pub(super) async fn create(
    caller: Caller<ChangeScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(draft): Body<Draft>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    if draft.description.as_ref().is_some_and(|text| text.chars().count() > 255) {
        return Err(Refusal::bad_request("description: size must be between 0 and 255"));
    }
    site.store
        .write(move |documents| {
            let api: Api = find(documents, &caller.tenant, &id)?;
            let earlier: Vec<Revision> = documents.children(&id)?;
            let number = earlier.iter().map(|one| one.number).max().unwrap_or(0) + 1;
            let description = draft.description;
            let revision = Revision { id: Uuid::new_v4(), number, description, api, deployments: vec![] };
            documents.put(&caller.tenant, &revision)?;
            Ok((StatusCode::CREATED, Json(shown(&revision))))
        })
        .await
}

pub(super) async fn list(
    caller: Caller<ViewScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Query(search): Query<Search>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            find(documents, &caller.tenant, &id)?;
            let all: Vec<Revision> = documents.children(&id)?;
            let deployed_only = search.query.as_deref() == Some("deployed:true");
            let wanted = all.iter().filter(|one| !deployed_only || !one.deployments.is_empty());
            Ok(Json(listing(wanted.map(shown).collect())))
        })
        .await
}

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    query: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chosen {
    revision_id: String,
}

/// Deploys a revision in the place of the one that was deployed before.
pub(super) async fn deploy(
    caller: Caller<ChangeScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Query(chosen): Query<Chosen>,
    ListBody(places): ListBody<Deployment>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    if places.is_empty() || places.iter().any(|place| place.name.trim().is_empty()) {
        return Err(Refusal::bad_request("A deployment needs the name of a gateway environment"));
    }
    let known = &site.config.deployment;
    if let Some(place) = places.iter().find(|place| !known.has_environment(&place.name)) {
        return Err(Refusal::bad_request(format!("There is no gateway environment {}", place.name)));
    }
    site.store
        .write(move |documents| {
            let mut revision = find_revision(documents, &caller.tenant, &id, &chosen.revision_id)?;
            take_down(documents, &caller.tenant, &id)?;
            revision.deployments = places;
            documents.put(&caller.tenant, &revision)?;
            let body = json!(revision.deployments);
            documents.announce(Event::ApiDeployed { tenant: caller.tenant, revision: Arc::new(revision) });
            Ok((StatusCode::CREATED, Json(body)))
        })
        .await
}

pub(super) async fn undeploy(
    caller: Caller<ChangeScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    site.store
        .write(move |documents| {
            let mut revision = find_revision(documents, &caller.tenant, &id, &chosen.revision_id)?;
            if !revision.deployments.is_empty() {
                revision.deployments.clear();
                documents.put(&caller.tenant, &revision)?;
                documents.announce(Event::ApiUndeployed { tenant: caller.tenant, api_id: revision.api.id });
            }
            Ok((StatusCode::CREATED, Json(json!([]))))
        })
        .await
}

fn find_revision(documents: &Documents<'_>, tenant: &str, api: &str, id: &str) -> Result<Revision, Refusal> {
    find(documents, tenant, api)?;
    let found: Option<Revision> = documents.find(tenant, id)?;
    found.filter(|revision| revision.api.id.to_string() == api).ok_or_else(|| Refusal::not_found("revision"))
}

fn take_down(documents: &Documents<'_>, tenant: &str, api: &str) -> Result<(), Refusal> {
    for mut revision in documents.children::<Revision>(api)? {
        if !revision.deployments.is_empty() {
            revision.deployments.clear();
            documents.put(tenant, &revision)?;
        }
    }
    Ok(())
}

fn shown(revision: &Revision) -> Value {
    json!({
        "id": revision.id,
        "displayName": format!("Revision {}", revision.number),
        "description": revision.description,
        "apiInfo": {"id": revision.api.id},
        "deploymentInfo": revision.deployments,
    })
}
