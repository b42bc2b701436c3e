//! Who uses a key manager: APIs that name it, applications with keys of it.
//! What follows from being used is left to `key_managers`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{KeyManagerScopes, key_managers::find};
use crate::{
    domain::{Api, Application, KeyManager, KeyMapping, Revision, principal},
    site::Site,
    store::Documents,
    wire::{Caller, Page, Path, Query, Refusal, page},
};

/// The APIs that name the key manager, as they are or as they are deployed.
pub(super) fn apis(documents: &Documents<'_>, tenant: &str, used: &KeyManager) -> Result<Vec<Api>, Refusal> {
    let revisions: Vec<Revision> = documents.all(tenant)?;
    let deployed = revisions.into_iter().filter(|revision| !revision.deployments.is_empty());
    let mut naming: Vec<Api> = documents.all(tenant)?;
    naming.extend(deployed.map(|revision| revision.api));
    naming.retain(|api| api.key_managers.contains(&used.name));
    naming.sort_by_key(|api| api.id);
    naming.dedup_by_key(|api| api.id);
    Ok(naming)
}

/// The applications that have keys of the key manager, of whichever tenant.
pub(super) fn applications(documents: &Documents<'_>, used: &KeyManager) -> Result<Vec<Application>, Refusal> {
    let of_this: Vec<(String, KeyMapping)> = documents.everywhere_with("key_manager_id", &used.id.to_string())?;
    let mut with_keys = Vec::<Application>::new();
    for (tenant, mapping) in of_this {
        let application: Option<Application> = documents.find(&tenant, &mapping.application_id.to_string())?;
        with_keys.extend(application.filter(|one| with_keys.iter().all(|known| known.id != one.id)));
    }
    Ok(with_keys)
}

pub(super) async fn list_apis(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let used = find(documents, &caller.tenant, &id)?;
            let entry = |api: &Api| {
                let provider = principal(&api.provider, &api.tenant);
                json!({"id": api.id, "name": api.name, "context": api.context, "version": api.version, "provider": provider})
            };
            let entries = apis(documents, &caller.tenant, &used)?.iter().map(entry).collect();
            Ok(Json(page(entries, shown)))
        })
        .await
}

pub(super) async fn list_applications(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let used = find(documents, &caller.tenant, &id)?;
            let entry = |one: &Application| {
                json!({"applicationId": one.id, "name": one.name, "owner": principal(&one.owner, &one.tenant)})
            };
            let entries = applications(documents, &used)?.iter().map(entry).collect();
            Ok(Json(page(entries, shown)))
        })
        .await
}
