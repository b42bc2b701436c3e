//! Where the resident key managers listen: in the form for the super tenant and in the one for others.
//! Reading requests and wording refusals is done here; deciding is left to the files of the endpoints.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{FromRequest, RawPathParams, RawQuery, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kmspec_mocks::{
    grants::{self, TokenRequest},
    realm::{OAuthError, Realm},
};

use super::{introspection, login, metadata, operations, realms::Residents, registration, revocation, sync, tokens};
use crate::{
    domain::{OAuthClient, SUPER_TENANT},
    store::{Documents, StoreError},
};

const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) fn router(residents: Residents) -> Router {
    let oauth = || {
        Router::new()
            .route("/oauth2/token", post(tokens::token))
            .route("/oauth2/revoke", post(revocation::revoke))
            .route("/oauth2/introspect", post(introspection::introspect))
            .route("/oauth2/authorize", get(login::authorize).post(login::authorize))
            .route("/oauth2/jwks", get(metadata::jwks))
            .route("/oauth2/userinfo", get(metadata::userinfo).post(metadata::userinfo))
            .route(&format!("/oauth2/token{DISCOVERY}"), get(metadata::discovery))
            .route(&format!("/oauth2/oidcdiscovery{DISCOVERY}"), get(metadata::discovery))
            .route(DISCOVERY, get(metadata::discovery))
            .merge(operations::router())
    };
    oauth()
        .nest("/t/{tenant}", oauth())
        .route("/commonauth", post(login::commonauth))
        .route(login::LOGIN_PAGE, get(login::login_page))
        .route(login::CONSENT_PAGE, get(login::consent_page))
        .route(login::ERROR_PAGE, get(login::error_page))
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
pub(super) fn fields(own: &[(String, String)]) -> HeaderMap {
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

/// What a client or an administrator asks one of the endpoints that take forms.
pub(super) struct Asked {
    /// The tenant that the path names.
    pub(super) tenant: Option<String>,
    pub(super) request: TokenRequest,
}

impl FromRequest<Arc<Residents>> for Asked {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &Arc<Residents>) -> Result<Self, Failure> {
        use axum::RequestExt;
        let mut request = request;
        let tenant = match request.extract_parts::<RawPathParams>().await {
            Ok(params) => path_tenant(&params),
            Err(_) => None,
        };
        let query = request.extract_parts::<RawQuery>().await.map_or(None, |RawQuery(query)| query);
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let content_type = request.headers().get(header::CONTENT_TYPE).map(text);
        let authorization = request.headers().get_all(header::AUTHORIZATION).iter().map(text).collect();
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| OAuthError::invalid_request("the body cannot be read"))?;
        let request = TokenRequest::read(content_type.as_deref(), authorization, query.as_deref(), &body, true)?;
        Ok(Self { tenant, request })
    }
}

impl Asked {
    /// The client that the request says it comes from, and the secret that it sent.
    pub(super) fn claimed_client(&self) -> Option<(String, Option<String>)> {
        let form = &self.request.form;
        let basic = self.request.authorization.first().and_then(|header| grants::basic_pair(header, true));
        let text = |name| form.value(name).map(str::to_owned);
        basic.map(|(id, secret)| (id, Some(secret))).or_else(|| Some((text("client_id")?, text("client_secret"))))
    }

    /// The tenant that the request belongs to: the one of the path, or, on the path without one, the client's own.
    pub(super) fn tenant(&self, documents: &Documents<'_>) -> Result<String, StoreError> {
        match (&self.tenant, self.claimed_client()) {
            (Some(tenant), _) => Ok(tenant.clone()),
            (None, Some((id, _))) => tenant_of_client(documents, &id),
            (None, None) => Ok(SUPER_TENANT.to_owned()),
        }
    }

    /// The realm of that tenant, brought up to date with the client.
    pub(super) fn realm(&self, residents: &Residents, documents: &Documents<'_>) -> Result<(String, Realm), Failure> {
        let tenant = self.tenant(documents)?;
        let realm = residents.realm(documents, &tenant)?.ok_or_else(no_such_tenant)?;
        if let Some((id, secret)) = self.claimed_client() {
            sync::presenting(documents, &realm, &tenant, &id, secret.as_deref())?;
        }
        Ok((tenant, realm))
    }

    /// The client, once it has proven who it is.
    pub(super) fn authenticate(&self, realm: &Realm) -> Result<String, OAuthError> {
        grants::authenticate_client(realm, &self.request).map(|client| client.id).map_err(|error| {
            let worded = (realm.policy().dialect)(error);
            if worded.status == 401 { worded.header("www-authenticate", "Basic realm=\"localhost\"") } else { worded }
        })
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.request.form.value(name)
    }
}

pub(super) fn tenant_of_client(documents: &Documents<'_>, id: &str) -> Result<String, StoreError> {
    let client = documents.find_anywhere::<OAuthClient>(id)?;
    Ok(client.map_or_else(|| SUPER_TENANT.to_owned(), |client| client.tenant))
}
