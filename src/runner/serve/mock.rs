//! A mock authorization server on its own, for clients and gateways in other processes: `kmspec mock`.
//! How it behaves is `mocks/`'s business; reading arguments is `cli/`'s.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{ServeError, folder_fits};
use kmspec_mocks::{
    certificates::{
        CERTIFICATE_FILE, CertificateAuthority, CertificateError, ClientCertificates, STORE_PASSWORD, TRUST_STORE_FILE,
    },
    control::{Control, ControlError, House},
    deployment_toml::{DeploymentError, DeploymentToml},
    realm::{Client, ClientSpec, KeyChest},
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};
use kmspec_model::report::ExitStatus;

/// How a mock is served.
#[derive(Debug, Clone)]
pub struct MockPlan {
    /// Whose manners it has: the name of a vendor.
    pub vendor: String,
    /// Its port, 0 for any free one. When `None`, the one that the product's documents name, if that is free.
    pub port: Option<u16>,
    /// Port of its control interface; any free one when `None`.
    pub control_port: Option<u16>,
    /// Its host name, which must lead to this machine. When `None`, the one of its `deployment.toml`, else `localhost`.
    pub host: Option<String>,
    /// The path before each of its others; none when `None`. Only some vendors can have one.
    pub base_path: Option<String>,
    /// The host of its issuer, where that is not the server's own; it must lead to this machine. Only some vendors can have one.
    pub issuer_host: Option<String>,
    /// Folder with its CA (`ca.pem`, `ca.key`, `ca.p12`), made when missing.
    pub folder: PathBuf,
    /// What it asks of clients in the TLS handshake.
    pub client_certificates: ClientCertificates,
    /// Seeded defects that it is to have, by id.
    pub defects: Vec<String>,
    /// Whether it signs with the embedded test keys, which are the same in every process.
    pub embedded_keys: bool,
    /// A `deployment.toml` for it.
    pub deployment_toml: Option<PathBuf>,
}

/// A mock at work. Further ones may join it through its control interface.
#[derive(Debug)]
pub struct ServedMock {
    house: House,
    control: Control,
    name: String,
    client: Client,
    folder: PathBuf,
}

/// A mock could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeMockError {
    /// There is no mock of that name.
    #[error("there is no mock called `{wanted}`\nhint: there are {known}")]
    UnknownVendor {
        /// As typed.
        wanted: String,
        /// Those that exist.
        known: String,
    },
    /// Its CA could not be made or read.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// An argument names something that is not what it should be.
    #[error(transparent)]
    Unfit(#[from] ServeError),
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
    /// It did not start.
    #[error("starting the mock: {0}\nhint: another program may have the port; leave --port out for a free one")]
    Mock(MockError),
    /// It cannot be started like this.
    #[error(transparent)]
    Wrong(MockError),
    /// Its control interface did not start.
    #[error("starting the mock: {0}\nhint: another program may have the port; leave --control-port out for a free one")]
    Control(#[from] ControlError),
    /// Its host name leads elsewhere.
    #[error(
        "the host `{0}` does not lead to this machine at 127.0.0.1\nhint: a mock listens at that loopback address only; `localhost` leads there, and so does a name that /etc/hosts says to"
    )]
    Host(String),
}

impl ServeMockError {
    /// What the process ends with: arguments that name the wrong thing are a wrong plan.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::UnknownVendor { .. }
            | Self::DeploymentFile { .. }
            | Self::Deployment(_)
            | Self::Wrong(_)
            | Self::Host(_) => ExitStatus::WrongPlan,
            Self::Unfit(error) => error.exit_status(),
            Self::Certificates(_) | Self::Mock(_) | Self::Control(_) => ExitStatus::CouldNotTest,
        }
    }
}

impl From<MockError> for ServeMockError {
    fn from(error: MockError) -> Self {
        match error {
            MockError::Port { .. } => Self::Mock(error),
            _ => Self::Wrong(error),
        }
    }
}

/// What is asked of clients, by its word on the command line.
pub fn client_certificates(word: &str) -> ClientCertificates {
    match word {
        "asked" => ClientCertificates::Asked,
        "required" => ClientCertificates::Required,
        _ => ClientCertificates::Ignored,
    }
}

