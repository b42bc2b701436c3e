//! PingOne: out-of-band only; one environment, its issuer ends in `/as`, tokens have a list for `aud`, and a `typ` from
//! March 2027 on.
//! What it shares with others is in `realm`, `grants` and `endpoints`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dialect, Handler, common_members, first_keys, names};
use crate::{
    endpoints::{authorize, discovery, introspection, jwks, login, revocation, token, userinfo},
    journal::Endpoint,
    realm::{
        Clock, KeyChest, Policy, Realm, RealmSpec, TokenContext, TokenShape,
        jwt::Object,
        key_ring::KidStyle,
        scope::Strict,
        shape::{derived_uuid, object, subject},
    },
    server::Endpoints,
};

/// The environment, as it stands in every path.
const ENVIRONMENT: &str = "/3b1c7f52-6f0d-4e0a-9a57-2f6d1e8c4b90";
/// The organisation that the environment belongs to.
const ORGANISATION: &str = "9d2a4c16-58b3-4c7e-8f21-7be0a6d3c5f4";
/// The resource of tokens that were not asked for another one.
const AUDIENCE: &str = "https://api.pingone.com";

/// From 2 March 2027 on every access token says what it is (PingOne's announcement), in seconds since 1970.
const TYPED_FROM: u64 = 1_803_945_600;

pub(super) struct PingOne;

impl Dialect for PingOne {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        RealmSpec {
            clock,
            keys: first_keys(chest, KidStyle::Thumbprint),
            policy: Policy {
                grant_types: names(["authorization_code", "client_credentials", "refresh_token"]),
                public_grant_types: names(["authorization_code", "refresh_token"]),
                client_assertions: true,
                client_assertions_name_endpoint: true,
                longest_client_assertion: Some(3_600),
                token_endpoint: Some(format!("{base_url}{ENVIRONMENT}/as/token")),
                ..Policy::default()
            },
            shape: Arc::new(Shape),
            scope_rule: Arc::new(Strict),
            ..RealmSpec::new(format!("{base_url}{ENVIRONMENT}/as"))
        }
    }

    fn furnish(&self, _realm: &Realm) {}

    fn endpoints(&self, base: &str) -> Endpoints {
        let at = |path: &str| format!("{base}{ENVIRONMENT}/as{path}");
        Endpoints {
            token: at("/token"),
            jwks: at("/jwks"),
            authorize: at("/authorize"),
            device_authorization: None,
            introspection: Some(at("/introspect")),
            revocation: Some(at("/revoke")),
            registration: None,
            userinfo: Some(at("/userinfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        if path == login::PATH {
            return Some((Endpoint::Login, login::answer));
        }
        Some(match path.strip_prefix(ENVIRONMENT)?.strip_prefix("/as")? {
            "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/token" => (Endpoint::Token, token::answer),
            "/jwks" => (Endpoint::Jwks, jwks::answer),
            "/authorize" => (Endpoint::Authorize, authorize::answer),
            "/introspect" => (Endpoint::Introspection, introspection::answer),
            "/revoke" => (Endpoint::Revocation, revocation::answer),
            "/userinfo" => (Endpoint::Userinfo, userinfo::answer),
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let mut document = common_members(endpoints, realm);
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document["introspection_endpoint"] = json!(endpoints.introspection);
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["token_endpoint_auth_methods_supported"] =
            json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
        document["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256", "PS256", "ES256", "EdDSA"]);
        document
    }
}

/// The form of its tokens.
#[derive(Debug)]
struct Shape;

impl TokenShape for Shape {
    fn access_header(&self, context: &TokenContext<'_>) -> Object {
        match context.issued_at {
            ..TYPED_FROM => Object::new(),
            _ => object(json!({ "typ": "at+jwt" })),
        }
    }

    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let mut claims = object(json!({
            "client_id": context.client.id,
            "iss": context.issuer,
            "jti": context.jti,
            "iat": context.issued_at,
            "exp": context.expires_at,
            "aud": audience(context),
            "env": ENVIRONMENT.trim_start_matches('/'),
            "org": ORGANISATION,
            "p1.rid": derived_uuid(&audience(context).join(" ")),
            "sub": subject(context),
        }));
        if !context.scopes.is_empty() {
            claims.insert("scope".to_owned(), json!(context.scope_text()));
        }
        if context.user.is_some() {
            claims.insert("acr".to_owned(), json!("Single_Factor"));
            claims.insert("auth_time".to_owned(), json!(context.issued_at));
            claims.insert("sid".to_owned(), json!(derived_uuid(context.jti)));
        }
        claims
    }
}

/// Always a list.
fn audience(context: &TokenContext<'_>) -> Vec<String> {
    match context.client.audiences.as_slice() {
        [] => vec![AUDIENCE.to_owned()],
        own => own.to_vec(),
    }
}
