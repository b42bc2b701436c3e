//! A reference platform on its own, for clients, gateways and runs in other processes: `kmspec platform`.
//! What it answers is the platform's business; reading arguments is `cli/`'s.

pub mod mock;
mod population;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use kmspec_mocks::certificates::{CERTIFICATE_FILE, CertificateAuthority, CertificateError};

use kmspec_model::report::ExitStatus;
use kmspec_platform::{
    Data, Deployment, Platform, PlatformConfig, PlatformError, Tls, deployment::DeploymentError, store::StoreError,
};

/// Tenant with a user for each persona; the super tenant has its administrator alone.
pub const SEEDED_TENANT: &str = "kmspec.example";
/// Password of the seeded users. The platform is for tests on one machine and says so.
pub const SEEDED_PASSWORD: &str = "kmspec";

/// Ports of the product.
const MANAGEMENT_PORT: u16 = 9443;
const GATEWAY_PORT: u16 = 8243;

/// How a platform is served.
#[derive(Debug, Clone)]
pub struct ServePlan {
    /// Port of the management planes; any free one when 0, the deployment's when `None`.
    pub port: Option<u16>,
    /// Port of API traffic; any free one when 0, the deployment's when `None`.
    pub gateway_port: Option<u16>,
    /// Port of API traffic without TLS; any free one when 0, none when `None`.
    pub http_port: Option<u16>,
    /// What its administrator has configured.
    pub deployment_toml: Option<PathBuf>,
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
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// An argument names something that is not what it should be.
    #[error("`{}` is no {wanted}\nhint: `{argument}` takes the name of a {wanted}, made when there is none", path.display())]
    Unfit {
        /// The argument.
        argument: &'static str,
        /// What it should be.
        wanted: &'static str,
        /// What was typed.
        path: PathBuf,
    },
    /// Its `deployment.toml` could not be read.
    #[error("reading `{}`: {source}\nhint: `--deployment-toml` takes a file", path.display())]
    DeploymentFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Its `deployment.toml` is wrong.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// Its host name leads elsewhere.
    #[error(
        "the host `{0}` does not lead to this machine at 127.0.0.1\nhint: the platform listens at that loopback address only; leave `server.hostname` out, or name one that /etc/hosts leads here"
    )]
    Host(String),
    /// A CA file could not be used.
    #[error("reading the CA file `{}`: {source}\nhint: `--trust` takes a PEM file with certificates", path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("{doing} `{}`: {source}\nhint: `--folder` takes a folder that can be written", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It did not start.
    #[error("starting the platform{}\nhint: {}", .data.as_ref().map(|file| format!(" on the data in `{}`", file.display())).unwrap_or_default(), .hint)]
    Platform {
        /// The data file, if one was named.
        data: Option<PathBuf>,
        /// What to do.
        hint: &'static str,
        /// Why not.
        source: PlatformError,
    },
}

impl ServeError {
    /// What the process ends with: arguments that name the wrong thing are a wrong plan.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Unfit { .. }
            | Self::Trust { .. }
            | Self::DeploymentFile { .. }
            | Self::Deployment(_)
            | Self::Host(_) => ExitStatus::WrongPlan,
            Self::Certificates(_) | Self::File { .. } | Self::Platform { .. } => ExitStatus::CouldNotTest,
        }
    }

    fn platform(source: PlatformError, plan: &ServePlan) -> Self {
        let (data, hint) = match &source {
            PlatformError::Listen { .. } => (
                None,
                "another program may have the port; `--port 0`, `--gateway-port 0` and `--http-port 0` take free ones",
            ),
            PlatformError::Store(StoreError::InUse(_)) => {
                (plan.data.clone(), "`--data` takes the name of a new file; without it the data is in memory")
            }
            PlatformError::Trust(_) => (None, "`--trust` takes a PEM file with certificates"),
            _ => (plan.data.clone(), "`--data` takes a file that this program wrote, or the name of a new one"),
        };
        Self::Platform { data, hint, source }
    }
}

