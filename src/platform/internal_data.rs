//! What gateways of other processes ask of the control plane when they start: key managers, keys, revocations.
//! Changes are told by events; secrets of connectors are told to nobody.

mod subscription_data;

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    connectors,
    domain::{Application, CertificateType, KeyManager, KeyMapping, SUPER_TENANT, Tenant},
    identity::ADMINISTRATOR,
    site::Site,
    store::{Documents, Revocation, StoreError},
    wire::{Query, Refusal, basic_credentials},
};

/// Names the tenant that is asked about.
const TENANT: &str = "xWSO2Tenant";

/// The resources below `/internal/data/v1`.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/keymanagers", get(key_managers))
        .route("/application-key-mappings", get(key_mappings))
        .route("/applications", get(subscription_data::applications))
        .route("/subscriptions", get(subscription_data::subscriptions))
        .route("/apis", get(subscription_data::apis))
        .route("/scopes", get(subscription_data::scopes))
        .route("/revokedjwt", get(revocations))
}

/// The tenant that an administrator of its own, or of the platform, asks about.
async fn asked(site: &Site, headers: &HeaderMap) -> Result<String, Refusal> {
    let (tenant, _) = asked_at_all(site, headers).await?;
    tenant.ok_or_else(|| Refusal::bad_request(format!("The header {TENANT} is missing")))
}

/// The same where no tenant need be named; and whose administrator asks.
async fn asked_at_all(site: &Site, headers: &HeaderMap) -> Result<(Option<String>, String), Refusal> {
    let (name, password) = basic_credentials(headers).ok_or_else(Refusal::unauthenticated)?;
    let user = site.identity.authenticate(&name, &password).await?;
    let user = user.filter(|user| user.roles.iter().any(|role| role == ADMINISTRATOR));
    let user = user.ok_or_else(Refusal::unauthenticated)?;
    let tenant = headers.get(TENANT).and_then(|value| value.to_str().ok()).map(str::trim);
    let tenant = tenant.filter(|tenant| !tenant.is_empty()).map(str::to_owned);
    if user.tenant != SUPER_TENANT && tenant.as_ref().is_some_and(|tenant| *tenant != user.tenant) {
        return Err(Refusal::unauthenticated());
    }
    Ok((tenant, user.tenant))
}

fn check_tenant(documents: &Documents<'_>, tenant: &str) -> Result<(), Refusal> {
    match documents.find_anywhere::<Tenant>(tenant)? {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found("tenant")),
    }
}

async fn key_managers(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let tenant = asked(&site, &headers).await?;
    site.store
        .read(move |documents| {
            check_tenant(documents, &tenant)?;
            let all: Vec<KeyManager> = documents.all(&tenant)?;
            let told = |one: &KeyManager| {
                json!({
                    "name": one.name,
                    "type": one.kind,
                    "enabled": one.enabled,
                    "tenantDomain": tenant,
                    "configuration": configuration(one),
                })
            };
            Ok(Json(json!(all.iter().map(told).collect::<Vec<_>>())))
        })
        .await
}

