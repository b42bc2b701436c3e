//! Okta's server of the organisation itself, beside the custom one: its tokens are for Okta alone, and no application can
//! verify them. What they share is in `okta`.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Dialect, Handler};
use crate::{
    endpoints::{
        authorize,
        call::{Call, Reply},
        introspection, jwks, revocation, token, userinfo,
    },
    grants::Form,
    journal::Endpoint,
    realm::{
        KeyPurpose,
        jwt::{self, Object},
        test_keys,
    },
    server::{Endpoints, Site},
};

/// Before every endpoint but discovery.
const BASE: &str = "/oauth2/v1";

/// What answers at a path of the organisation's server.
pub(super) fn route(path: &str) -> Option<(Endpoint, Handler)> {
    if path == "/.well-known/openid-configuration" {
        return Some((Endpoint::Discovery, discovery));
    }
    Some(match path.strip_prefix(BASE)? {
        "/token" => (Endpoint::Token, issue),
        "/keys" => (Endpoint::Jwks, jwks::answer),
        "/authorize" => (Endpoint::Authorize, |site, call| begin(site, call, &site.base_url)),
        "/introspect" => (Endpoint::Introspection, introspect),
        "/revoke" => (Endpoint::Revocation, |site, call| revocation::answer(site, &apart(site, call, true))),
        "/userinfo" => (Endpoint::Userinfo, |site, call| userinfo::answer(site, &apart(site, call, true))),
        _ => return None,
    })
}

/// What answers at an endpoint of the custom server that takes what a server gave out.
pub(super) fn custom(path: &str) -> Option<(Endpoint, Handler)> {
    Some(match path {
        "/v1/token" => (Endpoint::Token, |site, call| token::answer(site, &apart(site, call, false))),
        "/v1/authorize" => (Endpoint::Authorize, |site, call| begin(site, call, "")),
        "/v1/introspect" => {
            (Endpoint::Introspection, |site, call| introspection::answer(site, &apart(site, call, false)))
        }
        "/v1/revoke" => (Endpoint::Revocation, |site, call| revocation::answer(site, &apart(site, call, false))),
        "/v1/userinfo" => (Endpoint::Userinfo, |site, call| userinfo::answer(site, &apart(site, call, false))),
        _ => return None,
    })
}

/// The authorization endpoint of a server: its codes are for the organisation, or for no audience in particular.
fn begin(site: &Site, call: &Call, audience: &str) -> Reply {
    match authorize::parameters(call) {
        Ok(form) if form.repeated().is_some() => authorize::begin(site, &form),
        Ok(form) => authorize::begin(site, &form.with("audience", audience)),
        Err(refusal) => refusal,
    }
}

/// What stands in place of what the other server gave out.
const UNKNOWN: &str = "nobody-s";

/// The request with everything that the other server gave out made unknown: neither server knows the other one's codes and
/// tokens.
fn apart(site: &Site, call: &Call, organisation: bool) -> Call {
    let mut call = call.clone();
    let of_organisation = |audience: Option<String>| audience.as_deref() == Some(&site.base_url);
    let other = |text: &str| {
        let row = site.realm.token(text).map(|(row, _)| of_organisation(row.audience));
        let code = || site.realm.request_of_code(text).map(|request| of_organisation(request.audience));
        let id_token = || jwt::read(text).map(|(_, claims)| claims.get("iss") == Some(&json!(site.base_url)));
        row.or_else(code).or_else(id_token).is_some_and(|is_of| is_of != organisation)
    };
    if call.bearer().is_some_and(other) {
        call.headers.retain(|(name, _)| name != "authorization");
        call.headers.push(("authorization".to_owned(), format!("Bearer {UNKNOWN}")));
    }
    let mut pairs = Form::parse(&call.body).into_pairs();
    let mut changed = false;
    for (name, value) in &mut pairs {
        if ["token", "refresh_token", "code", "access_token"].contains(&name.as_str()) && other(value) {
            UNKNOWN.clone_into(value);
            changed = true;
        }
    }
    if changed {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        call.body = text.into_bytes();
    }
    call
}

fn discovery(site: &Site, call: &Call) -> Reply {
    if !matches!(call.method.as_str(), "GET" | "HEAD") {
        return Reply::only("GET");
    }
    let at = |path: &str| format!("{}{BASE}{path}", site.base_url);
    let endpoints = Endpoints {
        token: at("/token"),
        jwks: at("/keys"),
        authorize: at("/authorize"),
        introspection: Some(at("/introspect")),
        revocation: Some(at("/revoke")),
        userinfo: Some(at("/userinfo")),
        ..site.endpoints.clone()
    };
    let mut document = super::okta::Okta.discovery(&endpoints, &site.realm);
    document["issuer"] = json!(site.base_url);
    Reply::json(200, &document)
}

/// Tokens in the organisation's name. The access token is signed with a key that is published nowhere; the id token is
/// for the client, and verifies.
fn issue(site: &Site, call: &Call) -> Reply {
    let mut reply = token::answer(site, &apart(site, call, true));
    let Ok(mut body) = serde_json::from_str::<Object>(&reply.body) else { return reply };
    if let Some(text) = body.get("access_token").and_then(Value::as_str).map(str::to_owned) {
        let unpublished = test_keys::named("rsa3072").expect("the key is embedded").with_kid("okta-internal");
        if let Some(fresh) = renamed(site, &text, &unpublished, |claims| {
            claims.insert("aud".to_owned(), json!(site.base_url));
        }) {
            site.realm.rewrite_access(&text, &fresh);
            site.realm.address(&fresh, &site.base_url);
            body.insert("access_token".to_owned(), json!(fresh));
        }
    }
    if let Some(text) = body.get("id_token").and_then(Value::as_str)
        && let Some(fresh) = renamed(site, text, &site.realm.keys().current(KeyPurpose::Id), |_| {})
    {
        body.insert("id_token".to_owned(), json!(fresh));
    }
    reply.body = Value::Object(body).to_string();
    reply
}

/// The token with the organisation as its issuer, signed with this key.
fn renamed(
    site: &Site,
    text: &str,
    key: &crate::realm::SigningKey,
    change: impl FnOnce(&mut Object),
) -> Option<String> {
    let (mut header, mut claims) = jwt::read(text)?;
    header.remove("kid");
    header.remove("alg");
    claims.insert("iss".to_owned(), json!(site.base_url));
    change(&mut claims);
    Some(jwt::sign(key, header, &claims))
}

fn introspect(site: &Site, call: &Call) -> Reply {
    let mut reply = introspection::answer(site, &apart(site, call, true));
    if let Ok(mut body) = serde_json::from_str::<Object>(&reply.body)
        && body.contains_key("iss")
        && body.contains_key("token_type")
    {
        body.insert("iss".to_owned(), json!(site.base_url));
        body.insert("aud".to_owned(), json!(site.base_url));
        reply.body = Value::Object(body).to_string();
    }
    reply
}
