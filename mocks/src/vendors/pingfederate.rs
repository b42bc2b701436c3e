//! PingFederate: paths that end in `.oauth2`, an access token manager that writes JWTs and names the client in
//! `client_id_name`, as key managers are told to configure it. What it shares with others is in `realm` and `endpoints`.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Dialect, Handler, common_members, detailed_keys, first_keys, is_or_below, names};
use crate::{
    endpoints::{
        authorize,
        call::{Call, Reply},
        discovery, introspection, jwks, login, registration_ping, revocation, token, userinfo,
    },
    grants::{TokenRequest, authenticate_client},
    journal::Endpoint,
    realm::{
        Clock, KeyChest, Lifetimes, Policy, Realm, RealmSpec, TokenContext, TokenKind, TokenRow, TokenShape, UserSpec,
        jwt::Object,
        key_ring::KidStyle,
        scope::Strict,
        shape::{object, subject},
        test_keys::KeyFamily,
    },
    server::{Endpoints, Site},
};

/// The grant type of clients that only have tokens validated; they may do so by their id alone.
const VALIDATE: &str = "urn:pingidentity.com:oauth2:grant_type:validate_bearer";

pub(super) struct PingFederate;

impl Dialect for PingFederate {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let keys = first_keys(chest, KidStyle::Thumbprint);
        keys.publish_of(KeyFamily::P256);
        RealmSpec {
            clock,
            keys,
            policy: Policy {
                grant_types: names(["authorization_code", "client_credentials", "password", "refresh_token"]),
                public_grant_types: names(["authorization_code", "password", "refresh_token"]),
                // An access token manager gives two hours unless it is told otherwise.
                lifetimes: Lifetimes { app_seconds: 7_200, user_seconds: 7_200, ..Lifetimes::default() },
                ..Policy::default()
            },
            shape: Arc::new(Shape),
            scope_rule: Arc::new(Strict),
            ..RealmSpec::new(base_url)
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_user(UserSpec::new("admin", "admin").roles(["admin"]));
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        Endpoints {
            token: format!("{base}/as/token.oauth2"),
            jwks: format!("{base}/pf/JWKS"),
            authorize: format!("{base}/as/authorization.oauth2"),
            device_authorization: None,
            introspection: Some(format!("{base}/as/introspect.oauth2")),
            revocation: Some(format!("{base}/as/revoke_token.oauth2")),
            // The administration's own; discovery does not speak of it.
            registration: Some(format!("{base}{}", registration_ping::BASE)),
            userinfo: Some(format!("{base}/idp/userinfo.openid")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        Some(match path {
            "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/as/token.oauth2" => (Endpoint::Token, token::answer),
            "/pf/JWKS" => (Endpoint::Jwks, jwks::answer),
            "/as/authorization.oauth2" => (Endpoint::Authorize, authorize::answer),
            login::PATH => (Endpoint::Login, login::answer),
            "/as/introspect.oauth2" => (Endpoint::Introspection, introspection::answer),
            "/as/revoke_token.oauth2" => (Endpoint::Revocation, revocation::answer),
            "/idp/userinfo.openid" => (Endpoint::Userinfo, userinfo::answer),
            _ if is_or_below(path, registration_ping::BASE) => (Endpoint::Registration, registration_ping::answer),
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let mut document = common_members(endpoints, realm);
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document["introspection_endpoint"] = json!(endpoints.introspection);
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["token_endpoint_auth_methods_supported"] =
            json!(["client_secret_basic", "client_secret_post", "none"]);
        document
    }

    /// Entries may carry the certificate of their key.
    fn jwks(&self, realm: &Realm) -> Value {
        detailed_keys(realm, |entry, key| entry["x5c"] = json!([key.x5c()]))
    }

    /// A client that was made for nothing but validating tokens needs no secret for it.
    fn may_introspect(&self, site: &Site, _call: &Call, request: &TokenRequest) -> Result<(), Reply> {
        match authenticate_client(&site.realm, request) {
            Ok(client) if client.is_public() && !client.allows_grant(VALIDATE) => {
                Err(Reply::error(&crate::realm::OAuthError::invalid_client("the client may not validate tokens")))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(Reply::error(&super::worded(&site.realm.policy(), error))),
        }
    }

    /// A refresh token is looked up only when it is said to be one.
    fn introspected(&self, site: &Site, request: &TokenRequest, token: &str) -> Object {
        let hinted = request.form.value("token_type_hint") == Some("refresh_token");
        match site.realm.token(token) {
            Some((_, TokenKind::Refresh)) if !hinted => object(json!({ "active": false })),
            _ => site.realm.introspect(token),
        }
    }
}

/// The form of its tokens.
#[derive(Debug)]
struct Shape;

impl TokenShape for Shape {
    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let mut claims = object(json!({
            "client_id_name": context.client.id,
            "iss": context.issuer,
            "jti": short_id(context.jti),
            "sub": subject(context),
            "iat": context.issued_at,
            "exp": context.expires_at,
        }));
        if !context.scopes.is_empty() {
            claims.insert("scope".to_owned(), json!(context.scope_text()));
        }
        match context.client.audiences.as_slice() {
            [] => {}
            [one] => drop(claims.insert("aud".to_owned(), json!(one))),
            several => drop(claims.insert("aud".to_owned(), json!(several))),
        }
        if let Some(user) = context.user {
            claims.insert("Username".to_owned(), json!(user.name));
        }
        claims
    }

    /// The token's own attributes, and the client's id under the name of the RFC.
    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let mut members = self.access_claims(context);
        members.insert("client_id".to_owned(), json!(row.client_id));
        members.insert("token_type".to_owned(), json!("Bearer"));
        members
    }
}

/// Ids of 22 characters.
fn short_id(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, id.as_bytes()).as_ref()[..16])
}
