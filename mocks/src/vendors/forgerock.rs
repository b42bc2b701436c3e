//! ForgeRock Access Management (PingAM): client-based tokens with `tokenName` and scopes as a list, refresh tokens of the
//! same form under the same key. It signs with RS256 here; out of the box the product signs with a shared secret.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dialect, Handler, common_members, first_keys, names};
use crate::{
    endpoints::{
        authorize, discovery, introspection, jwks, login,
        management::manager,
        registration::{self, Manner},
        revocation, token, userinfo,
    },
    grants::{TokenRequest, authenticate_client},
    journal::Endpoint,
    realm::{
        Clock, KeyChest, Policy, Realm, RealmSpec, SigningKey, TokenContext, TokenFormat, TokenRow, TokenShape, User,
        jwt::{self, Object},
        key_ring::KidStyle,
        random,
        scope::Strict,
        shape::{Standard, derived_uuid, object},
    },
    server::{Endpoints, Site},
};

/// The scope of clients that may introspect tokens of others.
const EVERY_TOKEN: &str = "am-introspect-all-tokens";

/// The realm below the root.
const REALM: &str = "/am/oauth2/realms/root/realms/kmspec";

const MANNER: Manner = Manner {
    base: "/am/oauth2/realms/root/realms/kmspec/register",
    methods: &["client_secret_basic", "client_secret_post", "none"],
    keeps: &[
        "application_type",
        "client_type",
        "client_name#en",
        "default_scopes",
        "access_token_lifetime",
        "refresh_token_lifetime",
        "authorization_code_lifetime",
    ],
    chosen_credentials: true,
    chosen_token: true,
    named_in_query: true,
};

pub(super) struct ForgeRock;

impl Dialect for ForgeRock {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        RealmSpec {
            clock,
            keys: first_keys(chest, KidStyle::Thumbprint),
            policy: Policy {
                grant_types: names(["authorization_code", "client_credentials", "password", "refresh_token"]),
                public_grant_types: names(["authorization_code", "password", "refresh_token"]),
                ..Policy::default()
            },
            shape: Arc::new(Shape),
            scope_rule: Arc::new(Strict),
            ..RealmSpec::new(format!("{base_url}{REALM}"))
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_client(manager().scopes([EVERY_TOKEN]));
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        let at = |path: &str| format!("{base}{REALM}{path}");
        Endpoints {
            token: at("/access_token"),
            jwks: at("/connect/jwk_uri"),
            authorize: at("/authorize"),
            device_authorization: None,
            introspection: Some(at("/introspect")),
            revocation: Some(at("/token/revoke")),
            registration: Some(at("/register")),
            userinfo: Some(at("/userinfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        if path == login::PATH {
            return Some((Endpoint::Login, login::answer));
        }
        Some(match path.strip_prefix(REALM)? {
            "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/access_token" => (Endpoint::Token, token::answer),
            "/connect/jwk_uri" => (Endpoint::Jwks, jwks::answer),
            "/authorize" => (Endpoint::Authorize, authorize::answer),
            "/introspect" => (Endpoint::Introspection, introspection::answer),
            "/token/revoke" => (Endpoint::Revocation, revocation::answer),
            "/userinfo" => (Endpoint::Userinfo, userinfo::answer),
            "/register" => (Endpoint::Registration, |site, call| registration::answer(site, call, &MANNER)),
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let methods = json!(["client_secret_basic", "client_secret_post", "none"]);
        let mut document = common_members(endpoints, realm);
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document["introspection_endpoint"] = json!(endpoints.introspection);
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["registration_endpoint"] = json!(endpoints.registration);
        document["token_endpoint_auth_methods_supported"] = methods;
        document
    }

    /// A token is there for the client that it was issued to, and for clients that are configured to see every one.
    fn introspected(&self, site: &Site, request: &TokenRequest, token: &str) -> Object {
        let caller = authenticate_client(&site.realm, request).ok();
        let may_see = |owner: &str| {
            caller.as_ref().is_some_and(|client| {
                client.id == owner || client.scopes.iter().flatten().any(|scope| scope == EVERY_TOKEN)
            })
        };
        match site.realm.token(token) {
            Some((row, _)) if !may_see(&row.client_id) => object(json!({ "active": false })),
            _ => site.realm.introspect(token),
        }
    }

    fn initial_access_token(&self) -> Option<String> {
        Some(random::text(32))
    }
}

/// The form of its tokens.
#[derive(Debug)]
struct Shape;

impl TokenShape for Shape {
    fn access_header(&self, _context: &TokenContext<'_>) -> Object {
        object(json!({ "typ": "JWT" }))
    }

    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        claims(context, "access_token", context.jti, context.expires_at)
    }

    fn id_claims(&self, context: &TokenContext<'_>, user: &User) -> Object {
        let mut claims = Standard.id_claims(context, user);
        claims.insert("sub".to_owned(), json!(named(context).0));
        claims
    }

    /// Of whom and for whom, as the token itself says.
    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let (sub, bare) = named(context);
        let mut members = Standard.introspection(context, row);
        members.extend(object(json!({ "sub": sub, "subname": bare, "aud": context.client.id, "realm": "/kmspec" })));
        members
    }

    /// Of the same form, and signed with the same key: only `tokenName` tells it from an access token.
    fn refresh_jwt(
        &self,
        context: &TokenContext<'_>,
        format: TokenFormat,
        expires_at: u64,
        key: &SigningKey,
    ) -> Option<String> {
        let claims = claims(context, "refresh_token", &random::uuid(), expires_at);
        (format == TokenFormat::Jwt).then(|| jwt::sign(key, object(json!({ "typ": "JWT" })), &claims))
    }
}

/// Of whom a token is: with the kind, and bare.
fn named<'a>(context: &TokenContext<'a>) -> (String, &'a str) {
    let (bare, kind) = match context.user {
        Some(user) => (user.name.as_str(), "usr"),
        None => (context.client.id.as_str(), "age"),
    };
    (format!("({kind}!{bare})"), bare)
}

fn claims(context: &TokenContext<'_>, name: &str, jti: &str, expires_at: u64) -> Object {
    let (sub, bare) = named(context);
    object(json!({
        "sub": sub,
        "subname": bare,
        "cts": "OAUTH2_STATELESS_GRANT",
        "auditTrackingId": derived_uuid(context.jti),
        "iss": context.issuer,
        "tokenName": name,
        "token_type": "Bearer",
        "authGrantId": derived_uuid(&format!("{} {bare}", context.client.id)),
        "aud": context.client.id,
        "nbf": context.issued_at,
        "grant_type": context.grant_type,
        "scope": context.scopes,
        "auth_time": context.issued_at,
        "realm": "/kmspec",
        "exp": expires_at,
        "iat": context.issued_at,
        "expires_in": expires_at.saturating_sub(context.issued_at),
        "jti": jti,
    }))
}
