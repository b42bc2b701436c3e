//! Auth0: an issuer with a trailing slash, JWTs only for an audience, 403 for grants that fail, clients by management API.
//! What it shares with others is in `realm`, `grants` and `endpoints`.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Dialect, Handler, common_members, detailed_keys, first_keys, is_or_below, names};
use crate::{
    endpoints::{
        auth0_management as management_api, authorize,
        call::{Call, Reply},
        discovery, jwks, login,
        management::manager,
        registration_auth0, revocation, token, userinfo,
    },
    grants::authenticate_client,
    journal::Endpoint,
    realm::{
        Cause, Clock, KeyChest, OAuthError, Policy, Realm, RealmSpec, ScopeRequest, ScopeRule, SigningKey,
        TokenContext, TokenKind, TokenShape, User,
        jwt::{self, Object},
        key_ring::KidStyle,
        policy::Rotation,
        scope::{self, Dropping},
        shape::{object, subject},
    },
    server::{Endpoints, Site},
};

/// The APIs that a fresh server knows, beside the one for management; more are added to the policy. The form of a token
/// is its API's choice: Auth0's own profile, the same with permissions, or the one of RFC 9068.
const DEFAULT_API: &str = "https://api.example.com/";
const API_WITH_PERMISSIONS: &str = "https://rbac.example.com/";
const RFC9068_API: &str = "https://rfc9068.example.com/";
const RFC9068_API_WITH_PERMISSIONS: &str = "https://rfc9068-rbac.example.com/";
/// An API whose tokens are signed with a secret that it shares with Auth0, so that no published key verifies them.
const SHARED_SECRET_API: &str = "https://hs256.example.com/";
/// That secret.
pub(super) const API_SECRET: &str = "kmspec-test-secret-of-an-hs256-api";

pub(super) struct Auth0;

