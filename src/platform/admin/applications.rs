//! Applications as an administrator sees them: whose they are, and giving them to somebody else.
//! Everything else about them is the developer portal's.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApplicationScopes;
use crate::{
    connectors::owner_of_client,
    domain::{Application, KeyMapping, OAuthClient, User, principal},
    events::Event,
    identity,
    site::Site,
    store::Documents,
    wire::{Caller, Code, Page, Path, Query, Refusal, page},
};

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    user: String,
    #[serde(default)]
    name: String,
}

pub(super) async fn list(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Query(search): Query<Search>,
    Query(shown): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            let owner = match search.user.as_str() {
                "" => None,
                named => Some(member(documents, &caller.tenant, named)?.map_or_else(String::new, |user| user.name)),
            };
            let wanted = search.name.to_lowercase();
            let all: Vec<Application> = documents.all(&caller.tenant)?;
            let found = all.iter().filter(|one| {
                owner.as_ref().is_none_or(|owner| *owner == one.owner) && one.name.to_lowercase().contains(&wanted)
            });
            Ok::<_, Refusal>(Json(page(found.map(entry).collect(), shown)))
        })
        .await
}

fn entry(application: &Application) -> Value {
    json!({
        "applicationId": application.id,
        "name": application.name,
        "owner": principal(&application.owner, &application.tenant),
        "status": "APPROVED",
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    owner: String,
}

/// Gives an application to another user of the tenant, with its clients at the resident key manager.
///
/// The product answers every refusal of an owner with 500 (APP-09).
pub(super) async fn change_owner(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Query(change): Query<Change>,
) -> Result<StatusCode, Refusal> {
    if change.owner.trim().is_empty() {
        return Err(Refusal::bad_request("owner: must not be empty"));
    }
    site.store
        .write(move |documents| {
            let found: Option<Application> = documents.find(&caller.tenant, &id)?;
            let mut application = found.ok_or_else(|| Refusal::not_found("application"))?;
            let refused = |why: String| Refusal::from(Code::General).because(why);
            let owner = member(documents, &caller.tenant, &change.owner)?
                .ok_or_else(|| refused(format!("There is no user {} in the tenant", change.owner)))?;
            let key = format!("{}\n{}", owner.name, application.name);
            let same: Option<Application> = documents.find_by_key(&caller.tenant, &key)?;
            if same.is_some_and(|same| same.id != application.id) {
                return Err(refused(format!("The user {} has an application of that name", change.owner)));
            }
            for mapping in documents.children::<KeyMapping>(&id)? {
                let home = mapping.home_of_key_manager();
                if let Some(client) = documents.find::<OAuthClient>(home, &mapping.consumer_key)? {
                    let owner = owner_of_client(&owner.name, &caller.tenant, home);
                    documents.put(home, &OAuthClient { owner, ..client })?;
                }
            }
            application.owner = owner.name;
            documents.put(&caller.tenant, &application)?;
            documents.announce(Event::ApplicationChanged { application: Arc::new(application) });
            Ok(StatusCode::OK)
        })
        .await
}

/// The user of the tenant who is meant by `name` or `name@tenant`.
fn member(documents: &Documents<'_>, tenant: &str, named: &str) -> Result<Option<User>, Refusal> {
    if let Some(user) = identity::user(documents, tenant, named)? {
        return Ok(Some(user));
    }
    Ok(identity::find_principal(documents, named)?.filter(|user| user.tenant == tenant))
}
