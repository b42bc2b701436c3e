//! Who sends a request: the bearer token of a plane with its scopes, or Basic credentials.
//! Whether the caller may touch a particular object is left to the handlers.

use std::{marker::PhantomData, sync::Arc};

use axum::extract::FromRequestParts;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};

use super::{Code, Refusal};
use crate::{domain::Tenant, plane_tokens::PlaneCaller, site::Site, store::Documents};

/// Scopes of which a caller needs one.
pub(crate) trait ScopeSet {
    const ANY_OF: &'static [&'static str];
}

/// A caller whose token holds one of the scopes; a handler takes it first, so that nothing is said before.
///
/// A valid token without the scope is answered 401 like no token at all, as the product does.
pub(crate) struct Caller<S> {
    pub(crate) user: String,
    pub(crate) tenant: String,
    needed: PhantomData<S>,
}

impl<S: ScopeSet> FromRequestParts<Arc<Site>> for Caller<S> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or_else(Refusal::unauthenticated)?;
        let PlaneCaller { user, tenant, scopes } = site.caller(token).ok_or_else(Refusal::unauthenticated)?;
        if !scopes.iter().any(|scope| S::ANY_OF.contains(&scope.as_str())) {
            return Err(Refusal::unauthenticated());
        }
        Ok(Self { user, tenant, needed: PhantomData })
    }
}

/// Whoever looks at what is open to everybody: a caller, or nobody in particular.
///
/// Only who sends no credentials at all is nobody; a token that is sent has to be as good as anywhere.
pub(crate) struct Visitor<S>(pub(crate) Option<Caller<S>>);

impl<S: ScopeSet> FromRequestParts<Arc<Site>> for Visitor<S> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(Self(None));
        }
        Caller::from_request_parts(parts, site).await.map(|caller| Self(Some(caller)))
    }
}

/// The tenant whose portal a caller looks at: the one that the header names, or the caller's own.
///
/// # Errors
///
/// [`Code::TenantNotFound`] when there is no such tenant.
pub(crate) fn addressed_tenant(documents: &Documents<'_>, headers: &HeaderMap, own: &str) -> Result<String, Refusal> {
    let named = headers.get("X-WSO2-Tenant").and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    if named.is_empty() || named == own {
        return Ok(own.to_owned());
    }
    let found: Option<Tenant> = documents.find_anywhere(named)?;
    found.map(|tenant| tenant.domain).ok_or_else(|| Code::TenantNotFound.into())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

/// User name and password of HTTP Basic; unpadded or otherwise wrong base64 is no credential.
pub(crate) fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
