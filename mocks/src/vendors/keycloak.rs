//! Keycloak: one realm; refresh tokens are JWTs under a secret of the realm, and errors have codes of their own.
//! The form of its tokens is in `keycloak_shape`.

use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use super::{Dialect, Handler, common_members, first_keys, is_or_below, keycloak_shape, names};
use crate::{
    endpoints::{
        authorize,
        call::{Call, Reply},
        device, discovery, introspection, jwks, keycloak_admin, login, logout,
        management::manager,
        registration::{self, Manner},
        revocation, token, userinfo,
    },
    grants::{TokenAnswer, TokenRequest, authenticate_client},
    journal::Endpoint,
    realm::{
        Cause, Clock, KeyChest, Lifetimes, OAuthError, Policy, Realm, RealmSpec, TokenKind, TokenRow, TokenState,
        jwt::Object, key_ring::KidStyle, policy::Rotation, random, scope,
    },
    server::{Endpoints, Site},
};

const REALM: &str = "/realms/kmspec";
const DEVICE_PAGE: &str = "/realms/kmspec/device";

const MANNER: Manner = Manner {
    base: "/realms/kmspec/clients-registrations/openid-connect",
    methods: &["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"],
    keeps: &["subject_type", "tls_client_certificate_bound_access_tokens", keycloak_shape::RFC9068],
    chosen_credentials: false,
    chosen_token: false,
    named_in_query: false,
};

pub(super) struct Keycloak;

