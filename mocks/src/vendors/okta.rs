//! Okta: the custom authorization server `default` of an organisation; scopes as a list in `scp`, the client in `cid`.
//! The server of the organisation itself is in `okta_org`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dialect, Handler, common_members, first_keys, is_or_below, names, okta_org};
use crate::{
    endpoints::{discovery, jwks, login, registration_okta},
    grants::TokenRequest,
    journal::Endpoint,
    realm::{
        Cause, Clock, KeyChest, OAuthError, Policy, Realm, RealmSpec, TokenContext, TokenKind, TokenRow, TokenShape,
        jwt::Object,
        key_ring::KidStyle,
        policy::Rotation,
        random,
        scope::Strict,
        shape::{object, subject},
    },
    server::{Endpoints, Site},
};

/// The authorization server's path; its id is `default`.
const SERVER: &str = "/oauth2/default";
/// The audience of its tokens unless the client has others.
const AUDIENCE: &str = "api://default";

pub(super) struct Okta;

impl Dialect for Okta {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let keys = first_keys(chest, KidStyle::Thumbprint);
        keys.publish_next();
        RealmSpec {
            clock,
            keys,
            policy: Policy {
                grant_types: names(["authorization_code", "client_credentials", "password", "refresh_token"]),
                public_grant_types: names(["authorization_code", "password", "refresh_token"]),
                rotation: Rotation::Keep,
                refresh_without_asking: false,
                dialect: worded,
                ..Policy::default()
            },
            shape: Arc::new(Shape),
            scope_rule: Arc::new(Strict),
            ..RealmSpec::new(format!("{base_url}{SERVER}"))
        }
    }

    fn furnish(&self, _realm: &Realm) {}

    fn endpoints(&self, base: &str) -> Endpoints {
        let at = |path: &str| format!("{base}{SERVER}{path}");
        Endpoints {
            token: at("/v1/token"),
            jwks: at("/v1/keys"),
            authorize: at("/v1/authorize"),
            device_authorization: None,
            introspection: Some(at("/v1/introspect")),
            revocation: Some(at("/v1/revoke")),
            // One for the whole organisation.
            registration: Some(format!("{base}{}", registration_okta::MANNER.base)),
            userinfo: Some(at("/v1/userinfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        if is_or_below(path, registration_okta::MANNER.base) {
            return Some((Endpoint::Registration, registration_okta::answer));
        }
        if path == login::PATH {
            return Some((Endpoint::Login, login::answer));
        }
        let Some(below) = path.strip_prefix(SERVER) else {
            // A server of another id.
            if let Some(of_the_organisation) = okta_org::route(path) {
                return Some(of_the_organisation);
            }
            let unknown = path.starts_with("/oauth2/") && path.contains("/.well-known/");
            return unknown.then_some((Endpoint::Discovery, |_, call| registration_okta::not_found(call)));
        };
        Some(match below {
            "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/.well-known/oauth-authorization-server" => (Endpoint::Discovery, discovery::oauth),
            "/v1/keys" => (Endpoint::Jwks, jwks::answer),
            _ => return okta_org::custom(below),
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let methods = json!(["client_secret_basic", "client_secret_post", "none"]);
        let mut document = common_members(endpoints, realm);
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document["registration_endpoint"] = json!(endpoints.registration);
        document["introspection_endpoint"] = json!(endpoints.introspection);
        document["introspection_endpoint_auth_methods_supported"] =
            json!(["client_secret_basic", "client_secret_post"]);
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["revocation_endpoint_auth_methods_supported"] = methods.clone();
        document["token_endpoint_auth_methods_supported"] = methods;
        document["claims_supported"] = json!(["ver", "jti", "iss", "aud", "iat", "exp", "cid", "uid", "scp", "sub"]);
        document
    }

    fn jwks_headers(&self) -> Vec<(String, String)> {
        vec![("cache-control".to_owned(), "max-age=3600, must-revalidate".to_owned())]
    }

    /// Id tokens are introspected as well.
    fn introspected(&self, site: &Site, request: &TokenRequest, token: &str) -> Object {
        let of_organisation = okta_org::route(&request.path).is_some();
        let issuer = if of_organisation { &site.base_url } else { site.realm.issuer() };
        let live =
            |claims: &Object| claims.get("exp").and_then(Value::as_u64).is_some_and(|exp| site.realm.now() < exp);
        let Some(claims) = site.realm.id_token_of(token, issuer).filter(live) else {
            return site.realm.introspect(token);
        };
        let client = claims.get("aud").and_then(Value::as_str).filter(|id| site.realm.client(id).is_some());
        let Some(client) = client.map(str::to_owned) else { return site.realm.introspect(token) };
        let mut members = object(json!({ "active": true, "client_id": client }));
        members.extend(claims);
        members
    }

    /// Nothing is said of other clients' tokens, and nothing done to them.
    fn foreign_token(&self, _kind: TokenKind) -> Result<(), OAuthError> {
        Ok(())
    }

    /// The key of the organisation's interface, sent under the scheme `SSWS`.
    fn initial_access_token(&self) -> Option<String> {
        Some(format!("00{}", random::alphanumeric(40)))
    }
}

/// Credentials that are missing or cannot be read make the request invalid, not the client.
fn worded(error: OAuthError) -> OAuthError {
    match error.cause {
        Some(Cause::NoClient | Cause::UnreadableCredentials) => {
            OAuthError { status: 400, code: "invalid_request".to_owned(), ..error }
        }
        _ => error,
    }
}

/// The form of its tokens.
#[derive(Debug)]
struct Shape;

impl TokenShape for Shape {
    fn access_header(&self, _context: &TokenContext<'_>) -> Object {
        Object::new()
    }

    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let mut claims = object(json!({
            "ver": 1,
            "jti": jti(context.jti),
            "iss": context.issuer,
            "aud": audience(context),
            "iat": context.issued_at,
            "exp": context.expires_at,
            "cid": context.client.id,
            "scp": context.scopes,
            "sub": context.user.map_or_else(|| subject(context), |user| &user.name),
        }));
        if let Some(user) = context.user {
            claims.insert("uid".to_owned(), json!(user.id));
        }
        claims
    }

    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let mut members = object(json!({
            "token_type": "Bearer",
            "scope": row.scopes.join(" "),
            "client_id": row.client_id,
            "exp": row.expires_at,
            "iat": row.issued_at,
            "sub": context.user.map_or_else(|| subject(context), |user| &user.name),
            "aud": audience(context),
            "iss": context.issuer,
            "jti": jti(&row.jti),
        }));
        if let Some(user) = context.user {
            members.insert("username".to_owned(), json!(user.name));
            members.insert("uid".to_owned(), json!(user.id));
        }
        members
    }
}

/// Ids tell what they are ids of.
fn jti(id: &str) -> String {
    format!("AT.{id}")
}

fn audience(context: &TokenContext<'_>) -> Value {
    match context.client.audiences.as_slice() {
        [] => json!(AUDIENCE),
        [one] => json!(one),
        several => json!(several),
    }
}
