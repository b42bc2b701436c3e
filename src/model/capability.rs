//! What a subject must be able to do before a scenario applies to it.
//! Which subject can do what is decided by the runner's provisioning, never here.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One thing a subject can or cannot do; written `@needs:<name>` on a scenario.
///
/// The list is closed: an unknown name in a tag is a wrong plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Admin REST interface: key managers are created and changed.
    Admin,
    /// Publisher REST interface: APIs are created, restricted and deployed.
    Publisher,
    /// Developer portal REST interface: applications, keys, subscriptions.
    Devportal,
    /// A gateway that validates tokens in front of a backend.
    Gateway,
    /// A key manager built into the platform.
    Resident,
    /// An issuer of the scenario's own can be attached while the run goes on.
    FreshIssuer,
    /// Several tenants that do not see each other.
    Tenants,
    /// The platform can be restarted by the run.
    Restart,
    /// The subject can be configured by the run as its administrator does it, in a `deployment.toml`.
    Deployment,
    /// The subject's clock can be moved by the run.
    Clock,
    /// Opaque tokens are validated through introspection.
    OpaqueTokens,
    /// The gateway tells backends of callers in a token of its own.
    BackendTokens,
    /// The resident key manager asks users whether they agree before a client gets a code or a token of theirs.
    Consent,
    /// What became of scopes at key managers can be asked for in the administrator's plane.
    ScopeReports,
    /// A discovery document (RFC 8414 or OpenID Connect Discovery).
    Discovery,
    /// A published key set.
    Jwks,
    /// Access tokens are JWTs that verify with the published keys.
    JwtAccessTokens,
    /// Grant type `client_credentials`.
    ClientCredentials,
    /// Grant type `password`.
    Password,
    /// Grant type `refresh_token`.
    RefreshToken,
    /// Token introspection (RFC 7662).
    Introspection,
    /// Token revocation (RFC 7009).
    Revocation,
    /// Dynamic client registration (RFC 7591).
    Dcr,
    /// Client registration management (RFC 7592).
    DcrManagement,
    /// User profile at a userinfo endpoint (OpenID Connect Core).
    Userinfo,
    /// User profile at `/scim2/Me`.
    ScimMe,
    /// The run knows a user name and password at the subject.
    UserCredentials,
    /// The run knows a second client at the subject.
    OtherClient,
    /// The run knows a scope that its client may ask for.
    KnownScope,
    /// The discovery document is OpenID Connect's.
    OpenidConnect,
    /// The run can log its user in at the authorization endpoint, and so obtain codes.
    AuthorizationCode,
    /// The run can start a device at the server, and decide for its user.
    DeviceCode,
    /// Grant type `jwt-bearer`, and the run holds the keys of an issuer that the server trusts.
    JwtBearer,
    /// Grant type `token-exchange`, and the run holds the keys of an issuer that the server trusts.
    TokenExchange,
    /// Grant type `saml2-bearer`, and the run holds the keys of an identity provider that the server trusts.
    Saml2Bearer,
    /// Grant type `iwa:ntlm`, with a user who can log in by NTLM.
    IwaNtlm,
    /// Grant type `kerberos` can be switched on, and the run holds the key of a service that the server then is.
    Kerberos,
    /// Scopes are bound to roles, and the run can give users roles.
    RoleBasedScopes,
    /// Whoever registers a client may choose its id.
    ChosenClientId,
    /// A server can be put at the port that the documents of the product name.
    DocumentedPort,
    /// The run can put the server below a path that stands before each of its others.
    BasePath,
    /// The run can give the issuer and its keys another host than the other endpoints have.
    IssuerHost,
    /// Clients that authenticate by assertions they sign.
    PrivateKeyJwt,
    /// The run can change the authorization server from inside: its clients, its keys, whom it trusts; and restart it.
    ServerControls,
}

impl Capability {
    /// Every capability, in the order of the declaration.
    pub const ALL: [Self; 44] = [
        Self::Admin,
        Self::Publisher,
        Self::Devportal,
        Self::Gateway,
        Self::Resident,
        Self::FreshIssuer,
        Self::Tenants,
        Self::Restart,
        Self::Deployment,
        Self::Clock,
        Self::OpaqueTokens,
        Self::BackendTokens,
        Self::Consent,
        Self::ScopeReports,
        Self::Discovery,
        Self::Jwks,
        Self::JwtAccessTokens,
        Self::ClientCredentials,
        Self::Password,
        Self::RefreshToken,
        Self::Introspection,
        Self::Revocation,
        Self::Dcr,
        Self::DcrManagement,
        Self::Userinfo,
        Self::ScimMe,
        Self::UserCredentials,
        Self::OtherClient,
        Self::KnownScope,
        Self::OpenidConnect,
        Self::AuthorizationCode,
        Self::DeviceCode,
        Self::JwtBearer,
        Self::TokenExchange,
        Self::Saml2Bearer,
        Self::IwaNtlm,
        Self::Kerberos,
        Self::RoleBasedScopes,
        Self::ChosenClientId,
        Self::DocumentedPort,
        Self::BasePath,
        Self::IssuerHost,
        Self::PrivateKeyJwt,
        Self::ServerControls,
    ];

    /// The name as it stands in a tag, in `target.toml` and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Publisher => "publisher",
            Self::Devportal => "devportal",
            Self::Gateway => "gateway",
            Self::Resident => "resident",
            Self::FreshIssuer => "fresh-issuer",
            Self::Tenants => "tenants",
            Self::Restart => "restart",
            Self::Deployment => "deployment",
            Self::Clock => "clock",
            Self::OpaqueTokens => "opaque-tokens",
            Self::BackendTokens => "backend-tokens",
            Self::Consent => "consent",
            Self::ScopeReports => "scope-reports",
            Self::Discovery => "discovery",
            Self::Jwks => "jwks",
            Self::JwtAccessTokens => "jwt-access-tokens",
            Self::ClientCredentials => "client-credentials",
            Self::Password => "password",
            Self::RefreshToken => "refresh-token",
            Self::Introspection => "introspection",
            Self::Revocation => "revocation",
            Self::Dcr => "dcr",
            Self::DcrManagement => "dcr-management",
            Self::Userinfo => "userinfo",
            Self::ScimMe => "scim-me",
            Self::UserCredentials => "user-credentials",
            Self::OtherClient => "other-client",
            Self::KnownScope => "known-scope",
            Self::OpenidConnect => "openid-connect",
            Self::AuthorizationCode => "authorization-code",
            Self::DeviceCode => "device-code",
            Self::JwtBearer => "jwt-bearer",
            Self::TokenExchange => "token-exchange",
            Self::Saml2Bearer => "saml2-bearer",
            Self::IwaNtlm => "iwa-ntlm",
            Self::Kerberos => "kerberos",
            Self::RoleBasedScopes => "role-based-scopes",
            Self::ChosenClientId => "chosen-client-id",
            Self::DocumentedPort => "documented-port",
            Self::BasePath => "base-path",
            Self::IssuerHost => "issuer-host",
            Self::PrivateKeyJwt => "private-key-jwt",
            Self::ServerControls => "server-controls",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no capability is called `{0}`\nhint: the closed list stands in features/README.md")]
pub struct UnknownCapability(pub String);

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|each| each.name() == text).ok_or_else(|| UnknownCapability(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_matches_its_serialised_form() {
        for each in Capability::ALL {
            assert_eq!(each.name().parse(), Ok(each));
            assert_eq!(serde_json::to_value(each).unwrap(), each.name());
        }
        assert!("gatewya".parse::<Capability>().is_err());
    }
}
