//! What one authorization server does differently from another at its endpoints: plain switches, RFC behaviour unless
//! said otherwise. Claims and scopes are not among them: see `shape` and `scope`.

use std::borrow::Cow;

use super::{device::DevicePolicy, error::OAuthError, rotation::GracefulRotation};

/// How long tokens live, in seconds, where the client has no setting of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    /// Access tokens that stand for a client.
    pub app_seconds: u64,
    /// Access tokens that stand for a user.
    pub user_seconds: u64,
    /// Refresh tokens.
    pub refresh_seconds: u64,
    /// Authorization codes.
    pub code_seconds: u64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { app_seconds: 3_600, user_seconds: 3_600, refresh_seconds: 86_400, code_seconds: 300 }
    }
}

/// Whether refreshing gives a new refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    /// Yes; the old pair is inactive from then on, and using the old refresh token again is refused.
    Rotate,
    /// As before, and using the old refresh token again also ends the new pair (RFC 9700, section 4.14.2).
    RotateAndDetectReuse,
    /// No: the same refresh token goes on, and the answer repeats it.
    Keep,
    /// No, and the answer does not repeat it (Amazon Cognito).
    KeepSilently,
}

/// What is broken behind a token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Breakage {
    /// Something of the server itself.
    Internal,
    /// Its database.
    Database,
}

/// The switches.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whether the grant type is looked at before the client is authenticated.
    pub grant_type_before_client: bool,
    /// The error code for a grant type that the server does not know.
    pub unknown_grant: Cow<'static, str>,
    /// Whether Basic credentials are form-urldecoded (RFC 6749, section 2.3.1). If not, they must also split at one
    /// colon into exactly two parts.
    pub decode_basic: bool,
    /// Whether `client_secret_basic` is accepted.
    pub basic_accepted: bool,
    /// Whether clients may authenticate by assertions they sign (`private_key_jwt`).
    pub client_assertions: bool,
    /// Whether a client may send such an assertion again (RFC 7523, section 3, advises not).
    pub client_assertions_reusable: bool,
    /// How far the `iat` of such an assertion may lie back, in seconds; any distance when `None`.
    pub oldest_client_assertion: Option<u64>,
    /// How far the `exp` of such an assertion may lie ahead, in seconds; any distance when `None`.
    pub longest_client_assertion: Option<u64>,
    /// Whether such an assertion may name the endpoint that it is sent to as its audience.
    pub client_assertions_name_endpoint: bool,
    /// Whether credentials in the form are taken when there are some in the header as well, in place of a refusal.
    pub form_credentials_win: bool,
    /// Whether repeated parameters are noticed only once the client is known.
    pub repeats_after_client: bool,
    /// Whether token requests may be JSON.
    pub json_requests: bool,
    /// The tenant that may stand behind a user's name, after an `@`.
    pub tenant: Option<String>,
    /// The user store that may stand before a user's name, before a `/`.
    pub user_store: Option<String>,
    /// Whether an unknown client is told so before it is told that it authenticates in two ways.
    pub client_before_methods: bool,
    /// Parameters that must not stand in the URL of a token request, where logs would keep them.
    pub barred_from_query: Vec<String>,
    /// Whether a client may use a grant type whose name is part of one of its own (WSO2 Identity Server 7).
    pub grant_types_by_containment: bool,
    /// Grant types the server supports.
    pub grant_types: Vec<String>,
    /// Grant types that a public client may use.
    pub public_grant_types: Vec<String>,
    /// What an authorization request may ask for: `code`, and with OpenID Connect Core, section 3.3, `code id_token`.
    pub response_types: Vec<String>,
    /// Code challenge methods the server supports (RFC 7636, section 4.2).
    pub code_challenge_methods: Vec<String>,
    /// Whether every client may use plain code challenges, where the server supports them; else only one that says so.
    pub plain_challenges: bool,
    /// Whether a public client must send a code challenge (RFC 9700, section 2.1.1).
    pub public_clients_need_challenge: bool,
    /// Whether a code verifier is refused when the code was asked for without a challenge (RFC 9700, section 2.1.1).
    pub stray_verifier_refused: bool,
    /// Whether the answer to an authorization request carries `session_state`.
    pub session_state: bool,
    /// The `realm` of the challenge.
    pub challenge_realm: String,
    /// Whether a tuple of client, user and scopes has one live access token: asked again, an opaque one is given out
    /// again, and a JWT takes its predecessor's place.
    pub one_live_token: bool,
    /// Grant types whose JWTs live side by side all the same (WSO2 Identity Server, `renew_token_without_revoking_existing`).
    pub jwts_side_by_side: Vec<String>,
    /// Whether a refused password is told apart from an unknown user and a disabled one (WSO2 Identity Server,
    /// `show_auth_failure_reason`).
    pub password_failures_explained: bool,
    /// Whether anybody may register clients (Auth0, once a flag of the tenant is set).
    pub open_registration: bool,
    /// Whether the realm is switched off (Keycloak, whose token endpoint then refuses everybody).
    pub disabled: bool,
    /// How long id tokens live, in seconds; as long as the access token beside them when `None`.
    pub id_token_seconds: Option<u64>,
    /// Whether a client with the grant type `implicit` may revoke its tokens by naming itself, without proof (WSO2
    /// Identity Server).
    pub implicit_clients_revoke: bool,
    /// Whether an application can have its users' profiles as signed JWTs (WSO2 Identity Server).
    pub signed_userinfo: bool,
    /// Whether tokens can be revoked (Amazon Cognito, where that is a setting).
    pub revocation: bool,
    /// Whether the `resource` of an authorization request becomes the audience (RFC 8707; Amazon Cognito).
    pub resource_binding: bool,
    /// What happens to a refresh token that is used.
    pub rotation: Rotation,
    /// How a refresh token that was replaced may be used again, where it may at all (WSO2 Identity Server, a setting of
    /// applications there).
    pub graceful_rotation: Option<GracefulRotation>,
    /// What cuts that down where it says more (`oauth.graceful_refresh_token_rotation`).
    pub graceful_rotation_at_most: GracefulRotation,
    /// Whether grants on behalf of a user give a refresh token without `offline_access`.
    pub refresh_without_asking: bool,
    /// Whether revoking an access token ends the refresh token it came with.
    pub access_revocation_ends_refresh: bool,
    /// Whether introspection tells a client who the user behind another client's token is (RFC 7662, section 5, advises
    /// to tell no more than needed).
    pub strangers_see_users: bool,
    /// Whether access tokens can be revoked at all.
    pub access_tokens_revocable: bool,
    /// The `audience` parameter: `None` where it means nothing, else the audiences the server knows.
    pub audiences: Option<Vec<String>>,
    /// The audience that means userinfo alone, where there are audiences: its tokens are opaque, as without any.
    pub userinfo_audience: Option<String>,
    /// What assertions may name as their audience, beside the issuer.
    pub token_endpoint: Option<String>,
    /// How far the `iat` of an assertion may lie back, in seconds; any distance when `None`.
    pub oldest_assertion: Option<u64>,
    /// Whether an assertion with a `jti` is refused the second time (RFC 7523, section 3).
    pub assertions_used_once: bool,
    /// Whether a token that was had for an assertion comes with a refresh token (RFC 7521, section 4.1, advises not).
    pub assertions_give_refresh: bool,
    /// The error code of a token exchange whose subject token is for somebody else.
    pub foreign_audience: Cow<'static, str>,
    /// Whether subjects of SAML assertions are users of this server, and not of the identity provider.
    pub saml_subjects_local: bool,
    /// Ids of clients that may not act for anybody: what they ask for is refused once the grant has been found in order.
    pub undelegated_clients: Vec<String>,
    /// What is broken behind the token endpoint; requests that are wrong themselves are refused for that first.
    pub broken: Option<Breakage>,
    /// Whether users may remove their own account.
    pub self_removal: bool,
    /// How devices are treated.
    pub device: DevicePolicy,
    /// Default lifetimes.
    pub lifetimes: Lifetimes,
    /// Rewrites an error into the vendor's words; the last thing done to it.
    pub dialect: fn(OAuthError) -> OAuthError,
}

