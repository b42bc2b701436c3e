//! What a resident key manager publishes: its key set, its discovery document, and a user's profile to that user.
//! Nothing here changes anything.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawPathParams, State},
    http::{HeaderMap, header},
};
use kmspec_mocks::realm::OAuthError;
use serde_json::{Value, json};

use super::{
    endpoints::{Failure, no_such_tenant, path_tenant},
    realms::Residents,
    shape::key_set,
    tokens::active_access,
};
use crate::domain::SUPER_TENANT;

fn tenant(params: &RawPathParams) -> String {
    path_tenant(params).unwrap_or_else(|| SUPER_TENANT.to_owned())
}

/// The key set (RFC 7517).
pub(super) async fn jwks(
    State(residents): State<Arc<Residents>>,
    params: RawPathParams,
) -> Result<Json<Value>, Failure> {
    let (tenant, store) = (tenant(&params), residents.store().clone());
    let realm = store.write(move |documents| residents.realm(documents, &tenant)).await?;
    Ok(Json(key_set(realm.ok_or_else(no_such_tenant)?.keys())))
}

/// The discovery document (OpenID Connect Discovery, section 4; RFC 8414).
pub(super) async fn discovery(
    State(residents): State<Arc<Residents>>,
    params: RawPathParams,
) -> Result<Json<Value>, Failure> {
    let (tenant, store) = (tenant(&params), residents.store().clone());
    let base = residents.base_url(&tenant);
    let realm = store.write(move |documents| residents.realm(documents, &tenant)).await?;
    let realm = realm.ok_or_else(no_such_tenant)?;
    let served = |grant: &str| realm.policy().grant_types.iter().any(|known| known == grant);
    let response_types: Vec<&str> = [("authorization_code", "code"), ("implicit", "token")]
        .into_iter()
        .filter_map(|(grant, response_type)| served(grant).then_some(response_type))
        .collect();
    Ok(Json(json!({
        "issuer": realm.issuer(),
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "revocation_endpoint": format!("{base}/oauth2/revoke"),
        "introspection_endpoint": format!("{base}/oauth2/introspect"),
        "userinfo_endpoint": format!("{base}/oauth2/userinfo"),
        "jwks_uri": format!("{base}/oauth2/jwks"),
        "grant_types_supported": realm.policy().grant_types,
        "code_challenge_methods_supported": realm.policy().code_challenge_methods,
        "response_types_supported": response_types,
        "scopes_supported": ["openid"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    })))
}

/// The user behind an access token with scope `openid` (OpenID Connect Core, section 5.3).
pub(super) async fn userinfo(
    State(residents): State<Arc<Residents>>,
    params: RawPathParams,
    headers: HeaderMap,
) -> Result<Json<Value>, Failure> {
    let token = bearer(&headers).ok_or_else(|| refused(401, "invalid_token"))?.to_owned();
    let (tenant, store) = (tenant(&params), residents.store().clone());
    let found = store.write(move |documents| active_access(&residents, documents, &tenant, &token)).await?;
    let (realm, row) = found.ok_or_else(|| refused(401, "invalid_token"))?;
    if !row.scopes.iter().any(|scope| scope == "openid") {
        return Err(refused(403, "insufficient_scope").into());
    }
    let user = row.username.and_then(|name| realm.user(&name)).ok_or_else(|| refused(401, "invalid_token"))?;
    Ok(Json(json!({ "sub": user.id })))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn refused(status: u16, code: &str) -> OAuthError {
    let challenge = format!("Bearer realm=\"userinfo\", error=\"{code}\"");
    OAuthError::new(status, code, "").header("www-authenticate", challenge)
}
