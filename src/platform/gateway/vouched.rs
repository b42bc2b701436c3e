//! Keys that the platform signed itself: API keys of applications, and internal keys of publishers.
//! Tokens of key managers, the resident one among them, are left to [`super::authenticate`].

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use uuid::Uuid;

use super::{pages, refusal::Refusal, server::GatewayState, state::Tenant, subscriptions};
use crate::domain::{Api, KeyType};
use kmspec_validation::{ClaimValue, Claims, KeySet, Parsed, Policy};

/// Who is calling with an API key.
#[derive(Debug)]
pub(super) struct KeyCaller {
    /// The application that the key stands for.
    pub(super) application_id: Uuid,
    /// Which endpoints it leads to.
    pub(super) key_type: KeyType,
    /// What its text says.
    pub(super) claims: Claims,
}

/// Checks an API key and the subscription of its application.
///
/// # Errors
///
/// [`Refusal::InvalidCredentials`] for a text that is no live API key, [`Refusal::NotFromHere`], and what the subscription
/// lacks.
pub(super) fn api_key(
    state: &GatewayState,
    tenant: &Tenant,
    api: &Api,
    text: &str,
    headers: &HeaderMap,
) -> Result<KeyCaller, Refusal> {
    let claims = signed_here(state, tenant, text, "apiKey").ok_or(Refusal::InvalidCredentials)?;
    let application = claims.value("application").map(ClaimValue::to_json).unwrap_or_default();
    let application_id = application["uuid"].as_str().and_then(|id| id.parse().ok());
    let application_id = application_id.ok_or(Refusal::InvalidCredentials)?;
    let key_type = key_type(&claims).ok_or(Refusal::InvalidCredentials)?;
    if !sent_from_a_permitted_place(&claims, headers) {
        return Err(Refusal::NotFromHere);
    }
    tenant.read(|known| subscriptions::standing(known, application_id, key_type, api))?;
    Ok(KeyCaller { application_id, key_type, claims })
}

/// Checks an internal key: it must have been made for this very API.
///
/// # Errors
///
/// [`Refusal::InvalidCredentials`].
pub(super) fn internal_key(state: &GatewayState, tenant: &Tenant, api: &Api, text: &str) -> Result<KeyType, Refusal> {
    let claims = signed_here(state, tenant, text, "InternalKey").ok_or(Refusal::InvalidCredentials)?;
    let named = claims.value("subscribedAPIs").map(ClaimValue::to_json).unwrap_or_default();
    if named[0]["uuid"] != api.id.to_string() {
        return Err(Refusal::InvalidCredentials);
    }
    key_type(&claims).ok_or(Refusal::InvalidCredentials)
}

/// The claims of a live text of this kind that the tenant's own key signed.
fn signed_here(state: &GatewayState, tenant: &Tenant, text: &str, kind: &str) -> Option<Claims> {
    let policy = Policy::for_issuer(format!("{}/oauth2/token", state.site.tenant_url(&tenant.domain)));
    let keys = KeySet::from_jwks(&state.local.jwks(&tenant.domain)?).ok()?;
    let verified = Parsed::parse(text).ok()?.verify(&keys, &policy).ok()?;
    verified.check_at(tenant.clock.now(), &policy).ok()?;
    let is_of_kind = verified.claims().text("token_type") == Some(kind);
    let lives = is_of_kind && !state.revocations.has_token(verified.revocation_id());
    lives.then(|| verified.claims().clone())
}

fn key_type(claims: &Claims) -> Option<KeyType> {
    let said = claims.text("keytype")?;
    [KeyType::Production, KeyType::Sandbox].into_iter().find(|each| each.to_string() == said)
}

/// Whether the key may be sent from there: by address, and by the page that the call was made from.
fn sent_from_a_permitted_place(claims: &Claims, headers: &HeaderMap) -> bool {
    let entries =
        |name| claims.text(name).unwrap_or_default().split(',').map(str::trim).filter(|each| !each.is_empty());
    let (mut addresses, mut referers) = (entries("permittedIP").peekable(), entries("permittedReferer").peekable());
    let from = client_address(headers);
    let address_fits = addresses.peek().is_none() || addresses.any(|range| from.is_some_and(|from| holds(range, from)));
    let page = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let page_fits =
        referers.peek().is_none() || referers.any(|pattern| page.is_some_and(|page| pages::fits(pattern, page)));
    address_fits && page_fits
}

/// The client's address as the first proxy saw it. Without a proxy it is this machine: everything here stays on loopback.
fn client_address(headers: &HeaderMap) -> Option<IpAddr> {
    match headers.get("x-forwarded-for") {
        None => Some(Ipv4Addr::LOCALHOST.into()),
        Some(told) => told.to_str().ok()?.split(',').next()?.trim().parse().ok(),
    }
}

fn holds(range: &str, address: IpAddr) -> bool {
    match range.parse::<IpNet>() {
        Ok(range) => range.contains(&address),
        Err(_) => range.parse() == Ok(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_fits_itself_and_its_range() {
        let fits = |range, address: &str| holds(range, address.parse().unwrap());
        assert!(fits("10.1.2.3", "10.1.2.3") && !fits("10.1.2.3", "10.1.2.4"));
        assert!(fits("10.0.0.0/8", "10.9.9.9") && !fits("10.0.0.0/8", "11.0.0.1"));
        assert!(fits("2001:db8::/32", "2001:db8::5") && !fits("2001:db8::/32", "10.0.0.1"));
    }

    #[test]
    fn the_first_address_told_is_the_clients_and_none_is_this_machine() {
        let mut headers = HeaderMap::new();
        assert_eq!(client_address(&headers), Some(IpAddr::from([127, 0, 0, 1])));
        headers.insert("x-forwarded-for", "10.0.0.7, 10.0.0.1".parse().unwrap());
        assert_eq!(client_address(&headers), Some(IpAddr::from([10, 0, 0, 7])));
        headers.insert("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(client_address(&headers), None);
    }
}
