//! Amazon Cognito: out-of-band only, two signing keys, tokens without `typ` and `aud`, scopes with a slash.
//! At Amazon the issuer and the endpoints are on two hosts; here one host serves both, unless it is given an issuer host.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dialect, Handler, common_members, first_keys, names};
use crate::{
    endpoints::{
        authorize,
        call::{Call, Reply},
        discovery, jwks, login, logout, revocation, token, userinfo,
    },
    grants::TokenAnswer,
    journal::Endpoint,
    realm::{
        Cause, Clock, KeyChest, KeyPurpose, OAuthError, Policy, Realm, RealmSpec, ScopeRequest, ScopeRule,
        TokenContext, TokenKind, TokenShape, User,
        jwt::Object,
        key_ring::KidStyle,
        policy::Rotation,
        random, scope,
        shape::{object, subject},
    },
    server::{Endpoints, Site},
};

const POOL: &str = "/us-east-1_KmspecPool";

pub(super) struct Cognito;

impl Dialect for Cognito {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let keys = first_keys(chest, KidStyle::Padded);
        // Id tokens are signed with a key of their own.
        keys.rotate_for(KeyPurpose::Id);
        RealmSpec {
            clock,
            keys,
            policy: Policy {
                grant_types: names(["authorization_code", "client_credentials", "refresh_token"]),
                public_grant_types: names(["authorization_code", "refresh_token"]),
                public_clients_need_challenge: false,
                rotation: Rotation::KeepSilently,
                access_tokens_revocable: false,
                resource_binding: true,
                dialect: worded,
                ..Policy::default()
            },
            shape: Arc::new(Shape),
            scope_rule: Arc::new(Associated),
            ..RealmSpec::new(format!("{base_url}{POOL}"))
        }
    }

    fn furnish(&self, _realm: &Realm) {}

    fn endpoints(&self, base: &str) -> Endpoints {
        Endpoints {
            token: format!("{base}/oauth2/token"),
            jwks: format!("{base}{POOL}/.well-known/jwks.json"),
            authorize: format!("{base}/oauth2/authorize"),
            device_authorization: None,
            introspection: None,
            revocation: Some(format!("{base}/oauth2/revoke")),
            registration: None,
            userinfo: Some(format!("{base}/oauth2/userInfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        Some(match path {
            "/oauth2/token" => (Endpoint::Token, token::answer),
            "/oauth2/authorize" => (Endpoint::Authorize, authorize::answer),
            login::PATH => (Endpoint::Login, login::answer),
            logout::COGNITO => (Endpoint::Session, logout::of_cognito),
            "/oauth2/revoke" => (Endpoint::Revocation, revoke),
            "/oauth2/userInfo" => (Endpoint::Userinfo, userinfo::answer),
            _ => match path.strip_prefix(POOL)? {
                "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
                "/.well-known/jwks.json" => (Endpoint::Jwks, jwks::answer),
                _ => return None,
            },
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let mut document = common_members(endpoints, realm);
        if let Some(members) = document.as_object_mut() {
            members.remove("grant_types_supported");
            members.remove("code_challenge_methods_supported");
        }
        document["revocation_endpoint"] = json!(endpoints.revocation);
        let base = endpoints.token.strip_suffix("/oauth2/token").unwrap_or_default();
        document["end_session_endpoint"] = json!(format!("{base}{}", logout::COGNITO));
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic", "client_secret_post"]);
        document
    }

    /// The granted scopes are not repeated in the answer.
    fn token_body(&self, answer: &TokenAnswer) -> Value {
        let mut body = answer.body();
        if let Some(members) = body.as_object_mut() {
            members.remove("scope");
        }
        body
    }

    fn foreign_token(&self, _kind: TokenKind) -> Result<(), OAuthError> {
        Ok(())
    }

    /// Unlike at the token endpoint, a client that does not authenticate is 401 here.
    fn revocation_refusal(&self, error: OAuthError, _policy: &Policy) -> Reply {
        let error = OAuthError { description: String::new(), ..error };
        Reply::error(&error)
    }
}

/// Revocation, where the pool has it switched on.
fn revoke(site: &Site, call: &Call) -> Reply {
    if site.realm.policy().revocation {
        return revocation::answer(site, call);
    }
    Reply::error(&OAuthError::invalid_request(""))
}

/// Every refusal of the token endpoint is 400 and says no more than its code.
fn worded(error: OAuthError) -> OAuthError {
    let status = if error.status == 401 { 400 } else { error.status };
    // A redirect URI that is not the one of before is blamed on the client.
    let code = match error.cause {
        Some(Cause::OtherRedirect) => "unauthorized_client".to_owned(),
        _ => error.code.clone(),
    };
    OAuthError { status, code, description: String::new(), ..error }
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
            "sub": subject(context),
            "token_use": "access",
            "scope": context.scope_text(),
            "auth_time": context.issued_at,
            "iss": context.issuer,
            "exp": context.expires_at,
            "iat": context.issued_at,
            "version": 2,
            "jti": context.jti,
            "client_id": context.client.id,
        }));
        if let Some(resource) = context.audience {
            claims.insert("aud".to_owned(), json!(resource));
        }
        if let Some(user) = context.user {
            claims.insert("username".to_owned(), json!(user.name));
            claims.insert("origin_jti".to_owned(), json!(context.family));
            claims.insert("event_id".to_owned(), json!(random::uuid()));
            if !user.roles.is_empty() {
                claims.insert("cognito:groups".to_owned(), json!(user.roles));
            }
        }
        claims
    }

    fn id_header(&self) -> Object {
        Object::new()
    }

    fn id_claims(&self, context: &TokenContext<'_>, user: &User) -> Object {
        let mut claims = object(json!({
            "sub": user.id,
            "iss": context.issuer,
            "aud": context.client.id,
            "token_use": "id",
            "cognito:username": user.name,
            "origin_jti": context.family,
            "auth_time": context.issued_at,
            "iat": context.issued_at,
            "exp": context.expires_at,
        }));
        claims.extend(user.claims.clone());
        claims
    }
}

/// All scopes of the client when none are asked for; those that are not the client's are ignored.
#[derive(Debug)]
struct Associated;

impl ScopeRule for Associated {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let own = request.client.scopes.as_deref();
        let associated = |name: &String| {
            own.is_some_and(|own| own.contains(name))
                || (request.user.is_some() && scope::OPENID.contains(&name.as_str()))
        };
        Ok(match request.requested {
            None => own.unwrap_or_default().to_vec(),
            Some(requested) => requested.iter().filter(|name| associated(name)).cloned().collect(),
        })
    }
}
