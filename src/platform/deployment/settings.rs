//! The settings themselves, with the defaults of the reference.
//! By which words a file sets them stands in `keys`.

use std::time::Duration;

use http::{HeaderName, header};
use regex::Regex;

use super::TenantSharing;
use crate::domain::{KeyType, Secret};

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// How far the ports lie above the usual ones.
    pub port_offset: Option<u16>,
    /// The host name under which the platform speaks of itself.
    pub host: Option<String>,
    /// Name and password of the super tenant's administrator, as it is made when there is none yet.
    pub administrator: (String, Secret),
    /// Whether user names may be mail addresses.
    pub mail_names: bool,
    /// Grant types that the resident key manager does not serve, by their names on the wire.
    pub disabled_grants: Vec<&'static str>,
    /// Whether a key may have several secrets at a time.
    pub several_secrets: bool,
    /// The unregistered scopes that the resident key manager grants; all of them when `None`.
    pub allowed_scopes: Option<Vec<Regex>>,
    /// Whether the resident key manager keeps every token in the store; otherwise JWTs that cannot be refreshed are not
    /// kept, which spares each a write, and are known to introspection only until the platform starts anew.
    pub token_persistence: bool,
    /// Whether tenants come without a resident key manager: the super tenant, and those that an event announces.
    pub skip_resident: bool,
    /// Identity servers that share their tenants with the platform.
    pub tenant_sharing: Vec<TenantSharing>,
    /// How long a positive introspection result may be used again (DEC-06).
    pub introspection_cache: Duration,
    /// How long the gateway remembers a token that it verified, and what it told a backend of it; `None` when it looks at
    /// each anew. Expiry and revocation are checked on every call in any case.
    pub token_cache: Option<Duration>,
    /// Whose JWTs must say in their header that they are access tokens.
    pub type_header: TypeHeader,
    /// The header of access tokens, at APIs that name none of their own.
    pub token_header: HeaderName,
    /// Whether a client certificate opens an API also when it leads to an uploaded one, and not only when it is one.
    pub certificate_chains: bool,
    /// Whether a token that is bound to a client certificate opens APIs with that certificate; otherwise it never does.
    pub certificate_bound_tokens: bool,
    /// The environments of gateways.
    pub environments: Vec<Environment>,
    /// What backends are told.
    pub backend_jwt: BackendJwt,
    /// Whether applications may use APIs and key managers of other tenants.
    pub cross_tenant: bool,
    /// Whether applications are shared with a group.
    pub application_sharing: bool,
    /// Whether key managers can be kept for organizations.
    pub organizations: bool,
    /// Whether mapping looks clients up at all, whatever the key manager says.
    pub provisioned_app_validation: bool,
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            port_offset: None,
            host: None,
            administrator: ("admin".to_owned(), Secret::new("admin")),
            mail_names: true,
            disabled_grants: Vec::new(),
            several_secrets: true,
            allowed_scopes: None,
            token_persistence: true,
            skip_resident: false,
            tenant_sharing: Vec::new(),
            introspection_cache: Duration::from_secs(15),
            token_cache: Some(Duration::from_secs(900)),
            type_header: TypeHeader::default(),
            token_header: header::AUTHORIZATION,
            certificate_chains: false,
            certificate_bound_tokens: false,
            environments: Vec::new(),
            backend_jwt: BackendJwt::default(),
            cross_tenant: false,
            application_sharing: false,
            organizations: true,
            provisioned_app_validation: true,
        }
    }
}

/// The environment that is there when none is configured.
const DEFAULT_ENVIRONMENT: &str = "Default";

/// A gateway environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// The only kind of keys that it takes, if it does not take both.
    pub only: Option<KeyType>,
}

impl Deployment {
    /// Whether APIs can be deployed to an environment of that name; where none is configured there is `Default`.
    pub fn has_environment(&self, name: &str) -> bool {
        match self.environments.as_slice() {
            [] => name == DEFAULT_ENVIRONMENT,
            all => all.iter().any(|one| one.name == name),
        }
    }

    /// The only kind of keys that the gateway takes: it is the environment `Default`, or else the first.
    pub fn only_keys(&self) -> Option<KeyType> {
        let default = self.environments.iter().find(|one| one.name == DEFAULT_ENVIRONMENT);
        default.or(self.environments.first()).and_then(|one| one.only)
    }
}

/// Whose tokens need `at+jwt` in their header (RFC 9068, section 2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TypeHeader {
    /// The resident key manager's.
    #[default]
    Resident,
    /// Every key manager's.
    Everybody,
    /// Nobody's.
    Nobody,
}

/// The header by which backends are told who is calling.
#[derive(Debug, Clone)]
pub struct BackendJwt {
    /// Whether it is sent.
    pub enabled: bool,
    /// Whether its three parts are in base64url, as RFC 7515 wants; in plain base64 otherwise, as the product does unless
    /// told so.
    pub url_safe: bool,
    /// Its name.
    pub header: HeaderName,
    /// Stands before the names of the claims that the gateway adds, with a slash between.
    pub dialect: String,
    /// Claims of the token that are not passed on, unless they are renamed.
    pub excluded: Vec<String>,
}

impl Default for BackendJwt {
    fn default() -> Self {
        Self {
            enabled: true,
            url_safe: false,
            header: HeaderName::from_static("x-jwt-assertion"),
            dialect: "http://wso2.org/claims".to_owned(),
            excluded: Vec::new(),
        }
    }
}