/// The settings as the product stores them: one flat map (contract sheet, 2.2), without the connector's secrets.
fn configuration(of: &KeyManager) -> Map<String, Value> {
    let secrets = connectors::find(&of.kind).map(connectors::Connector::secrets).unwrap_or_default();
    let mut flat = of.additional_properties.0.clone();
    flat.retain(|name, _| !secrets.contains(&name.as_str()));
    let texts = [
        ("issuer", &of.issuer),
        ("well_known_endpoint", &of.well_known_endpoint),
        ("introspection_endpoint", &of.introspection_endpoint),
        ("client_registration_endpoint", &of.client_registration_endpoint),
        ("token_endpoint", &of.token_endpoint),
        ("display_token_endpoint", &of.display_token_endpoint),
        ("revoke_endpoint", &of.revoke_endpoint),
        ("display_revoke_endpoint", &of.display_revoke_endpoint),
        ("userinfo_endpoint", &of.user_info_endpoint),
        ("authorize_endpoint", &of.authorize_endpoint),
        ("scope_endpoint", &of.scope_management_endpoint),
        ("consumer_key_claim", &of.consumer_key_claim),
        ("scopes_claim", &of.scopes_claim),
    ];
    for (name, text) in texts {
        flat.extend(text.iter().map(|text| (name.to_owned(), json!(text))));
    }
    if let Some(certificates) = &of.certificates {
        let kind = if certificates.kind == CertificateType::Pem { "PEM" } else { "JWKS" };
        flat.insert("certificate_type".to_owned(), json!(kind));
        flat.insert("certificate_value".to_owned(), json!(certificates.value));
    }
    let others = json!({
        "grant_types": of.available_grant_types,
        "enable_token_generation": of.enable_token_generation,
        "enable_token_encryption": of.enable_token_encryption,
        "enable_token_hash": of.enable_token_hashing,
        "enable_oauth_app_creation": of.enable_oauth_app_creation,
        "enable_map_oauth_consumer_apps": of.enable_map_oauth_consumer_apps,
        "claim_mappings": of.claim_mapping,
        "token_format_string": json!(of.token_validation).to_string(),
    });
    if let Value::Object(others) = others {
        flat.extend(others);
    }
    flat
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    #[serde(default)]
    consumer_key: Option<String>,
    #[serde(default)]
    keymanager: Option<String>,
}

/// The keys that belong to applications, which are named by their numbers and by their UUIDs.
async fn key_mappings(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let tenant = asked(&site, &headers).await?;
    site.store
        .read(move |documents| {
            check_tenant(documents, &tenant)?;
            let fits = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|text| text == own);
            let all: Vec<(String, KeyMapping)> = documents.everywhere()?;
            let found: Vec<Value> = all
                .iter()
                .map(|(_, one)| one)
                .filter(|one| one.home_of_key_manager() == tenant)
                .filter(|one| fits(&wanted.consumer_key, &one.consumer_key))
                .filter(|one| fits(&wanted.keymanager, &one.key_manager_name))
                .map(|one| {
                    Ok(json!({
                        "applicationId": documents.number::<Application>(&one.application_id.to_string())?,
                        "applicationUUID": one.application_id,
                        "consumerKey": one.consumer_key,
                        "keyType": one.key_type,
                        "keyManager": one.key_manager_name,
                    }))
                })
                .collect::<Result<_, StoreError>>()?;
            Ok(Json(json!({"count": found.len(), "list": found})))
        })
        .await
}

/// What was revoked, of this tenant and of none in particular. Who names no tenant (contract sheet, 5.3) asks about his own,
/// the platform's administrator about all.
async fn revocations(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let (named, own) = asked_at_all(&site, &headers).await?;
    site.store
        .read(move |documents| {
            let tenant = named.or_else(|| (own != SUPER_TENANT).then_some(own));
            if let Some(tenant) = &tenant {
                check_tenant(documents, tenant)?;
            }
            let (mut tokens, mut subjects, mut clients) = (Vec::new(), Vec::new(), Vec::new());
            let all = documents.everywhere::<Revocation>()?.into_iter();
            for (home, kept) in all.filter(|(home, _)| home.is_empty() || tenant.as_ref().is_none_or(|one| one == home))
            {
                let organization = tenant.as_ref().unwrap_or(&home);
                match kept {
                    Revocation::Token { token, expires_at_ms } => {
                        tokens.push(json!({"jwt_signature": token, "expiry_time": expires_at_ms}));
                    }
                    Revocation::Subject { entity_id, entity_type, revoked_at_ms } => subjects.push(json!({
                        "entity_id": entity_id,
                        "entity_type": entity_type,
                        "revocation_time": revoked_at_ms,
                        "organization": organization,
                    })),
                    Revocation::Consumer { consumer_key, revoked_at_ms } => clients.push(json!({
                        "consumer_key": consumer_key,
                        "revocation_time": revoked_at_ms,
                        "organization": organization,
                    })),
                }
            }
            Ok(Json(json!({
                "revokedJWTList": tokens,
                "revokedJWTSubjectEntityList": subjects,
                "revokedJWTConsumerKeyList": clients,
            })))
        })
        .await
}
