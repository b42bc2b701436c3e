//! WSO2 Identity Server 7, configured as its documents tell administrators to for an API platform: role-based scopes,
//! `/scim2/Me` open to every authenticated caller. What it shares with others is in `realm`, `grants` and `endpoints`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Dialect, Handler, JWT_BEARER, SAML2_BEARER, TOKEN_EXCHANGE, common_members, detailed_keys, first_keys, is_or_below,
    is7_tokens::{self, ScopeMode, Scopes, Shape},
    names,
};
use crate::{
    endpoints::{
        api_resources,
        call::{Call, Reply},
        device, device_is7, discovery, introspection, jwks, login_is7, logout,
        management::permitted_with,
        pushed, registration_is7, revocation, scim_about, scim_me, scim_roles, scim_users, scopes, token, userinfo,
        webfinger,
    },
    grants::{TokenAnswer, TokenRequest, authenticate_client},
    journal::Endpoint,
    realm::{
        Clock, KeyChest, OAuthError, Policy, Realm, RealmSpec, TokenKind, TokenRow, UserSpec, device::DevicePolicy,
        key_ring::KidStyle, policy::Rotation, random, user::qualified,
    },
    server::{Endpoints, FIRST_TENANT, Site},
};

const REGISTRATION: &str = "/api/identity/oauth2/dcr/v1.1/register";

pub(super) struct Is7;

impl Dialect for Is7 {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let host = url::Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let known = Policy::default();
        RealmSpec {
            clock,
            keys: first_keys(chest, KidStyle::CertificateHex),
            policy: Policy {
                grant_type_before_client: true,
                unknown_grant: "invalid_request".into(),
                decode_basic: false,
                json_requests: true,
                barred_from_query: names(["username", "password", "client_secret"]),
                grant_types_by_containment: true,
                tenant: Some(FIRST_TENANT.to_owned()),
                user_store: Some("PRIMARY".to_owned()),
                client_before_methods: true,
                grant_types: names([
                    "client_credentials",
                    "password",
                    "refresh_token",
                    "authorization_code",
                    device::GRANT,
                    JWT_BEARER,
                    SAML2_BEARER,
                    "iwa:ntlm",
                    TOKEN_EXCHANGE,
                ]),
                public_grant_types: names([
                    "password",
                    "refresh_token",
                    "authorization_code",
                    device::GRANT,
                    JWT_BEARER,
                    SAML2_BEARER,
                    "iwa:ntlm",
                    TOKEN_EXCHANGE,
                ]),
                // Too early a poll costs nothing, and what is wrong with a code has names of its own.
                device: DevicePolicy {
                    slow_down_seconds: 0,
                    first_poll_waits: true,
                    unknown_code: "invalid_request",
                    used_code: "expired_token",
                    user_code: is7_tokens::USER_CODE,
                    ..DevicePolicy::default()
                },
                code_challenge_methods: names(["S256", "plain"]),
                public_clients_need_challenge: false,
                stray_verifier_refused: false,
                session_state: true,
                assertions_used_once: false,
                assertions_give_refresh: true,
                foreign_audience: "invalid_target".into(),
                challenge_realm: host.unwrap_or_else(|| known.challenge_realm.clone()),
                one_live_token: true,
                id_token_seconds: Some(3_600),
                implicit_clients_revoke: true,
                signed_userinfo: true,
                rotation: Rotation::Rotate,
                access_revocation_ends_refresh: true,
                ..known
            },
            shape: Arc::new(Shape { client_is_subject: true, username_hidden: true, administrator: "admin".into() }),
            scope_rule: Arc::new(Scopes {
                mode: ScopeMode::RoleBased,
                allowed: is7_tokens::allowed_scopes(),
                by_permission: false,
            }),
            // The issuer is the URL of the token endpoint.
            ..RealmSpec::new(format!("{base_url}/oauth2/token"))
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_user(UserSpec::new("admin", "admin").roles(["admin"]).claim("email", "admin@example.com"));
        for role in ["admin", "everyone"] {
            realm.add_role(&random::uuid(), role);
        }
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        Endpoints {
            device_authorization: Some(format!("{base}{}", device_is7::AUTHORIZE)),
            token: format!("{base}/oauth2/token"),
            jwks: format!("{base}/oauth2/jwks"),
            authorize: format!("{base}/oauth2/authorize"),
            introspection: Some(format!("{base}/oauth2/introspect")),
            revocation: Some(format!("{base}/oauth2/revoke")),
            registration: Some(format!("{base}{REGISTRATION}")),
            // The profile that key managers are to read; discovery names the other one.
            userinfo: Some(format!("{base}/scim2/Me")),
            scopes: Some(format!("{base}{}", scopes::BASE)),
        }
    }

