//! The token, revocation and introspection endpoints, in the form for the super tenant and in the one for others.
//! Deciding is left to realm and grants; here requests are read, state is kept and revocations are announced.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{RawPathParams, RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kmspec_mocks::{
    grants::{self, TokenAnswer, TokenRequest},
    realm::{OAuthError, Realm, Revocation, TokenFormat, TokenKind, TokenRow, TokenState},
};

use super::{
    kept::{KeptToken, keep_issued},
    metadata,
    realms::Residents,
    registration, sync,
};
use crate::platform::{
    domain::{OAuthClient, SUPER_TENANT},
    events::Event,
    identity,
    store::{self, Documents, StoreError},
};

pub(super) fn router(residents: Residents) -> Router {
    let oauth = || {
        Router::new()
            .route("/oauth2/token", post(token))
            .route("/oauth2/revoke", post(revoke))
            .route("/oauth2/introspect", post(introspect))
            .route("/oauth2/jwks", get(metadata::jwks))
            .route("/oauth2/userinfo", get(metadata::userinfo))
            .route("/oauth2/token/.well-known/openid-configuration", get(metadata::discovery))
    };
    oauth()
        .nest("/t/{tenant}", oauth())
        .route("/client-registration/v0.17/register", post(registration::register))
        .with_state(Arc::new(residents))
}

/// Why an endpoint did not do as it was asked.
pub(super) enum Failure {
    /// The caller is told so.
    OAuth(OAuthError),
    /// Our own fault.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = match self {
            Self::OAuth(error) => error,
            Self::Store(error) => {
                tracing::error!(?error, "the store failed");
                OAuthError::server_error("the server failed")
            }
        };
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, fields(&error.headers), Json(error.body())).into_response()
    }
}

