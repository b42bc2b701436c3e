//! A server that follows the RFCs to the letter: what a custom key manager is attached to.
//! What it shares with others is in `realm`, `grants` and `endpoints`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dialect, Handler, JWT_BEARER, TOKEN_EXCHANGE, common_members, first_keys, is_or_below, names};
use crate::{
    endpoints::{
        authorize, device, discovery, introspection, jwks, login,
        registration::{self, STANDARD},
        revocation, token, userinfo,
    },
    journal::Endpoint,
    realm::{Clock, KeyChest, Policy, Realm, RealmSpec, UserSpec, key_ring::KidStyle, random, scope::Strict},
    server::Endpoints,
};

pub(super) struct Custom;

impl Dialect for Custom {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        RealmSpec {
            clock,
            keys: first_keys(chest, KidStyle::Thumbprint),
            policy: Policy {
                grant_types: names([
                    "client_credentials",
                    "password",
                    "refresh_token",
                    "authorization_code",
                    device::GRANT,
                    JWT_BEARER,
                    TOKEN_EXCHANGE,
                ]),
                public_grant_types: names(["password", "refresh_token", "authorization_code", device::GRANT]),
                client_assertions: true,
                strangers_see_users: false,
                token_endpoint: Some(format!("{base_url}/token")),
                ..Policy::default()
            },
            scope_rule: Arc::new(Strict),
            ..RealmSpec::new(base_url)
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_user(UserSpec::new("admin", "admin").roles(["admin"]));
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        Endpoints {
            device_authorization: Some(format!("{base}/device_authorization")),
            token: format!("{base}/token"),
            jwks: format!("{base}/jwks"),
            authorize: format!("{base}/authorize"),
            introspection: Some(format!("{base}/introspect")),
            revocation: Some(format!("{base}/revoke")),
            registration: Some(format!("{base}{}", STANDARD.base)),
            userinfo: Some(format!("{base}/userinfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        Some(match path {
            "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/.well-known/oauth-authorization-server" => (Endpoint::Discovery, discovery::oauth),
            "/token" => (Endpoint::Token, token::answer),
            "/jwks" => (Endpoint::Jwks, jwks::answer),
            "/authorize" => (Endpoint::Authorize, authorize::answer),
            login::PATH => (Endpoint::Login, login::answer),
            "/device_authorization" => (Endpoint::DeviceAuthorization, device::authorize),
            device::PAGE => (Endpoint::Login, device::page),
            "/introspect" => (Endpoint::Introspection, introspection::answer),
            "/revoke" => (Endpoint::Revocation, revocation::answer),
            "/userinfo" => (Endpoint::Userinfo, userinfo::answer),
            _ if is_or_below(path, STANDARD.base) => {
                (Endpoint::Registration, |site, call| registration::answer(site, call, &STANDARD))
            }
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let methods = json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
        let confidential = json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]);
        let mut document = common_members(endpoints, realm);
        document["introspection_endpoint"] = json!(endpoints.introspection);
        document["introspection_endpoint_auth_methods_supported"] = confidential;
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["revocation_endpoint_auth_methods_supported"] = methods.clone();
        document["token_endpoint_auth_methods_supported"] = methods;
        document["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256", "PS256", "ES256", "EdDSA"]);
        document["device_authorization_endpoint"] = json!(endpoints.device_authorization);
        document["registration_endpoint"] = json!(endpoints.registration);
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document
    }

    fn initial_access_token(&self) -> Option<String> {
        Some(random::text(32))
    }
}
