//! What clients of the product ask before they begin: is it up, which version is it, is a revision live.
//! Whether calls really pass is the gateway's to show.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    domain::{Revision, SUPER_TENANT, Tenant},
    identity::ADMINISTRATOR,
    site::Site,
    wire::{Query, Refusal, basic_credentials},
};

/// Resources of the gateway's management interface, and the carbon service that tells the version.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/api/am/gateway/v2/server-startup-healthcheck", get(health))
        .route("/api/am/gateway/v2/api-artifact", get(artifact))
        .route("/services/Version", get(version))
}

/// Whoever can ask is served: both ports are open before the first answer.
async fn health() -> Json<Value> {
    Json(json!({"status": "active"}))
}

async fn version() -> ([(http::HeaderName, &'static str); 1], String) {
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "<ns:getVersionResponse xmlns:ns=\"http://version.services.core.carbon.wso2.org\"><return>kmspec reference \
         platform {version}</return></ns:getVersionResponse>"
    );
    ([(CONTENT_TYPE, "application/xml")], text)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    api_name: String,
    version: String,
    #[serde(default)]
    tenant_domain: Option<String>,
}

/// 200 while a revision of the API is deployed; asked by the tenant's administrator, or the super tenant's.
async fn artifact(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let (name, password) = basic_credentials(&headers).ok_or_else(Refusal::unauthenticated)?;
    let user = site.identity.authenticate(&name, &password).await?.ok_or_else(Refusal::unauthenticated)?;
    let tenant = wanted.tenant_domain.filter(|domain| !domain.is_empty()).unwrap_or_else(|| user.tenant.clone());
    let administers = user.roles.iter().any(|role| role == ADMINISTRATOR);
    if !administers || (user.tenant != tenant && user.tenant != SUPER_TENANT) {
        return Err(Refusal::unauthenticated());
    }
    site.store
        .read(move |documents| {
            if documents.find_anywhere::<Tenant>(&tenant)?.is_none() {
                return Err(Refusal::not_found("tenant"));
            }
            let revisions: Vec<Revision> = documents.all(&tenant)?;
            let live = revisions.iter().find(|revision| {
                let is_wanted = revision.api.name == wanted.api_name && revision.api.version == wanted.version;
                is_wanted && !revision.deployments.is_empty()
            });
            let live = live.ok_or_else(|| Refusal::not_found("API artifact"))?;
            Ok(Json(json!({"apiId": live.api.id, "name": live.api.name, "version": live.api.version,
                "revisionId": live.id, "context": live.api.context})))
        })
        .await
}