impl Dialect for Keycloak {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        RealmSpec {
            clock,
            keys: first_keys(chest, KidStyle::Thumbprint),
            policy: Policy {
                grant_type_before_client: true,
                repeats_after_client: true,
                form_credentials_win: true,
                grant_types: names([
                    "authorization_code",
                    "client_credentials",
                    "password",
                    "refresh_token",
                    device::GRANT,
                ]),
                public_grant_types: names(["authorization_code", "password", "refresh_token", device::GRANT]),
                code_challenge_methods: names(["plain", "S256"]),
                plain_challenges: true,
                public_clients_need_challenge: false,
                stray_verifier_refused: false,
                session_state: true,
                challenge_realm: "kmspec".to_owned(),
                // Reuse of a refresh token detaches the client from its session.
                rotation: Rotation::RotateAndDetectReuse,
                lifetimes: Lifetimes { app_seconds: 300, user_seconds: 300, refresh_seconds: 1_800, code_seconds: 60 },
                dialect: worded,
                ..Policy::default()
            },
            shape: Arc::new(keycloak_shape::Shape::new()),
            scope_rule: Arc::new(keycloak_shape::Defaults),
            ..RealmSpec::new(format!("{base_url}{REALM}"))
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_client(manager());
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        let at = |path: &str| format!("{base}{REALM}/protocol/openid-connect{path}");
        Endpoints {
            token: at("/token"),
            jwks: at("/certs"),
            authorize: at("/auth"),
            device_authorization: Some(at("/auth/device")),
            introspection: Some(at("/token/introspect")),
            revocation: Some(at("/revoke")),
            registration: Some(format!("{base}{}", MANNER.base)),
            userinfo: Some(at("/userinfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        if path == login::PATH {
            return Some((Endpoint::Login, login::answer));
        }
        if is_or_below(path, MANNER.base) {
            return Some((Endpoint::Registration, |site, call| registration::answer(site, call, &MANNER)));
        }
        if path == keycloak_admin::CLIENTS {
            return Some((Endpoint::Registration, keycloak_admin::answer));
        }
        if path == DEVICE_PAGE {
            return Some((Endpoint::Login, device::page));
        }
        let below = path.strip_prefix(REALM)?;
        if below == "/.well-known/openid-configuration" {
            return Some((Endpoint::Discovery, discovery::openid));
        }
        Some(match below.strip_prefix("/protocol/openid-connect")? {
            "/token" => (Endpoint::Token, issue),
            "/certs" => (Endpoint::Jwks, jwks::answer),
            "/auth" => (Endpoint::Authorize, authorize::answer),
            "/auth/device" => (Endpoint::DeviceAuthorization, device::authorize),
            "/token/introspect" => (Endpoint::Introspection, introspect),
            "/revoke" => (Endpoint::Revocation, revocation::answer),
            "/logout" => (Endpoint::Session, logout::answer),
            "/login-status-iframe.html" => (Endpoint::Session, logout::watch),
            "/userinfo" => (Endpoint::Userinfo, userinfo::answer),
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let methods = json!(["client_secret_basic", "client_secret_post"]);
        let mut document = common_members(endpoints, realm);
        document["device_authorization_endpoint"] = json!(endpoints.device_authorization);
        document["introspection_endpoint"] = json!(endpoints.introspection);
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        let session = endpoints.token.strip_suffix("/token").unwrap_or_default();
        document["end_session_endpoint"] = json!(format!("{session}/logout"));
        document["check_session_iframe"] = json!(format!("{session}/login-status-iframe.html"));
        document["registration_endpoint"] = json!(endpoints.registration);
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["revocation_endpoint_auth_methods_supported"] = methods.clone();
        document["introspection_endpoint_auth_methods_supported"] = methods.clone();
        document["token_endpoint_auth_methods_supported"] = methods;
        document["token_endpoint_auth_signing_alg_values_supported"] = json!([
            "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384",
            "HS512",
        ]);
        document["response_modes_supported"] = json!(["query"]);
        document["claims_supported"] = json!(["aud", "sub", "iss", "auth_time", "name", "email", "acr"]);
        document["claim_types_supported"] = json!(["normal"]);
        document["claims_parameter_supported"] = json!(false);
        document["request_parameter_supported"] = json!(false);
        document["request_uri_parameter_supported"] = json!(false);
        document["tls_client_certificate_bound_access_tokens"] = json!(false);
        document
    }

    fn token_body(&self, answer: &TokenAnswer) -> Value {
        let mut body = answer.body();
        body["refresh_expires_in"] = json!(answer.refresh_expires_in);
        body["not-before-policy"] = json!(0);
        if answer.refresh_token.is_some() {
            body["session_state"] = json!(keycloak_shape::session(&answer.family));
        }
        body
    }

    /// Only clients with a secret may ask, and hints must be known.
    fn may_introspect(&self, site: &Site, _call: &Call, request: &TokenRequest) -> Result<(), Reply> {
        let refused = |status, words: &str| Err(Reply::error(&OAuthError::new(status, "invalid_request", words)));
        match authenticate_client(&site.realm, request) {
            Err(_) => return refused(401, "Authentication failed."),
            Ok(client) if client.is_public() => return refused(403, "Client not allowed."),
            Ok(_) => {}
        }
        match request.form.value("token_type_hint") {
            None | Some("access_token" | "refresh_token" | "requesting_party_token") => Ok(()),
            Some(_) => refused(400, "Unsupported token type."),
        }
    }

    /// 200 with an error in it where there was nothing to revoke.
    fn revoked(&self, _site: &Site, row: Option<&TokenRow>) -> Reply {
        match row {
            Some(_) => Reply::empty(200).uncached(),
            None => Reply::error(&OAuthError::new(200, "invalid_token", "Invalid token")),
        }
    }

    /// An id token is told apart by its claim `typ`.
    fn unknown_token(&self, site: &Site, token: &str) -> Result<(), OAuthError> {
        match site.realm.id_token(token) {
            Some(claims) if claims.get("typ") == Some(&json!("ID")) => {
                Err(OAuthError::new(400, "unsupported_token_type", "Unsupported token type"))
            }
            _ => Ok(()),
        }
    }

    fn foreign_token(&self, _kind: TokenKind) -> Result<(), OAuthError> {
        Err(OAuthError::invalid_request("Unmatching clients"))
    }

    /// Everything that stems from the session, but for what is to outlive it.
    fn logged_out(&self, site: &Site, id_token: &Object) {
        let Some(session) = id_token.get("sid").and_then(Value::as_str) else { return };
        let outlives = |row: &TokenRow| row.scopes.iter().any(|scope| scope == scope::OFFLINE);
        for row in site.realm.rows(|row| keycloak_shape::session(&row.family) == session && !outlives(row)) {
            site.realm.end_family(&row.family, TokenState::Revoked);
        }
    }

    fn device_page(&self) -> &'static str {
        DEVICE_PAGE
    }

    fn initial_access_token(&self) -> Option<String> {
        Some(random::text(32))
    }
}

/// The token endpoint of a realm that is switched on.
fn issue(site: &Site, call: &Call) -> Reply {
    if site.realm.policy().disabled {
        return Reply::error(&OAuthError::new(403, "access_denied", "Realm not enabled"));
    }
    token::answer(site, call)
}

/// Introspection; whoever asks under another host asks another issuer, to whom no token of this one is good.
fn introspect(site: &Site, call: &Call) -> Reply {
    let reply = introspection::answer(site, call);
    let ours = Url::parse(&site.base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let asked = call.header("host").and_then(|host| Url::parse(&format!("https://{host}")).ok());
    let asked = asked.and_then(|url| url.host_str().map(str::to_owned));
    if reply.status == 200 && asked.is_some() && asked != ours {
        return Reply::json(200, &json!({ "active": false })).uncached();
    }
    reply
}

/// Which code a refusal has does not follow the RFC.
fn worded(error: OAuthError) -> OAuthError {
    let coded = |status, code: &str, words: &str| OAuthError::new(status, code, words);
    match error.cause {
        Some(Cause::WrongSecret | Cause::NoSecret) => {
            coded(401, "unauthorized_client", "Invalid client or Invalid client credentials")
        }
        Some(Cause::NoClient) => coded(400, "invalid_client", "Missing client_id parameter"),
        Some(Cause::UnknownClient | Cause::InactiveClient) => {
            coded(401, "invalid_client", "Invalid client or Invalid client credentials")
        }
        // A challenge and nothing else.
        Some(Cause::UnreadableCredentials) => {
            OAuthError::new(401, "", "").header("www-authenticate", "Basic realm=\"kmspec\"")
        }
        Some(Cause::PublicClient(grant) | Cause::GrantNotAllowed(grant)) => {
            let status = if grant == "client_credentials" { 401 } else { 400 };
            coded(status, "unauthorized_client", "Client not enabled for this flow")
        }
        Some(Cause::WrongPassword) => coded(401, "invalid_grant", "Invalid user credentials"),
        _ => error,
    }
}