    /// Every path may stand behind the tenant that there is.
    fn local_path<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix("/t/carbon.super").filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        let path = self.local_path(path);
        Some(match path {
            "/oauth2/token/.well-known/openid-configuration"
            | "/oauth2/oidcdiscovery/.well-known/openid-configuration"
            | "/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/.well-known/oauth-authorization-server/oauth2/token"
            | "/oauth2/token/.well-known/oauth-authorization-server" => {
                (Endpoint::Discovery, discovery::oauth_without_scopes)
            }
            "/oauth2/token" => (Endpoint::Token, token::answer),
            "/oauth2/introspect" => (Endpoint::Introspection, introspection::answer),
            "/oauth2/revoke" => (Endpoint::Revocation, revocation::answer),
            "/oauth2/jwks" => (Endpoint::Jwks, jwks::answer),
            webfinger::PATH => (Endpoint::Discovery, webfinger::answer),
            pushed::PATH => (Endpoint::PushedAuthorization, pushed::answer),
            logout::IS7 => (Endpoint::Session, logout::answer),
            logout::IS7_WATCH => (Endpoint::Session, logout::watch),
            login_is7::AUTHORIZE => (Endpoint::Authorize, login_is7::authorize),
            login_is7::COMMONAUTH => (Endpoint::Login, login_is7::commonauth),
            login_is7::LOGIN_PAGE => (Endpoint::Login, login_is7::login_page),
            login_is7::CONSENT_PAGE => (Endpoint::Login, login_is7::consent_page),
            login_is7::ERROR_PAGE => (Endpoint::Login, login_is7::error_page),
            device_is7::AUTHORIZE => (Endpoint::DeviceAuthorization, device_is7::authorize),
            device_is7::ENTRY => (Endpoint::Login, device_is7::entry),
            device_is7::PAGE => (Endpoint::Login, device_is7::page),
            device_is7::DONE => (Endpoint::Login, device_is7::done),
            "/oauth2/userinfo" => (Endpoint::Userinfo, userinfo::answer),
            "/scim2/Me" => (Endpoint::Userinfo, scim_me::answer),
            scim_about::PROVIDER => (Endpoint::Users, scim_about::provider),
            scim_about::TYPES => (Endpoint::Users, scim_about::types),
            scim_about::SCHEMAS => (Endpoint::Users, scim_about::schemas),
            _ if path.ends_with(discovery::WELL_KNOWN) && is_or_below(path, discovery::CLIENT) => {
                (Endpoint::Discovery, discovery::of_client)
            }
            _ if path.ends_with(discovery::WELL_KNOWN) && is_or_below(path, "/oauth2") => {
                (Endpoint::Discovery, discovery::elsewhere)
            }
            _ if is_or_below(path, REGISTRATION) => {
                (Endpoint::Registration, |site, call| registration_is7::answer(site, call, REGISTRATION))
            }
            _ if is_or_below(path, api_resources::BASE) => (Endpoint::ApiResources, api_resources::answer),
            _ if is_or_below(path, scim_users::BASE) => (Endpoint::Users, scim_users::answer),
            _ if is_or_below(path, scim_roles::OLD) => (Endpoint::Roles, scim_roles::old),
            _ if is_or_below(path, scim_roles::BASE) => (Endpoint::Roles, scim_roles::answer),
            _ if is_or_below(path, scopes::BASE) => (Endpoint::Scopes, scopes::answer),
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let base = endpoints.token.strip_suffix("/oauth2/token").unwrap_or_default();
        let methods = json!(["client_secret_basic", "client_secret_post"]);
        let mut document = common_members(endpoints, realm);
        document["userinfo_endpoint"] = json!(format!("{base}/oauth2/userinfo"));
        document["revocation_endpoint"] = json!(endpoints.revocation);
        document["revocation_endpoint_auth_methods_supported"] = methods.clone();
        document["introspection_endpoint"] = json!(endpoints.introspection);
        document["introspection_endpoint_auth_methods_supported"] = methods.clone();
        document["token_endpoint_auth_methods_supported"] = methods;
        document["token_endpoint_auth_signing_alg_values_supported"] =
            json!(["PS256", "ES256", "ES384", "RS384", "RS256"]);
        if realm.policy().grant_types.iter().any(|grant| grant == device::GRANT) {
            document["device_authorization_endpoint"] = json!(endpoints.device_authorization);
        }
        document["registration_endpoint"] = json!(endpoints.registration);
        for (member, path) in [
            ("pushed_authorization_request_endpoint", pushed::PATH),
            ("end_session_endpoint", logout::IS7),
            ("check_session_iframe", logout::IS7_WATCH),
            ("webfinger_endpoint", webfinger::PATH),
        ] {
            document[member] = json!(format!("{base}{path}"));
        }
        document["response_modes_supported"] = json!(["query"]);
        document["claims_supported"] = json!(["iss", "sub", "email", "given_name", "family_name"]);
        document
    }

    /// Each entry also carries the key's certificate, which an administrator may paste elsewhere, and its thumbprint.
    fn jwks(&self, realm: &Realm) -> Value {
        detailed_keys(realm, |entry, key| {
            entry["x5t#S256"] = json!(key.x5t_s256());
            entry["x5c"] = json!([key.x5c()]);
        })
    }

    fn token_headers(&self, answer: &TokenAnswer) -> Vec<(String, String)> {
        answer.headers.clone()
    }

    /// An administrator, any client by its credentials, or a token that holds the scope for it; anybody where that is
    /// switched so, unless an access rule says otherwise.
    fn may_introspect(&self, site: &Site, call: &Call, request: &TokenRequest) -> Result<(), Reply> {
        let settings = &site.settings;
        if !settings.introspection_secured && settings.access_rule(&call.method, &call.path).is_none() {
            return Ok(());
        }
        match permitted_with(site, call, &site.settings.introspection_scopes) {
            Ok(()) => Ok(()),
            Err(_)
                if call.bearer().is_none()
                    && authenticate_client(&site.realm, request).is_ok_and(|client| !client.is_public()) =>
            {
                Ok(())
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn introspection_without_token(&self, _error: OAuthError) -> Reply {
        Reply::json(400, &json!({ "error": "Invalid input" }))
    }

    /// An access token of another client is refused in words that speak of authentication; a refresh token is looked up
    /// together with the client, so that nothing is found and all seems well.
    fn foreign_token(&self, kind: TokenKind) -> Result<(), OAuthError> {
        match kind {
            TokenKind::Access => Err(OAuthError::new(401, "unauthorized_client", "client authentication failed")),
            TokenKind::Refresh => Ok(()),
        }
    }

    /// What was revoked stands in header fields where that is switched on.
    fn revoked(&self, site: &Site, row: Option<&TokenRow>) -> Reply {
        let reply = Reply::empty(200).header("content-type", "application/json").uncached();
        let Some(row) = row.filter(|_| site.settings.revocation_headers) else { return reply };
        let refresh = row.refresh.as_ref().map(|refresh| refresh.text.clone()).unwrap_or_default();
        let tenant = site.realm.policy().tenant.clone();
        let user = row.username.as_ref().map(|name| qualified(name, tenant.as_deref())).unwrap_or_default();
        let told = [
            ("revokedaccesstoken", row.access_token.clone()),
            ("revokedrefreshtoken", refresh),
            ("authorizeduser", user),
        ];
        told.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .fold(reply, |reply, (name, value)| reply.header(name, value))
    }

    /// As a script that calls it; a name that is none would be somebody's script.
    fn called_back(&self, reply: Reply, callback: &str) -> Reply {
        let named = |c: char| c.is_ascii_alphanumeric() || "_$.".contains(c);
        if !callback.chars().all(named) {
            return reply;
        }
        let script = format!("{callback}({});", reply.body);
        reply.text(script).header("content-type", "application/javascript")
    }

    /// JSON under the media type of a web page where the client did not authenticate.
    fn revocation_refusal(&self, error: OAuthError, policy: &Policy) -> Reply {
        let reply = Reply::json(error.status, &error.body()).uncached();
        let challenge = format!("Basic realm=\"{}\"", policy.challenge_realm);
        match error.status {
            401 if error.is_invalid_client() => {
                reply.header("content-type", "text/html").header("www-authenticate", challenge)
            }
            401 => reply.header("www-authenticate", challenge),
            _ => reply,
        }
    }

    fn log_in(&self, site: &Site, key: &str) -> Reply {
        login_is7::log_in(site, key)
    }

    /// On a page of its own, by a redirect.
    fn shown(&self, site: &Site, error: &OAuthError) -> Reply {
        login_is7::shown(site, error)
    }

    fn certificates_stand_for_users(&self) -> bool {
        true
    }

    fn userinfo_without_token(&self, realm: &str) -> Reply {
        Reply::bearer_challenge(400, realm, Some("invalid_request"))
    }
}