/// Starts a platform with its seeded users, and writes how to reach it.
///
/// # Errors
///
/// [`ServeError`] when a port is taken, or a file cannot be read or written.
pub async fn serve(plan: &ServePlan) -> Result<Served, ServeError> {
    fit(plan)?;
    let deployment = deployment(plan.deployment_toml.as_deref()).await?;
    let host = deployment.host.clone().unwrap_or_else(|| "localhost".to_owned());
    if !mock::leads_here(&host).await {
        return Err(ServeError::Host(host));
    }
    let mut names = vec!["localhost", "127.0.0.1"];
    names.extend((host != "localhost").then_some(host.as_str()));
    let certificates = CertificateAuthority::load_or_create(&plan.folder)
        .and_then(|authority| Ok((authority.issue(&names)?, authority.ca_pem().to_owned())))?;
    let (identity, ca_pem) = certificates;
    let mut trust_pem = vec![ca_pem];
    for path in &plan.trust {
        let unreadable = |source| ServeError::Trust { path: path.clone(), source };
        let pem = tokio::fs::read_to_string(path).await.map_err(unreadable)?;
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(unreadable(std::io::Error::other("it holds no PEM certificate")));
        }
        trust_pem.push(pem);
    }
    let tls = Tls { chain_pem: identity.chain_pem, key_pem: identity.key_pem };
    // The reader saw to it that the highest of them exists.
    let offset = deployment.port_offset.unwrap_or(0);
    let config = PlatformConfig {
        management: loopback(plan.port.unwrap_or(MANAGEMENT_PORT + offset)),
        gateway: loopback(plan.gateway_port.unwrap_or(GATEWAY_PORT + offset)),
        plain_gateway: plan.http_port.map(loopback),
        public_host: host,
        deployment,
        data: plan.data.clone().map_or(Data::Memory, Data::File),
        ..PlatformConfig::loopback(tls, trust_pem)
    };
    let failed = |source| ServeError::platform(source, plan);
    let platform = Platform::start(config).await.map_err(failed)?;
    population::settle(&platform).await.map_err(failed)?;
    let target_file = plan.folder.join("target.toml");
    let text = target_toml(platform.management_url(), platform.gateway_url());
    tokio::fs::write(&target_file, text).await.map_err(|source| ServeError::File {
        doing: "writing the target file",
        path: target_file.clone(),
        source,
    })?;
    Ok(Served { platform, ca_file: plan.folder.join(CERTIFICATE_FILE), target_file })
}

/// Reads a `deployment.toml`, and says what of it means nothing here.
async fn deployment(path: Option<&Path>) -> Result<Deployment, ServeError> {
    let Some(path) = path else { return Ok(Deployment::default()) };
    let unreadable = |source| ServeError::DeploymentFile { path: path.to_owned(), source };
    let (deployment, without_effect) = Deployment::parse(&tokio::fs::read_to_string(path).await.map_err(unreadable)?)?;
    for table in without_effect {
        tracing::warn!("`{table}` of {} means nothing to the reference platform", path.display());
    }
    Ok(deployment)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Refuses what would end in a device or an unreadable place.
fn fit(plan: &ServePlan) -> Result<(), ServeError> {
    folder_fits(&plan.folder)?;
    let unfit = |path: &Path| ServeError::Unfit { argument: "--data", wanted: "regular file", path: path.to_owned() };
    match plan.data.as_deref() {
        Some(data) if std::fs::metadata(data).is_ok_and(|found| !found.is_file()) => Err(unfit(data)),
        _ => Ok(()),
    }
}

/// Refuses a `--folder` that is something else.
pub(super) fn folder_fits(folder: &Path) -> Result<(), ServeError> {
    if std::fs::metadata(folder).is_ok_and(|found| !found.is_dir()) {
        return Err(ServeError::Unfit { argument: "--folder", wanted: "folder", path: folder.to_owned() });
    }
    Ok(())
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

    /// `http://host:port` of API traffic without TLS, where that was asked for.
    pub fn plain_gateway_url(&self) -> Option<&str> {
        self.platform.plain_gateway_url()
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
