//! A reference platform on its own, for clients, gateways and runs in other processes: `kmspec platform`.
//! What it answers is the platform's business; reading arguments is `cli/`'s.

pub mod mock;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use kmspec_mocks::certificates::{CERTIFICATE_FILE, CertificateAuthority, CertificateError};

use super::provisioning::stand_alone_cast;
use crate::platform::{Data, Platform, PlatformConfig, PlatformError, TenantSpec, Tls};

/// Tenant with a user for each persona; the super tenant has its administrator alone.
pub const SEEDED_TENANT: &str = "kmspec.example";
/// Password of the seeded users. The platform is for tests on one machine and says so.
pub const SEEDED_PASSWORD: &str = "kmspec";

/// How a platform is served.
#[derive(Debug, Clone)]
pub struct ServePlan {
    /// Port of the management planes; any free one when 0.
    pub port: u16,
    /// Port of API traffic; any free one when 0.
    pub gateway_port: u16,
    /// File that keeps its data; memory when `None`.
    pub data: Option<PathBuf>,
    /// PEM files with CAs that its outgoing calls trust, beside its own.
    pub trust: Vec<PathBuf>,
    /// Folder with its CA (certificate and key), made when missing; `target.toml` is written there, too.
    pub folder: PathBuf,
}

/// A platform at work.
pub struct Served {
    platform: Platform,
    ca_file: PathBuf,
    target_file: PathBuf,
}

/// The platform could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its CA could not be made or read.
    #[error("the CA in {folder}: {source}\nhint: `--folder` names another folder")]
    Certificates {
        /// Where.
        folder: PathBuf,
        /// Why not.
        source: CertificateError,
    },
    /// A file could not be read or written.
    #[error("{doing} {path}: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It did not start.
    #[error("starting the platform: {0}\nhint: is a port taken, or the data file in use?")]
    Platform(#[from] PlatformError),
}

/// Starts a platform with its seeded users, and writes how to reach it.
///
/// # Errors
///
/// [`ServeError`] when a port is taken, or a file cannot be read or written.
pub async fn serve(plan: &ServePlan) -> Result<Served, ServeError> {
    let certificates = CertificateAuthority::load_or_create(&plan.folder)
        .and_then(|authority| Ok((authority.issue(&["localhost", "127.0.0.1"])?, authority.ca_pem().to_owned())))
        .map_err(|source| ServeError::Certificates { folder: plan.folder.clone(), source })?;
    let (identity, ca_pem) = certificates;
    let mut trust_pem = vec![ca_pem];
    for path in &plan.trust {
        let pem = tokio::fs::read_to_string(path).await.map_err(|source| ServeError::File {
            doing: "reading the CA file",
            path: path.clone(),
            source,
        })?;
        trust_pem.push(pem);
    }
    let tls = Tls { chain_pem: identity.chain_pem, key_pem: identity.key_pem };
    let config = PlatformConfig {
        management: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), plan.port),
        gateway: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), plan.gateway_port),
        data: plan.data.clone().map_or(Data::Memory, Data::File),
        ..PlatformConfig::loopback(tls, trust_pem)
    };
    let platform = Platform::start(config).await?;
    let (administrator, users) = stand_alone_cast(SEEDED_TENANT, SEEDED_PASSWORD);
    let spec = TenantSpec { domain: SEEDED_TENANT.to_owned(), administrator, users, roles: Vec::new(), clock: None };
    match platform.create_tenant(spec).await {
        // A data file remembers it from the last time.
        Ok(()) | Err(PlatformError::TenantExists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let target_file = plan.folder.join("target.toml");
    let text = target_toml(platform.management_url(), platform.gateway_url());
    tokio::fs::write(&target_file, text).await.map_err(|source| ServeError::File {
        doing: "writing the target file",
        path: target_file.clone(),
        source,
    })?;
    Ok(Served { platform, ca_file: plan.folder.join(CERTIFICATE_FILE), target_file })
}

impl Served {
    /// `https://host:port` of the management planes.
    pub fn management_url(&self) -> &str {
        self.platform.management_url()
    }

    /// `https://host:port` of API traffic.
    pub fn gateway_url(&self) -> &str {
        self.platform.gateway_url()
    }

    /// The CA that its certificates lead to.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// A target file that describes it, for `kmspec run --target`.
    pub fn target_file(&self) -> &Path {
        &self.target_file
    }

    /// Stops it, and says what panicked behind the wire.
    pub async fn stop(self) -> Vec<String> {
        let panics = self.platform.panics();
        self.platform.stop().await;
        panics
    }
}

/// A target file for this platform, with paths seen from its folder. Mocks of the run that uses it get certificates
/// from the same CA, which the platform trusts.
fn target_toml(management: &str, gateway: &str) -> String {
    let persona = |role: &str, user: &str| {
        format!("{role} = {{ username = \"{user}@{SEEDED_TENANT}\", password_env = \"KMSPEC_PASSWORD\" }}\n")
    };
    format!(
        "# Written by `kmspec platform`. The password is `{SEEDED_PASSWORD}`.\n\
         name = \"reference platform\"\nversion = \"{version}\"\nprofile = \"reference\"\n\n\
         [planes]\n\
         admin = \"{management}/api/am/admin/v4\"\n\
         publisher = \"{management}/api/am/publisher/v4\"\n\
         devportal = \"{management}/api/am/devportal/v3\"\n\
         gateway = \"{gateway}\"\n\n\
         [personas]\n{personas}\n\
         [trust]\nca = \"{CERTIFICATE_FILE}\"\n\n\
         [mocks]\nca = \".\"\n",
        version = env!("CARGO_PKG_VERSION"),
        personas =
            [("administrator", "admin"), ("publisher", "publisher"), ("developer", "developer"), ("other", "other")]
                .map(|(role, user)| persona(role, user))
                .concat(),
    )
}
