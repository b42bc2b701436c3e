//! OAuth clients as the authorization server keeps them.
//! Registration over HTTP translates into these; see `endpoints`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{jwt::Object, random};
use crate::certificates::PresentedCertificate;

/// The form of a client's access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenFormat {
    /// Signed and self-contained.
    #[default]
    Jwt,
    /// A random text that only the authorization server understands.
    Opaque,
}

/// Authentication by an assertion that the client signs (OpenID Connect Core, section 9).
pub const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// By which certificate a client authenticates (RFC 8705, section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CertificateLogin {
    /// One of the server's authority with this subject, as RFC 4514 writes it: `tls_client_auth`.
    Subject(String),
    /// One of the server's authority with this name beside its subject: its kind (`dns`, `uri`, `ip`, `email`), a colon,
    /// and the name.
    Name(String),
    /// The one with this thumbprint, whoever issued it: `self_signed_tls_client_auth`.
    Thumbprint(String),
}

impl CertificateLogin {
    /// Whether it is this one.
    pub fn accepts(&self, presented: &PresentedCertificate) -> bool {
        let plain = |subject: &str| subject.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
        match self {
            Self::Subject(subject) => presented.trusted && plain(subject) == plain(&presented.subject),
            Self::Name(name) => presented.trusted && presented.names.contains(name),
            Self::Thumbprint(x5t_s256) => *x5t_s256 == presented.x5t_s256,
        }
    }
}

/// A registered OAuth client.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; a client without one is public.
    pub secret: Option<String>,
    /// Secrets that are good beside the first, where the server keeps several.
    #[serde(default)]
    pub further_secrets: Vec<String>,
    /// Human-readable name.
    pub name: String,
    /// The user it belongs to, where the server keeps one.
    pub owner: Option<String>,
    /// Grant types it may use.
    pub grant_types: Vec<String>,
    /// Redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Scopes it may be granted; `None` leaves the decision to the scope rule alone.
    pub scopes: Option<Vec<String>>,
    /// Audiences of its tokens beside those the vendor's shape adds.
    pub audiences: Vec<String>,
    /// Form of its access tokens.
    pub token_format: TokenFormat,
    /// Life of tokens that stand for the client itself, in seconds; `None` means the server's default.
    pub app_token_seconds: Option<u64>,
    /// Life of tokens that stand for a user, in seconds; `None` means the server's default.
    pub user_token_seconds: Option<u64>,
    /// Life of refresh tokens, in seconds; `None` means the server's default.
    pub refresh_token_seconds: Option<u64>,
    /// Life of id tokens, in seconds; `None` means the server's default.
    #[serde(default)]
    pub id_token_seconds: Option<u64>,
    /// Whether authorization requests need a code challenge.
    #[serde(default)]
    pub pkce_mandatory: bool,
    /// Whether code challenges may be plain, where the server supports that.
    #[serde(default)]
    pub pkce_plain: bool,
    /// Whether users are not asked for their consent.
    #[serde(default)]
    pub skips_consent: bool,
    /// The certificate it authenticates by, instead of a secret.
    #[serde(default)]
    pub certificate: Option<CertificateLogin>,
    /// Whether its tokens are bound to the certificate it presents, however it authenticates (RFC 8705, section 3.4).
    #[serde(default)]
    pub certificate_bound: bool,
    /// Thumbprint of the certificate that its tokens are bound to: known while a request is dealt with.
    #[serde(skip)]
    pub bound_to: Option<String>,
    /// Whether it may be used at all.
    pub active: bool,
    /// When it was registered, in seconds since 1970.
    pub created_at: u64,
    /// What manages this registration, where the server gives one (RFC 7592).
    pub registration_token: Option<String>,
    /// Whatever else was registered with it, as sent.
    pub metadata: Object,
}

