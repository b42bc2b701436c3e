//! What a server must be like for a defect to show there, and the refusal of one that never could.
//! Only what a running server cannot become counts: its settings may be anything tomorrow.

use url::Url;

use super::registry::{Defect, UnknownDefect, known};
use crate::server::Site;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Tokens of applications have their owner as subject.
    OwnerAsSubject,
    /// Introspection tells the owner of an application.
    OwnerTold,
    /// Introspection does not.
    OwnerHidden,
    /// Permissions of roles count.
    Permissions,
    /// Tenants have no paths.
    NoTenantPaths,
    /// Requests may name the user that a certificate stands for.
    NamedUsers,
    /// The same, and clients are asked for certificates.
    Certificates,
    /// The same, and rows say whom certificates stand for, whether or not that is switched on.
    WrittenMappings,
    /// All paths lie below another one.
    BasePath,
    /// The issuer has a host of its own.
    IssuerHost,
    /// The port is that of the product, with an offset.
    Offset,
}

/// What port WSO2 Identity Server has without an offset, and how far an offset is thought to go: other ports were chosen.
pub(super) const WITHOUT_OFFSET: u16 = 9443;
const OFFSETS: std::ops::Range<u16> = 1..100;

/// A defect would change nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NeverShows {
    /// There is none of that id.
    #[error(transparent)]
    Unknown(#[from] UnknownDefect),
    /// It stands around an endpoint that the server does not have.
    #[error("`{id}` can never show at this server: {why}")]
    Endpoint {
        /// The defect.
        id: String,
        /// What the server says of the endpoint.
        why: crate::faults::FaultError,
    },
    /// The server is of another kind.
    #[error("`{id}` can never show at this server\nhint: it shows where {needed}")]
    Kind {
        /// The defect.
        id: String,
        /// Where it shows.
        needed: &'static str,
    },
}

/// Whether a defect could ever show at a server.
///
/// # Errors
///
/// [`NeverShows`] when it could not.
pub(crate) fn check(site: &Site, id: &str) -> Result<&'static Defect, NeverShows> {
    let defect = known(id)?;
    site.faults.serves(defect.endpoint).map_err(|why| NeverShows::Endpoint { id: id.to_owned(), why })?;
    match defect.needs.filter(|needs| !needs.are_met(site)) {
        Some(needs) => Err(NeverShows::Kind { id: id.to_owned(), needed: needs.words() }),
        None => Ok(defect),
    }
}

/// The port of a server, where it is the product's with an offset.
pub(super) fn offset_port(site: &Site) -> Option<u16> {
    let port = Url::parse(&site.base_url).ok()?.port()?;
    port.checked_sub(WITHOUT_OFFSET).filter(|offset| OFFSETS.contains(offset)).map(|_| port)
}

impl Needs {
    fn are_met(self, site: &Site) -> bool {
        match self {
            Self::OwnerAsSubject => !site.settings.client_id_is_subject,
            Self::OwnerTold => !site.settings.username_hidden,
            Self::OwnerHidden => site.settings.username_hidden,
            Self::Permissions => site.settings.by_permission(),
            Self::NoTenantPaths => !site.settings.tenants_have_paths(),
            Self::NamedUsers => site.dialect.certificates_stand_for_users(),
            Self::Certificates => site.mutual_tls && Self::NamedUsers.are_met(site),
            Self::WrittenMappings => site.mutual_tls && !site.settings.written_mappings().is_empty(),
            Self::BasePath => !site.base_path().is_empty(),
            Self::IssuerHost => site.has_two_hosts(),
            Self::Offset => offset_port(site).is_some(),
        }
    }

    /// Where such a server is met.
    const fn words(self) -> &'static str {
        match self {
            Self::OwnerAsSubject => {
                "applications have their owner as subject: is7 with `server.legacy_mode` in its deployment.toml"
            }
            Self::OwnerTold => {
                "introspection tells the owner of an application: is7 with `server.legacy_mode` in its deployment.toml"
            }
            Self::OwnerHidden => {
                "introspection does not tell the owner of an application: is7 without `server.legacy_mode`"
            }
            Self::Permissions => "permissions of roles count: is7 with `server.legacy_mode` in its deployment.toml",
            Self::NoTenantPaths => "tenants have no paths: is7 with `server.legacy_mode` in its deployment.toml",
            Self::NamedUsers => "requests may name the user that a certificate stands for: is7",
            Self::Certificates => "clients are asked for certificates that stand for users: is7 that asks for them",
            Self::WrittenMappings => {
                "clients are asked for certificates and a deployment.toml says whom those stand for: is7 with rows in \
                 `client_certificate_based_authentication.user_thumbprint_mapping`"
            }
            Self::BasePath => "every path lies below another one: keycloak with a base path",
            Self::IssuerHost => "the issuer has a host of its own: cognito with an issuer host",
            Self::Offset => "the port is 9443 with an offset, such as 9444",
        }
    }
}