impl Policy {
    /// Whether using a refresh token gives another one.
    pub(crate) fn rotates(&self) -> bool {
        matches!(self.rotation, Rotation::Rotate | Rotation::RotateAndDetectReuse)
    }

    /// How a refresh token that was replaced may be used again.
    pub(crate) fn grace(&self) -> Option<GracefulRotation> {
        self.graceful_rotation.filter(|_| self.rotates()).map(|rules| rules.at_most(self.graceful_rotation_at_most))
    }
}

impl Default for Policy {
    fn default() -> Self {
        let known = ["client_credentials", "password", "refresh_token"];
        Self {
            grant_type_before_client: false,
            unknown_grant: "unsupported_grant_type".into(),
            decode_basic: true,
            basic_accepted: true,
            client_assertions: false,
            client_assertions_reusable: false,
            oldest_client_assertion: None,
            longest_client_assertion: None,
            client_assertions_name_endpoint: false,
            form_credentials_win: false,
            repeats_after_client: false,
            json_requests: false,
            tenant: None,
            user_store: None,
            client_before_methods: false,
            barred_from_query: ["username", "password", "client_secret", "refresh_token"].map(str::to_owned).to_vec(),
            grant_types_by_containment: false,
            grant_types: known.map(str::to_owned).to_vec(),
            public_grant_types: vec!["password".to_owned(), "refresh_token".to_owned()],
            response_types: vec!["code".to_owned()],
            code_challenge_methods: vec!["S256".to_owned()],
            plain_challenges: false,
            public_clients_need_challenge: true,
            stray_verifier_refused: true,
            session_state: false,
            challenge_realm: "localhost".to_owned(),
            one_live_token: false,
            jwts_side_by_side: Vec::new(),
            password_failures_explained: false,
            open_registration: false,
            disabled: false,
            id_token_seconds: None,
            implicit_clients_revoke: false,
            signed_userinfo: false,
            revocation: true,
            resource_binding: false,
            rotation: Rotation::RotateAndDetectReuse,
            graceful_rotation: None,
            graceful_rotation_at_most: GracefulRotation::AT_MOST,
            refresh_without_asking: true,
            access_revocation_ends_refresh: false,
            strangers_see_users: true,
            access_tokens_revocable: true,
            audiences: None,
            userinfo_audience: None,
            token_endpoint: None,
            oldest_assertion: Some(1_800),
            assertions_used_once: true,
            assertions_give_refresh: false,
            foreign_audience: "invalid_request".into(),
            saml_subjects_local: false,
            undelegated_clients: Vec::new(),
            broken: None,
            self_removal: true,
            device: DevicePolicy::default(),
            lifetimes: Lifetimes::default(),
            dialect: |error| error,
        }
    }
}
