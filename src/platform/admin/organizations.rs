//! Organizations of a tenant as resources.
//! What they are good for is the developer portal's: it shows a key manager to those that may see it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::LOCATION};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{OrganizationManageScopes, OrganizationReadScopes};
use crate::{
    domain::Organization,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, Path, Refusal, listing},
};

/// An organization as sent; what only the platform decides is taken and ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Draft {
    #[serde(default)]
    external_organization_id: String,
    #[serde(default)]
    display_name: String,
    #[serde(default, rename = "organizationId")]
    _organization_id: Option<Value>,
    #[serde(default, rename = "parentOrganizationId")]
    _parent_organization_id: Option<Value>,
    #[serde(default, rename = "description")]
    _description: Option<Value>,
    #[serde(default, rename = "status")]
    _status: Option<Value>,
}

impl Draft {
    fn into_organization(self, id: Uuid) -> Result<Organization, Refusal> {
        for (member, text) in
            [("externalOrganizationId", &self.external_organization_id), ("displayName", &self.display_name)]
        {
            let length = text.trim().chars().count();
            if length == 0 || length > 255 {
                return Err(Refusal::bad_request(format!("{member}: size must be between 1 and 255")));
            }
        }
        Ok(Organization { id, external_id: self.external_organization_id, display_name: self.display_name })
    }
}

pub(super) async fn list(
    caller: Caller<OrganizationReadScopes>,
    State(site): State<Arc<Site>>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let all: Vec<Organization> = documents.all(&caller.tenant)?;
            Ok(Json(listing(all.iter().map(shown).collect())))
        })
        .await
}

pub(super) async fn create(
    caller: Caller<OrganizationManageScopes>,
    State(site): State<Arc<Site>>,
    Body(draft): Body<Draft>,
) -> Result<Response, Refusal> {
    let created = draft.into_organization(Uuid::new_v4())?;
    let location = format!("{}/api/am/admin/v4/organizations/{}", site.management_url, created.id);
    let body = shown(&created);
    site.store.write(move |documents| keep(documents, &caller.tenant, &created)).await?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response())
}

pub(super) async fn read(
    caller: Caller<OrganizationReadScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let found = site.store.read(move |documents| find(documents, &caller.tenant, &id)).await?;
    Ok(Json(shown(&found)))
}

pub(super) async fn update(
    caller: Caller<OrganizationManageScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(draft): Body<Draft>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .write(move |documents| {
            let stored = find(documents, &caller.tenant, &id)?;
            let updated = draft.into_organization(stored.id)?;
            keep(documents, &caller.tenant, &updated)?;
            Ok(Json(shown(&updated)))
        })
        .await
}

pub(super) async fn delete(
    caller: Caller<OrganizationManageScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    site.store
        .write(move |documents| {
            find(documents, &caller.tenant, &id)?;
            documents.remove::<Organization>(&caller.tenant, &id)?;
            Ok(StatusCode::OK)
        })
        .await
}

fn find(documents: &Documents<'_>, tenant: &str, id: &str) -> Result<Organization, Refusal> {
    documents.find(tenant, id)?.ok_or_else(|| Code::OrganizationNotFound.into())
}

fn keep(documents: &Documents<'_>, tenant: &str, organization: &Organization) -> Result<(), Refusal> {
    let same: Option<Organization> = documents.find_by_key(tenant, &organization.external_id)?;
    if same.is_some_and(|same| same.id != organization.id) {
        let text = format!("An organization with the external id {} exists already", organization.external_id);
        return Err(Refusal::generic(StatusCode::CONFLICT, text));
    }
    Ok(documents.put(tenant, organization)?)
}

fn shown(organization: &Organization) -> Value {
    json!({
        "organizationId": organization.id,
        "externalOrganizationId": organization.external_id,
        "displayName": organization.display_name,
        "status": "ACTIVE",
    })
}