/// Starts a mock with a client for a first try, and its control interface.
///
/// # Errors
///
/// [`ServeMockError`] when there is none of that name, its CA cannot be had, its addresses cannot lie as they were to, or
/// a port is taken.
pub async fn serve(plan: &MockPlan) -> Result<ServedMock, ServeMockError> {
    let vendor = Vendor::ALL.into_iter().find(|vendor| vendor.name() == plan.vendor).ok_or_else(|| {
        let known = Vendor::ALL.map(Vendor::name).join(", ");
        ServeMockError::UnknownVendor { wanted: plan.vendor.clone(), known }
    })?;
    folder_fits(&plan.folder)?;
    if plan.deployment_toml.is_some() && vendor != Vendor::Is7 {
        return Err(ServeMockError::Wrong(MockError::Deployment(vendor.to_string())));
    }
    let file = match &plan.deployment_toml {
        Some(path) => Some(deployment(path).await?),
        None => None,
    };
    let configured = file.as_ref().and_then(DeploymentToml::hostname);
    let host = plan.host.as_deref().or(configured).unwrap_or("localhost");
    if !leads_here(host).await {
        return Err(ServeMockError::Host(host.to_owned()));
    }
    let chest = if plan.embedded_keys { KeyChest::default() } else { KeyChest::fresh() };
    let house = House::with_keys(Arc::new(CertificateAuthority::load_or_create(&plan.folder)?), chest);
    let server = started(plan, vendor, &house, host, file.as_ref()).await?;
    // Only now is it known to be a host name at all.
    if let Some(host) = &plan.issuer_host
        && !leads_here(host).await
    {
        return Err(ServeMockError::Host(host.clone()));
    }
    let client = server.realm().add_client(ClientSpec::new("first").redirect_uris(["https://localhost/callback"]));
    let name = house.take_in(server);
    let control = Control::serve(house.clone(), plan.control_port.filter(|port| *port != 0)).await?;
    Ok(ServedMock { house, control, name, client, folder: plan.folder.clone() })
}

/// Starts the server. Where nobody names a port it stands where the product's documents have it, or anywhere else when
/// that is taken.
async fn started(
    plan: &MockPlan,
    vendor: Vendor,
    house: &House,
    host: &str,
    file: Option<&DeploymentToml>,
) -> Result<AuthorizationServer, MockError> {
    let start = |port: Option<u16>| {
        let builder = house.builder(vendor).port(port).host(host).client_certificates(plan.client_certificates);
        let builder = plan.defects.iter().fold(builder, |builder, id| builder.defect(id));
        let builder = plan.base_path.iter().fold(builder, |builder, path| builder.base_path(path));
        let builder = plan.issuer_host.iter().fold(builder, |builder, host| builder.issuer_host(host));
        file.cloned().into_iter().fold(builder, |builder, file| builder.deployment(file)).start()
    };
    let offset = file.and_then(DeploymentToml::port_offset);
    match (plan.port, vendor.documented_port()) {
        (None, Some(documented)) if offset.is_none() => match start(Some(documented)).await {
            Err(MockError::Port { .. }) => {
                tracing::warn!("port {documented}, which the product's documents name, is taken; another one is used");
                start(None).await
            }
            outcome => outcome,
        },
        // Port 0 is any free one, whatever a file says.
        (port, _) => start(port).await,
    }
}

/// Reads a `deployment.toml`, and says what of it means nothing here.
async fn deployment(path: &Path) -> Result<DeploymentToml, ServeMockError> {
    let unreadable = |source| ServeMockError::DeploymentFile { path: path.to_owned(), source };
    let file = DeploymentToml::parse(&tokio::fs::read_to_string(path).await.map_err(unreadable)?)?;
    for table in file.without_effect() {
        tracing::warn!("`{table}` of {} means nothing to a mock", path.display());
    }
    Ok(file)
}

/// Whether a host name leads to the one address at which servers listen here.
pub(super) async fn leads_here(host: &str) -> bool {
    match tokio::net::lookup_host((host, 0)).await {
        Ok(addresses) => addresses.into_iter().any(|address| address.ip() == Ipv4Addr::LOCALHOST),
        Err(_) => false,
    }
}

impl ServedMock {
    /// What somebody needs to know who wants to use it: a name and a value a line.
    pub fn told(&self) -> String {
        let Some(server) = self.house.server(&self.name) else { return String::new() };
        let mut lines = vec![
            ("issuer", server.issuer().to_owned()),
            ("discovery", server.discovery_url()),
            ("control", self.control.url()),
            ("client", format!("{}:{}", self.client.id, self.client.secret.as_deref().unwrap_or_default())),
        ];
        if let Some(token) = server.initial_access_token() {
            lines.push(("register", format!("with the bearer token {token}")));
        }
        lines.push(("ca", self.folder.join(CERTIFICATE_FILE).display().to_string()));
        lines.push(("trust store", format!("{} ({STORE_PASSWORD})", self.folder.join(TRUST_STORE_FILE).display())));
        lines.into_iter().map(|(name, value)| format!("{name:<12}{value}\n")).collect()
    }

    /// A command that gets a first token.
    pub fn first_call(&self) -> String {
        let endpoint = self.house.server(&self.name).map(|server| server.endpoints().token.clone());
        format!(
            "curl --cacert {} -u {}:{} -d grant_type=client_credentials {}",
            self.folder.join(CERTIFICATE_FILE).display(),
            self.client.id,
            self.client.secret.as_deref().unwrap_or_default(),
            endpoint.unwrap_or_default(),
        )
    }

    /// The panics behind the wire, whichever server they were in.
    pub fn panics(&self) -> Vec<String> {
        self.house.all().iter().flat_map(|(_, server)| server.panics()).collect()
    }
}