impl Dialect for Auth0 {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let keys = first_keys(chest, KidStyle::Thumbprint);
        keys.publish_next();
        RealmSpec {
            clock,
            keys,
            policy: Policy {
                json_requests: true,
                grant_types: names(["client_credentials", "password", "refresh_token", "authorization_code"]),
                public_grant_types: names(["password", "refresh_token", "authorization_code"]),
                public_clients_need_challenge: false,
                rotation: Rotation::KeepSilently,
                refresh_without_asking: false,
                access_tokens_revocable: false,
                audiences: Some(names([
                    DEFAULT_API,
                    API_WITH_PERMISSIONS,
                    RFC9068_API,
                    RFC9068_API_WITH_PERMISSIONS,
                    SHARED_SECRET_API,
                    &format!("{base_url}{}", management_api::BASE),
                ])),
                userinfo_audience: Some(format!("{base_url}/userinfo")),
                dialect: worded,
                ..Policy::default()
            },
            shape: Arc::new(Shape),
            scope_rule: Arc::new(Granted),
            ..RealmSpec::new(format!("{base_url}/"))
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_client(manager());
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        Endpoints {
            token: format!("{base}/oauth/token"),
            jwks: format!("{base}/.well-known/jwks.json"),
            authorize: format!("{base}/authorize"),
            device_authorization: None,
            introspection: None,
            revocation: Some(format!("{base}/oauth/revoke")),
            // The Management API's; discovery does not speak of it.
            registration: Some(format!("{base}{}", management_api::CLIENTS)),
            userinfo: Some(format!("{base}/userinfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        Some(match path {
            "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/.well-known/jwks.json" => (Endpoint::Jwks, jwks::answer),
            "/oauth/token" => (Endpoint::Token, token),
            "/authorize" => (Endpoint::Authorize, authorize::answer),
            login::PATH => (Endpoint::Login, login::answer),
            "/oauth/revoke" => (Endpoint::Revocation, revocation::answer),
            "/userinfo" => (Endpoint::Userinfo, userinfo::answer),
            registration_auth0::PATH => (Endpoint::Registration, registration_auth0::answer),
            _ if is_or_below(path, management_api::CLIENTS) || is_or_below(path, management_api::GRANTS) => {
                (Endpoint::Registration, management_api::answer)
            }
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let mut document = common_members(endpoints, realm);
        if let Some(members) = document.as_object_mut() {
            members.remove("grant_types_supported");
        }
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic", "client_secret_post"]);
        document
    }

    /// Each entry with its certificate.
    fn jwks(&self, realm: &Realm) -> Value {
        detailed_keys(realm, |entry, key| {
            entry["x5t"] = json!(key.x5t());
            entry["x5c"] = json!([key.x5c()]);
        })
    }

    /// A token of another client is passed over as if it had been revoked.
    fn foreign_token(&self, _kind: TokenKind) -> Result<(), OAuthError> {
        Ok(())
    }

    /// A client that is not named is a parameter that is missing.
    fn revocation_refusal(&self, error: OAuthError, _policy: &Policy) -> Reply {
        match error.cause {
            Some(Cause::NoClient) => Reply::error(&OAuthError::invalid_request("client_id is missing")),
            _ => Reply::error(&error),
        }
    }
}

/// The token endpoint; a client that was made by the management API has tokens only for the APIs that it was granted.
fn token(site: &Site, call: &Call) -> Reply {
    let Ok(request) = call.form(true) else { return token::answer(site, call) };
    let audience = request.form.value("audience").unwrap_or_default();
    let known = site.realm.policy().audiences.iter().flatten().any(|known| known == audience);
    let for_itself = request.form.value("grant_type") == Some("client_credentials");
    let lacks = |client: &crate::realm::Client| {
        client.metadata.contains_key(management_api::GRANTED)
            && !management_api::grants_of(client).iter().any(|grant| grant["audience"] == audience)
    };
    if known && for_itself && authenticate_client(&site.realm, &request).is_ok_and(|client| lacks(&client)) {
        let words = format!("Client is not authorized to access {audience}. You need to create a client-grant");
        return Reply::error(&OAuthError::new(403, "access_denied", words));
    }
    token::answer(site, call)
}

fn worded(error: OAuthError) -> OAuthError {
    match error.code.as_str() {
        "invalid_client" => OAuthError::new(401, "access_denied", "Unauthorized"),
        "invalid_grant" => OAuthError { status: 403, ..error },
        "unauthorized_client" => OAuthError {
            status: 403,
            uri: Some("https://auth0.com/docs/clients/client-grant-types".to_owned()),
            ..error
        },
        _ => error,
    }
}

/// A client that asks in its own name for a scope that nobody granted it is turned away (reported in auth0/docs, issue
/// 5466); a user gets what there is.
#[derive(Debug)]
struct Granted;

impl ScopeRule for Granted {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let granted = Dropping.grant(request)?;
        let refused = |scope: &&String| !granted.contains(scope) && !scope::OPENID.contains(&scope.as_str());
        match request.requested.unwrap_or_default().iter().find(refused) {
            Some(scope) if request.user.is_none() => {
                Err(OAuthError::new(403, "access_denied", format!("Client has not been granted scopes: {scope}")))
            }
            _ => Ok(granted),
        }
    }
}

/// The form of its tokens.
#[derive(Debug)]
struct Shape;

/// Whether the API takes tokens in the form of RFC 9068.
fn is_rfc9068(context: &TokenContext<'_>) -> bool {
    matches!(context.audience, Some(RFC9068_API | RFC9068_API_WITH_PERMISSIONS))
}

impl TokenShape for Shape {
    fn access_header(&self, context: &TokenContext<'_>) -> Object {
        object(json!({ "typ": if is_rfc9068(context) { "at+jwt" } else { "JWT" } }))
    }

    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let client_id = &context.client.id;
        let asked = context.audience.unwrap_or_default();
        // Several audiences need a key that all of them can look up.
        let several = context.audience != Some(SHARED_SECRET_API);
        let audience = if several && context.scopes.iter().any(|scope| scope == "openid") {
            json!([asked, format!("{}userinfo", context.issuer)])
        } else {
            json!(asked)
        };
        let mut claims = object(json!({
            "iss": context.issuer,
            "sub": if context.user.is_some() { user_subject(subject(context)) } else { format!("{client_id}@clients") },
            "aud": audience,
            "iat": context.issued_at,
            "exp": context.expires_at,
        }));
        let more = if is_rfc9068(context) {
            json!({ "client_id": client_id, "jti": context.jti })
        } else {
            json!({ "azp": client_id, "gty": context.grant_type.replace('_', "-") })
        };
        claims.extend(object(more));
        if matches!(context.audience, Some(API_WITH_PERMISSIONS | RFC9068_API_WITH_PERMISSIONS)) {
            claims.insert("permissions".to_owned(), json!(context.scopes));
        }
        if !context.scopes.is_empty() {
            claims.insert("scope".to_owned(), json!(context.scope_text()));
        }
        claims
    }

    fn sealed(&self, key: &SigningKey, header: Object, claims: &Object) -> String {
        if claims.get("aud").and_then(Value::as_str) != Some(SHARED_SECRET_API) {
            return jwt::sign(key, header, claims);
        }
        let mut whole = object(json!({ "alg": "HS256" }));
        whole.extend(header);
        let message = format!("{}.{}", jwt::encode(&whole), jwt::encode(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, API_SECRET.as_bytes()), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn id_claims(&self, context: &TokenContext<'_>, user: &User) -> Object {
        let mut claims = object(json!({
            "iss": context.issuer,
            "sub": user_subject(&user.id),
            "aud": context.client.id,
            "iat": context.issued_at,
            "exp": context.expires_at,
        }));
        claims.extend(user.claims.clone());
        claims
    }
}

/// Users are named by the connection they log in through.
fn user_subject(id: &str) -> String {
    format!("auth0|{id}")
}