// Secret and registration token are left out.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Client {
    /// Whether it has nothing to prove itself with.
    pub fn is_public(&self) -> bool {
        self.secret.is_none() && self.certificate.is_none() && self.authentication() != Some(PRIVATE_KEY_JWT)
    }

    /// The authentication method it was registered with, where one was named.
    pub fn authentication(&self) -> Option<&str> {
        self.metadata.get("token_endpoint_auth_method").and_then(Value::as_str)
    }

    /// Whether it may use the grant type.
    pub fn allows_grant(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|allowed| allowed == grant_type)
    }
}

/// A client to be added: everything has a default but the name.
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientSpec(pub(crate) Client);

impl ClientSpec {
    /// A confidential client with a random id and secret that may use the three grants without a browser.
    pub fn new(name: impl Into<String>) -> Self {
        let grant_types = ["client_credentials", "password", "refresh_token"];
        Self(Client {
            id: random::alphanumeric(28),
            secret: Some(random::alphanumeric(44)),
            further_secrets: Vec::new(),
            name: name.into(),
            owner: None,
            grant_types: grant_types.map(str::to_owned).to_vec(),
            redirect_uris: Vec::new(),
            scopes: None,
            audiences: Vec::new(),
            token_format: TokenFormat::Jwt,
            app_token_seconds: None,
            user_token_seconds: None,
            refresh_token_seconds: None,
            id_token_seconds: None,
            pkce_mandatory: false,
            pkce_plain: false,
            skips_consent: false,
            certificate: None,
            certificate_bound: false,
            bound_to: None,
            active: true,
            created_at: 0,
            registration_token: None,
            metadata: Object::new(),
        })
    }

    /// With this id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.0.id = id.into();
        self
    }

    /// With this secret.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.0.secret = Some(secret.into());
        self
    }

    /// Without a secret.
    pub fn public(mut self) -> Self {
        self.0.secret = None;
        self
    }

    /// Belonging to this user.
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.0.owner = Some(owner.into());
        self
    }

    /// With these grant types and no others.
    pub fn grant_types<S: Into<String>>(mut self, grants: impl IntoIterator<Item = S>) -> Self {
        self.0.grant_types = grants.into_iter().map(Into::into).collect();
        self
    }

    /// With these redirect URIs.
    pub fn redirect_uris<S: Into<String>>(mut self, uris: impl IntoIterator<Item = S>) -> Self {
        self.0.redirect_uris = uris.into_iter().map(Into::into).collect();
        self
    }

    /// Needing a code challenge.
    pub fn pkce_mandatory(mut self) -> Self {
        self.0.pkce_mandatory = true;
        self
    }

    /// Allowed plain code challenges.
    pub fn pkce_plain(mut self) -> Self {
        self.0.pkce_plain = true;
        self
    }

    /// Not asking users for their consent.
    pub fn skips_consent(mut self) -> Self {
        self.0.skips_consent = true;
        self
    }

    /// Authenticating by this certificate and without a secret.
    pub fn certificate(mut self, certificate: CertificateLogin) -> Self {
        self.0.certificate = Some(certificate);
        self.0.secret = None;
        self
    }

    /// With tokens that are bound to the certificate it presents.
    pub fn certificate_bound(mut self) -> Self {
        self.0.certificate_bound = true;
        self
    }

    /// Allowed these scopes and no others.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.0.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// With these audiences in its tokens.
    pub fn audiences<S: Into<String>>(mut self, audiences: impl IntoIterator<Item = S>) -> Self {
        self.0.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// With access tokens of this form.
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.0.token_format = format;
        self
    }

    /// With access tokens that live this many seconds, whomever they stand for.
    pub fn token_seconds(mut self, seconds: u64) -> Self {
        self.0.app_token_seconds = Some(seconds);
        self.0.user_token_seconds = Some(seconds);
        self
    }

    /// With refresh tokens that live this many seconds.
    pub fn refresh_token_seconds(mut self, seconds: u64) -> Self {
        self.0.refresh_token_seconds = Some(seconds);
        self
    }

    /// With this member kept beside the rest.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.metadata.insert(name.into(), value.into());
        self
    }
}
