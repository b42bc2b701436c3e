//! Okta's server of the organisation itself, beside the custom one: its tokens are for Okta alone, and no application can
//! verify them. What they share is in `okta`.

use serde_json::{Value, json};

use super::{Dialect, Handler};
use crate::{
    endpoints::{
        authorize,
        call::{Call, Reply},
        introspection, jwks, revocation, token, userinfo,
    },
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
        "/authorize" => (Endpoint::Authorize, authorize::answer),
        "/introspect" => (Endpoint::Introspection, introspect),
        "/revoke" => (Endpoint::Revocation, revocation::answer),
        "/userinfo" => (Endpoint::Userinfo, userinfo::answer),
        _ => return None,
    })
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
    let mut reply = token::answer(site, call);
    let Ok(mut body) = serde_json::from_str::<Object>(&reply.body) else { return reply };
    if let Some(text) = body.get("access_token").and_then(Value::as_str).map(str::to_owned) {
        let unpublished = test_keys::named("rsa3072").expect("the key is embedded").with_kid("okta-internal");
        if let Some(fresh) = renamed(site, &text, &unpublished, |claims| {
            claims.insert("aud".to_owned(), json!(site.base_url));
        }) {
            site.realm.rewrite_access(&text, &fresh);
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
    let mut reply = introspection::answer(site, call);
    if let Ok(mut body) = serde_json::from_str::<Object>(&reply.body)
        && body.contains_key("iss")
    {
        body.insert("iss".to_owned(), json!(site.base_url));
        body.insert("aud".to_owned(), json!(site.base_url));
        reply.body = Value::Object(body).to_string();
    }
    reply
}
