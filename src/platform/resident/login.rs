//! Logging in with a browser, or with something that does as one (O7 to O10): the authorization endpoint, the login, the
//! consent. How the pages look is left to [`super::pages`], what a code or token is worth to the grants.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawPathParams, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use kmspec_mocks::{
    grants::{AuthorizationRefusal, Form},
    realm::{OAuthError, Realm, random},
};
use url::Url;

use super::{
    authorization::{Login, finish, read},
    endpoints::{Failure, no_such_tenant, path_tenant, tenant_of_client},
    logins, pages,
    realms::Residents,
    sync,
};
use crate::store::{Documents, StoreError};

pub(super) const LOGIN_PAGE: &str = "/authenticationendpoint/login.do";
pub(super) const CONSENT_PAGE: &str = "/authenticationendpoint/oauth2_consent.do";
pub(super) const ERROR_PAGE: &str = "/authenticationendpoint/oauth2_error.do";
const AUTHORIZE: &str = "/oauth2/authorize";

/// Binds a login to the browser that began it; the key of the login follows.
const NONCE_COOKIE: &str = "sessionNonceCookie-";

/// A new request, the way back from the login, or the answer of the consent page.
pub(super) async fn authorize(
    State(residents): State<Arc<Residents>>,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    (method, headers): (Method, HeaderMap),
    body: Bytes,
) -> Result<Response, Failure> {
    let form = if method == Method::POST { Form::parse(&body) } else { parameters(query.as_deref()) };
    let (tenant, store) = (path_tenant(&params), residents.store().clone());
    store
        .write(move |documents| {
            if let Some(key) = form.value("sessionDataKeyConsent") {
                return consented(&residents, documents, (key, &headers), &form);
            }
            match form.value("sessionDataKey") {
                Some(key) => logged_in(&residents, documents, (key, &headers)),
                None => begin(&residents, documents, tenant, &form),
            }
        })
        .await
}

fn parameters(query: Option<&str>) -> Form {
    Form::parse(query.unwrap_or_default().as_bytes())
}

/// Opens a login for a request that is in order.
fn begin(
    residents: &Residents,
    documents: &Documents<'_>,
    tenant: Option<String>,
    form: &Form,
) -> Result<Response, Failure> {
    let client = form.value("client_id").unwrap_or_default();
    let tenant = match tenant {
        Some(tenant) => tenant,
        None => tenant_of_client(documents, client)?,
    };
    let realm = residents.realm(documents, &tenant)?.ok_or_else(no_such_tenant)?;
    sync::client(documents, &realm, &tenant, client)?;
    match read(&realm, form) {
        Ok((request, answer)) => {
            let nonce = random::text(32);
            let login = Login { tenant, request, answer, nonce: nonce.clone(), username: None };
            let key = logins::keep(residents, documents, login)?;
            let cookie = format!("{NONCE_COOKIE}{key}={nonce}; Path=/; Secure; HttpOnly; SameSite=None");
            let to = to_page(residents, LOGIN_PAGE, &[("sessionDataKey", &key), ("type", "oidc")]);
            Ok(([(header::SET_COOKIE, cookie)], to).into_response())
        }
        Err(AuthorizationRefusal::Shown(error)) => Ok(shown(residents, &error)),
        Err(AuthorizationRefusal::Redirected(to)) => Ok(found(&to)),
    }
}

/// Takes name and password; on to the authorization endpoint when they are right, back to the page when they are not.
pub(super) async fn commonauth(
    State(residents): State<Arc<Residents>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let form = Form::parse(&body);
    let key = form.value("sessionDataKey").unwrap_or_default().to_owned();
    let store = residents.store().clone();
    store
        .write(move |documents| {
            let begun = logins::get(&residents, documents, &key)?;
            let begun = begun.filter(|login| login.username.is_none() && began_here(&headers, login));
            let Some(login) = begun else { return Ok(unknown_session(&residents)) };
            let (name, password) =
                (form.value("username").unwrap_or_default(), form.value("password").unwrap_or_default());
            let Some(username) = sync::sign_in(documents, &login.tenant, name, password)? else {
                let failed = [("sessionDataKey", key.as_str()), ("authFailure", "true")];
                return Ok(to_page(&residents, LOGIN_PAGE, &failed));
            };
            logins::take(&residents, documents, &key)?;
            let next = logins::keep(&residents, documents, Login { username: Some(username), ..login })?;
            Ok(to_page(&residents, AUTHORIZE, &[("sessionDataKey", &next)]))
        })
        .await
}

