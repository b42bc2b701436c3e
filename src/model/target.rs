//! A subject that was described in a `target.toml`: where its planes are, who may log in, what it can do.
//! Reading the file and its environment variables is `cli/`'s business.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use url::Url;

use super::capability::Capability;

/// A running product, or a configured gateway.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name, for the report.
    pub name: String,
    /// Its version, for the report.
    pub version: String,
    /// Profile whose declared deviations apply.
    pub profile: String,
    /// Base URLs of the planes it has; what needs another plane is not applicable.
    pub planes: PlaneUrls,
    /// Users by persona: `administrator`, `publisher`, `developer`, `other`.
    pub personas: BTreeMap<String, Persona>,
    /// PEM file with the CA its certificates lead to.
    pub ca: Option<PathBuf>,
    /// Folder with the mocks' CA (certificate and key), made when missing; the target must trust it.
    pub mock_ca: Option<PathBuf>,
    /// Name by which the target reaches the mocks.
    pub mocks_host: String,
    /// Ports the mocks may use; any free one when `None`.
    pub mocks_ports: Option<(u16, u16)>,
    /// Name by which the gateway reaches the echo backend.
    pub backend_host: String,
    /// Port of the echo backend; any free one when `None`.
    pub backend_port: Option<u16>,
    /// Command that restarts the target.
    pub restart: Option<String>,
    /// Issuers that a bare gateway was configured with.
    pub issuers: Vec<ConfiguredIssuer>,
    /// What it can do: derived from its planes, changed by the file's `[capabilities]`.
    pub capabilities: Vec<Capability>,
    /// Times within which changes must bite.
    pub bounds: Bounds,
}

impl Target {
    /// Whether it is configured beforehand: a gateway without portals.
    pub fn is_fixed(&self) -> bool {
        self.planes.admin.is_none() && !self.issuers.is_empty()
    }
}

/// Base URLs of the planes of a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaneUrls {
    /// For example `https://localhost:9443/api/am/admin/v4`.
    pub admin: Option<Url>,
    /// For example `https://localhost:9443/api/am/publisher/v4`.
    pub publisher: Option<Url>,
    /// For example `https://localhost:9443/api/am/devportal/v3`.
    pub devportal: Option<Url>,
    /// For example `https://localhost:8243`.
    pub gateway: Option<Url>,
}

/// Somebody who can log in.
#[derive(Clone, PartialEq, Eq)]
pub struct Persona {
    /// User name as the platform knows it, tenant suffix included.
    pub username: String,
    /// Password.
    pub password: String,
    /// Roles the user holds.
    pub roles: Vec<String>,
}

impl std::fmt::Debug for Persona {
    /// Leaves the password out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Persona").field("username", &self.username).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// An issuer that a bare gateway was configured to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredIssuer {
    /// Value of `iss`.
    pub issuer: String,
    /// File with the private keys (JWK set) that the harness signs with.
    pub keys: PathBuf,
    /// Audience that its tokens must name, if the gateway asks for one.
    pub audience: Option<String>,
    /// Path on the gateway below which this issuer is trusted.
    pub route: String,
}

/// Times within which changes must bite, polled and reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A configuration change reaches the gateway.
    pub propagation: Duration,
    /// A revocation is honoured.
    pub revocation: Duration,
    /// One answer, before a request counts as unanswered.
    pub request: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            propagation: Duration::from_secs(5),
            revocation: Duration::from_secs(5),
            request: Duration::from_secs(10),
        }
    }
}