/// Nothing of these answers may be kept by a cache (RFC 6749, section 5.1).
fn fields(own: &[(String, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    for (name, value) in own {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// The tenant that a path names.
pub(super) fn path_tenant(params: &RawPathParams) -> Option<String> {
    params.iter().find(|(name, _)| *name == "tenant").map(|(_, value)| value.to_owned())
}

pub(super) fn no_such_tenant() -> OAuthError {
    OAuthError::new(404, "invalid_request", "there is no such tenant")
}

fn read(headers: &HeaderMap, query: Option<&str>, body: &[u8]) -> Result<TokenRequest, OAuthError> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let content_type = headers.get(header::CONTENT_TYPE).map(text);
    let authorization = headers.get_all(header::AUTHORIZATION).iter().map(text).collect();
    TokenRequest::read(content_type.as_deref(), authorization, query, body, true)
}

/// The client that a request says it comes from.
fn claimed_client(request: &TokenRequest) -> Option<String> {
    claimed(request).map(|(id, _)| id)
}

/// The same with the secret that it presents.
fn claimed(request: &TokenRequest) -> Option<(String, Option<String>)> {
    let basic = request.authorization.first().and_then(|header| grants::basic_pair(header, true));
    let form = |name: &str| request.form.value(name).map(str::to_owned);
    basic.map(|(id, secret)| (id, Some(secret))).or_else(|| Some((form("client_id")?, form("client_secret"))))
}

/// The realm that a client's request belongs to, brought up to date with that client: the one of the path, or, on the
/// path without a tenant, the client's own.
fn realm_for(
    residents: &Residents,
    documents: &Documents<'_>,
    tenant: Option<String>,
    request: &TokenRequest,
) -> Result<(String, Realm), Failure> {
    let claimed = claimed(request);
    let tenant = match (tenant, &claimed) {
        (Some(tenant), _) => tenant,
        (None, Some((id, _))) => {
            let client = documents.find_anywhere::<OAuthClient>(id)?;
            client.map_or_else(|| SUPER_TENANT.to_owned(), |client| client.tenant)
        }
        (None, None) => SUPER_TENANT.to_owned(),
    };
    let realm = residents.realm(documents, &tenant)?.ok_or_else(no_such_tenant)?;
    if let Some((id, presented)) = claimed {
        sync::presenting(documents, &realm, &tenant, &id, presented.as_deref())?;
    }
    Ok((tenant, realm))
}

async fn token(
    State(residents): State<Arc<Residents>>,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let request = read(&headers, query.as_deref(), &body)?;
    let tenant = path_tenant(&params);
    let store = residents.store().clone();
    let answer = store.write(move |documents| redeem(&residents, documents, tenant, &request)).await?;
    Ok((fields(&answer.headers), Json(answer.body())).into_response())
}

/// Decides on a token request and keeps what came of it, the end of a refreshed token included.
fn redeem(
    residents: &Residents,
    documents: &Documents<'_>,
    tenant: Option<String>,
    request: &TokenRequest,
) -> Result<TokenAnswer, Failure> {
    let (tenant, realm) = realm_for(residents, documents, tenant, request)?;
    sync::scopes(documents, &realm, &tenant)?;
    if let (Some(name), Some(password)) = (request.form.value("username"), request.form.value("password")) {
        sync::login(documents, &realm, &tenant, name, password)?;
    }
    let refresh = request.form.value("refresh_token");
    if let Some(text) = refresh {
        sync::owner_of_token(documents, &realm, &tenant, text)?;
    }
    let before = refresh.and_then(|text| realm.token(text)).map(|(row, _)| row);
    if let (Some(id), Some(seconds)) = (claimed_client(request), validity_period(request)) {
        realm.update_client(&id, |client| client.app_token_seconds = Some(seconds));
    }
    let answer = grants::redeem(&realm, request)?;
    if let Some((row, _)) = realm.token(&answer.access_token) {
        keep_issued(documents, &tenant, &realm, row)?;
    }
    let now = before.filter(|row| row.state == TokenState::Active).and_then(|row| realm.token(&row.access_token));
    if let Some((row, _)) = now.filter(|(row, _)| row.state != TokenState::Active) {
        keep_ended(documents, &tenant, &row)?;
    }
    Ok(answer)
}

/// The product's own parameter: how long a client's token shall live, in seconds.
fn validity_period(request: &TokenRequest) -> Option<u64> {
    request.form.value("validity_period")?.parse().ok().filter(|seconds| *seconds > 0)
}

async fn revoke(
    State(residents): State<Arc<Residents>>,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let request = read(&headers, query.as_deref(), &body)?;
    let tenant = path_tenant(&params);
    let store = residents.store().clone();
    store.write(move |documents| end_token(&residents, documents, tenant, &request)).await?;
    Ok((StatusCode::OK, fields(&[])).into_response())
}

/// Ends a token, and with a refresh token every access token of its grant.
fn end_token(
    residents: &Residents,
    documents: &Documents<'_>,
    tenant: Option<String>,
    request: &TokenRequest,
) -> Result<(), Failure> {
    let (tenant, realm) = realm_for(residents, documents, tenant, request)?;
    let client = authenticate(&realm, request)?;
    let text = request.form.value("token").ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    let Revocation::Revoked(before) = realm.revoke(text, Some(&client)) else { return Ok(()) };
    let family = realm.snapshot().tokens.into_iter().filter(|row| row.family == before.family);
    for row in family.filter(|row| row.state != TokenState::Active) {
        keep_ended(documents, &tenant, &row)?;
    }
    Ok(())
}

fn authenticate(realm: &Realm, request: &TokenRequest) -> Result<String, OAuthError> {
    grants::authenticate_client(realm, request).map(|client| client.id).map_err(|error| {
        let worded = (realm.policy().dialect)(error);
        if worded.status == 401 { worded.header("www-authenticate", "Basic realm=\"localhost\"") } else { worded }
    })
}

/// Keeps a token that ended, and its revocation, which the gateway is told of once all is committed.
fn keep_ended(documents: &Documents<'_>, tenant: &str, row: &TokenRow) -> Result<(), StoreError> {
    documents.put(tenant, &KeptToken(row.clone()))?;
    let (token, expires_at_ms) = (revoked_name(row), row.expires_at.saturating_mul(1000));
    documents.put(tenant, &store::Revocation::Token { token: token.clone(), expires_at_ms })?;
    documents.announce(Event::TokenRevoked { token, expires_at_ms });
    Ok(())
}

/// What revocation events call a token: the `jti` of a JWT, an opaque one itself.
fn revoked_name(row: &TokenRow) -> String {
    match row.format {
        TokenFormat::Jwt => row.jti.clone(),
        TokenFormat::Opaque => row.access_token.clone(),
    }
}

async fn introspect(
    State(residents): State<Arc<Residents>>,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let request = read(&headers, query.as_deref(), &body)?;
    let tenant = path_tenant(&params);
    let store = residents.store().clone();
    let answer = store
        .write(move |documents| {
            let (tenant, realm) = introspecting(&residents, documents, tenant, &request)?;
            let text = request.form.value("token").ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
            sync::owner_of_token(documents, &realm, &tenant, text)?;
            Ok::<_, Failure>(realm.introspect(text))
        })
        .await?;
    Ok((fields(&[]), Json(serde_json::Value::Object(answer))).into_response())
}

/// Who may introspect: an administrator of the path's tenant, or a client about tokens of its own (RFC 7662, section 4:
/// what others hold is not its business, so for those it gets an empty realm's answer).
fn introspecting(
    residents: &Residents,
    documents: &Documents<'_>,
    tenant: Option<String>,
    request: &TokenRequest,
) -> Result<(String, Realm), Failure> {
    let refused = || {
        OAuthError::new(401, "invalid_client", "the caller may not introspect")
            .header("www-authenticate", "Basic realm=\"localhost\"")
    };
    if let [header] = request.authorization.as_slice()
        && let Some((name, password)) = grants::basic_pair(header, false)
        && let Some(user) = identity::find_principal(documents, &name)?
    {
        let own = tenant.unwrap_or_else(|| SUPER_TENANT.to_owned());
        let administers = user.roles.iter().any(|role| role.eq_ignore_ascii_case(identity::ADMINISTRATOR));
        if user.tenant != own || !identity::password_fits(&user.password, &password) {
            return Err(refused().into());
        }
        if !administers {
            return Err(OAuthError::new(403, "access_denied", "only an administrator may introspect").into());
        }
        let realm = residents.realm(documents, &own)?.ok_or_else(no_such_tenant)?;
        return Ok((own, realm));
    }
    let (tenant, realm) = realm_for(residents, documents, tenant, request)?;
    let client = authenticate(&realm, request)?;
    let foreign =
        request.form.value("token").and_then(|text| realm.token(text)).is_some_and(|(row, _)| row.client_id != client);
    if foreign {
        return Ok((tenant, Realm::new(kmspec_mocks::realm::RealmSpec::new(realm.issuer()))));
    }
    Ok((tenant, realm))
}

/// The row of an access token that is good now in this tenant's realm.
pub(super) fn active_access(
    residents: &Residents,
    documents: &Documents<'_>,
    tenant: &str,
    token: &str,
) -> Result<Option<(Realm, TokenRow)>, StoreError> {
    let Some(realm) = residents.realm(documents, tenant)? else { return Ok(None) };
    sync::owner_of_token(documents, &realm, tenant, token)?;
    let row = realm.token(token).filter(|(row, kind)| *kind == TokenKind::Access && row.is_active(realm.now()));
    Ok(row.map(|(row, _)| (realm, row)))
}