/// Whether the cookie of the login came along: it was begun in the same browser (RFC 6749, section 10.12).
fn began_here(headers: &HeaderMap, login: &Login) -> bool {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.any(|(name, value)| name.starts_with(NONCE_COOKIE) && value == login.nonce)
}

/// The login of that key and who it turned out to be, once, for the browser that began it. Whoever else knows the key gets
/// nothing by it, and takes nothing away.
fn resumed(
    residents: &Residents,
    documents: &Documents<'_>,
    (key, headers): (&str, &HeaderMap),
) -> Result<Option<(Login, String)>, StoreError> {
    let known = logins::get(residents, documents, key)?;
    let Some(login) = known.filter(|login| began_here(headers, login)) else { return Ok(None) };
    let Some(username) = login.username.clone() else { return Ok(None) };
    Ok(logins::take(residents, documents, key)?.map(|login| (login, username)))
}

/// Back from the login: to the consent page, or on when the user has consented for good.
fn logged_in(
    residents: &Residents,
    documents: &Documents<'_>,
    session: (&str, &HeaderMap),
) -> Result<Response, Failure> {
    let Some((login, username)) = resumed(residents, documents, session)? else {
        return Ok(unknown_session(residents));
    };
    let realm = prepared(residents, documents, &login)?;
    let Some(client) = realm.client(&login.request.client_id) else { return Ok(unknown_session(residents)) };
    if logins::has_consent(documents, &login, &username)? {
        return Ok(found(&finish(residents, documents, &realm, &login)?));
    }
    let next = logins::keep(residents, documents, login)?;
    Ok(to_page(residents, CONSENT_PAGE, &[("sessionDataKeyConsent", &next), ("application", &client.name)]))
}

/// The answer of the consent page.
fn consented(
    residents: &Residents,
    documents: &Documents<'_>,
    session: (&str, &HeaderMap),
    form: &Form,
) -> Result<Response, Failure> {
    let Some((login, username)) = resumed(residents, documents, session)? else {
        return Ok(unknown_session(residents));
    };
    match form.value("consent") {
        Some("approve" | "approveAlways") => {
            if form.value("consent") == Some("approveAlways") || form.value("hasApprovedAlways") == Some("true") {
                logins::keep_consent(documents, &login, &username)?;
            }
            let realm = prepared(residents, documents, &login)?;
            Ok(found(&finish(residents, documents, &realm, &login)?))
        }
        Some("deny") => Ok(found(&login.denied())),
        _ => Ok(shown(residents, &OAuthError::invalid_request("the consent is missing"))),
    }
}

/// The realm with client, user and scopes of a login as they are now.
fn prepared(residents: &Residents, documents: &Documents<'_>, login: &Login) -> Result<Realm, Failure> {
    let realm = residents.realm(documents, &login.tenant)?.ok_or_else(no_such_tenant)?;
    sync::client(documents, &realm, &login.tenant, &login.request.client_id)?;
    sync::scopes(documents, &realm, &login.tenant)?;
    if let Some(username) = &login.username {
        sync::user(documents, &realm, &login.tenant, username)?;
    }
    Ok(realm)
}

pub(super) async fn login_page(RawQuery(query): RawQuery) -> Response {
    let form = parameters(query.as_deref());
    let failed = form.value("authFailure") == Some("true");
    pages::login(form.value("sessionDataKey").unwrap_or_default(), failed)
}

pub(super) async fn consent_page(RawQuery(query): RawQuery) -> Response {
    let form = parameters(query.as_deref());
    let told = |name| form.value(name).unwrap_or_default();
    pages::consent(told("sessionDataKeyConsent"), told("application"))
}

pub(super) async fn error_page(RawQuery(query): RawQuery) -> Response {
    let form = parameters(query.as_deref());
    let told = |name| form.value(name).unwrap_or_default();
    pages::error(told("oauthErrorCode"), told("oauthErrorMsg"))
}

fn unknown_session(residents: &Residents) -> Response {
    shown(residents, &OAuthError::invalid_request("the session is unknown, was used, or took too long"))
}

/// To the page that tells the user what is wrong with a request.
fn shown(residents: &Residents, error: &OAuthError) -> Response {
    to_page(residents, ERROR_PAGE, &[("oauthErrorCode", &error.code), ("oauthErrorMsg", &error.description)])
}

fn to_page(residents: &Residents, path: &str, parameters: &[(&str, &str)]) -> Response {
    match Url::parse_with_params(&format!("{}{path}", residents.management_url()), parameters) {
        Ok(url) => found(url.as_str()),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn found(to: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")]).into_response()
}
