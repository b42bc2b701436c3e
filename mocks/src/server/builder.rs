//! Starting a server: its port, its certificate, its realm, and the servers behind the front.
//! What can be done with it afterwards is in `handle`.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, atomic::AtomicU64},
};

use super::{
    answering::Answering,
    behind::Behind,
    handle::{AuthorizationServer, Certified},
    layout::{Layout, check_host},
    site::{Endpoints, Site},
    tenants::Tenants,
};
use crate::{
    certificates::{
        CertificateAuthority, CertificateError, CertificateKind, CertificateMapping, ClientCertificates, ClientCheck,
    },
    defects::{self, NeverShows},
    deployment_toml::{DeploymentToml, Settings},
    endpoints::{api_resources, login, login_is7, logout, pushed, scim_roles, scim_users},
    faults::Faults,
    front::{Door, Port},
    journal::{Endpoint, Recorder},
    notices::NoticeError,
    realm::{Clock, KeyChest, Policy, Realm},
    vendors::{Dialect, Vendor},
};

/// Why a mock server did not start.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// Its port could not be had.
    #[error(
        "opening port {port} on 127.0.0.1 for the mock `{vendor}`: {source}\nhint: another process may hold it; leave the port out to get a free one"
    )]
    Port {
        /// Who was to be played.
        vendor: String,
        /// The port asked for; 0 means any.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A `deployment.toml` was given to a vendor that has none.
    #[error("`{0}` reads no deployment.toml\nhint: is7 does")]
    Deployment(String),
    /// A vendor's addresses cannot lie where they were to.
    #[error("`{vendor}` cannot have the {what} `{given}`\nhint: {hint}")]
    Layout {
        /// Who was to be played.
        vendor: Vendor,
        /// What was to be otherwise than usual.
        what: &'static str,
        /// What was given for it.
        given: String,
        /// What could be given.
        hint: &'static str,
    },
    /// Its certificate could not be made.
    #[error("making the certificate of a mock server: {0}")]
    Certificate(#[from] CertificateError),
    /// Revocation notices were to be sent where they cannot go.
    #[error(transparent)]
    Notices(#[from] NoticeError),
    /// A defect was asked for that there is none of, or that could never show.
    #[error(transparent)]
    Defect(#[from] NeverShows),
}

/// How an authorization server is to be started.
#[must_use]
pub struct AuthorizationServerBuilder {
    vendor: Vendor,
    certificates: Option<Arc<CertificateAuthority>>,
    clock: Clock,
    chest: KeyChest,
    host: Option<String>,
    port: Option<u16>,
    recording: bool,
    servers: usize,
    certificate: CertificateKind,
    client_certificates: ClientCertificates,
    defects: Vec<String>,
    deployment: Option<DeploymentToml>,
    layout: Layout,
}

/// The port of WSO2 Identity Server without an offset.
const DEFAULT_PORT: u16 = 9443;

impl AuthorizationServerBuilder {
    /// A server that plays this vendor; everything else has a default.
    pub(super) fn new(vendor: Vendor) -> Self {
        Self {
            vendor,
            certificates: None,
            clock: Clock::system(),
            chest: KeyChest::default(),
            host: None,
            port: None,
            recording: true,
            servers: 1,
            certificate: CertificateKind::Good,
            client_certificates: ClientCertificates::Ignored,
            defects: Vec::new(),
            deployment: None,
            layout: Layout::default(),
        }
    }

    /// With what this file says, where the vendor is WSO2 Identity Server 7; without one it is configured as the
    /// documents tell. Host name and port count where none are given otherwise.
    pub fn deployment(mut self, deployment: DeploymentToml) -> Self {
        self.deployment = Some(deployment);
        self
    }

    /// With a certificate of this authority; one of its own makes do otherwise.
    pub fn certificates(mut self, certificates: Arc<CertificateAuthority>) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// With this clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// With keys out of this chest, now and at every rotation; out of one of its own otherwise. Servers that draw from
    /// one chest never share a key.
    pub fn chest(mut self, chest: KeyChest) -> Self {
        self.chest = chest;
        self
    }

    /// Under this host name, which stands in the issuer and in the certificate; `localhost` otherwise.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// With this path before every other one, such as `/auth`; for Keycloak, which has had it there up to version 16.
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.layout.base_path = Some(path.into());
        self
    }

    /// With the issuer, its discovery document and its keys on this host, and everything else on the other one; for Amazon
    /// Cognito, where a user pool and its domain are two. Both must lead here: `localhost` and `127.0.0.1` do.
    pub fn issuer_host(mut self, host: impl Into<String>) -> Self {
        self.layout.issuer_host = Some(host.into());
        self
    }

    /// On this port; a free one otherwise.
    pub fn port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }

    /// Whether requests and answers are written down. Under load they should not be.
    pub fn recording(mut self, recording: bool) -> Self {
        self.recording = recording;
        self
    }

    /// With so many wiremock servers behind its front, over which connections are spread; they answer from one realm.
    /// Each answers one request at a time, so that under load there should be one a core; one otherwise.
    pub fn servers(mut self, count: usize) -> Self {
        self.servers = count;
        self
    }

    /// With a certificate that is wrong in this way.
    pub fn certificate(mut self, kind: CertificateKind) -> Self {
        self.certificate = kind;
        self
    }

    /// Asking clients for certificates (RFC 8705).
    pub fn client_certificates(mut self, asked: ClientCertificates) -> Self {
        self.client_certificates = asked;
        self
    }

    /// With this defect switched on, by its id in the catalogue of defects.
    pub fn defect(mut self, id: impl Into<String>) -> Self {
        self.defects.push(id.into());
        self
    }

    /// Starts it; it serves as soon as this returns.
    ///
    /// # Errors
    ///
    /// [`MockError`] when the port is taken, the host name cannot stand in a certificate, a defect is unknown or could never
    /// show there, or the vendor reads no `deployment.toml` and one was given, or cannot be laid out as it was to be.
    pub async fn start(self) -> Result<AuthorizationServer, MockError> {
        if self.deployment.is_some() && self.vendor != Vendor::Is7 {
            return Err(MockError::Deployment(self.vendor.to_string()));
        }
        let file = self.deployment.as_ref();
        let offset = file.and_then(DeploymentToml::port_offset);
        let wanted_port = self.port.or(offset.map(|offset| offset.saturating_add(DEFAULT_PORT)));
        let host = self.host.or_else(|| file.and_then(|file| file.settings.hostname.clone()));
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        check_host(self.vendor, &host)?;
        self.layout.check(self.vendor, &host)?;
        let (vendor, wanted) = (self.vendor, wanted_port.unwrap_or(0));
        let taken = |source| MockError::Port { vendor: vendor.to_string(), port: wanted, source };
        let port = Port::take(wanted_port).await.map_err(taken)?;
        let base_url = format!("https://{host}:{}{}", port.number(), self.layout.base_path());
        let certificates = match self.certificates {
            Some(certificates) => certificates,
            None => Arc::new(CertificateAuthority::new("kmspec mock")?),
        };
        let mut names = vec![host, "localhost".to_owned(), "127.0.0.1".to_owned()];
        names.extend(self.layout.issuer_host.clone());
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let client_certificates = match self.client_certificates {
            ClientCertificates::Ignored if file.is_some_and(|file| file.settings.certificates_stand_for_users) => {
                ClientCertificates::Asked
            }
            asked => asked,
        };
        let clients = match client_certificates {
            ClientCertificates::Ignored => None,
            asked => ClientCheck::new(certificates.ca_pem(), asked == ClientCertificates::Required),
        };
        let mutual_tls = client_certificates != ClientCertificates::Ignored;
        let site = site(vendor, base_url, self.layout, self.clock, &self.chest, mutual_tls, file);
        for id in &self.defects {
            defects::check(&site, id)?;
            site.defects.switch_on(id).map_err(NeverShows::from)?;
        }
        let site = Arc::new(site);
        let recorder = Recorder::new(self.recording);
        let behind = Behind::start(self.servers, |cleaner| Answering {
            site: Arc::clone(&site),
            recorder: recorder.clone(),
            cleaner,
        });
        let behind = behind.await.map_err(taken)?;
        let tls = Certified { authority: certificates, names, clients, kind: Mutex::new(self.certificate) };
        let door = Door::new(tls.config(self.certificate)?, tls.clients.clone());
        let front = port.serve(door.clone(), behind.addresses(), site.faults.clone());
        let notices = self.deployment.and_then(|file| file.settings.notices);
        let server = AuthorizationServer {
            vendor: self.vendor,
            site,
            recorder,
            tls,
            door,
            chest: self.chest,
            notices: Mutex::default(),
            _behind: behind,
            _front: front,
        };
        server.send_notices(notices).await?;
        Ok(server)
    }
}

/// Paths that stand in no list of endpoints.
const FURTHER_PATHS: [&str; 8] = [
    login::PATH,
    login_is7::COMMONAUTH,
    pushed::PATH,
    logout::IS7,
    logout::COGNITO,
    api_resources::BASE,
    scim_users::BASE,
    scim_roles::BASE,
];

/// What a fresh server of that vendor answers from.
pub(super) fn site(
    vendor: Vendor,
    base_url: String,
    layout: Layout,
    clock: Clock,
    chest: &KeyChest,
    mutual_tls: bool,
    deployment: Option<&DeploymentToml>,
) -> Site {
    let dialect = vendor.dialect();
    let settings = deployment.map_or_else(Settings::documented, |file| file.settings.clone());
    let mut spec = dialect.realm(&base_url, clock, chest);
    if deployment.is_some() {
        settings.configure(&mut spec);
    }
    let mut endpoints = dialect.endpoints(&base_url);
    layout.move_issuer(&mut spec, &mut endpoints);
    let realm = Realm::new(spec);
    dialect.furnish(&realm);
    if deployment.is_some() {
        settings.furnish(&realm);
    }
    let certificate_mappings = match deployment {
        Some(_) => settings.certificate_mappings(),
        // Like the first releases: whoever has a certificate of the authority may say who they are.
        None if vendor == Vendor::Is7 && mutual_tls => vec![CertificateMapping::default()],
        None => Vec::new(),
    };
    Site {
        initial_access_token: dialect.initial_access_token(),
        faults: faults(&dialect, &layout, &endpoints, realm.issuer()),
        defects: Arc::default(),
        tenants: Tenants::default(),
        restarts: AtomicU64::new(0),
        endpoints,
        realm,
        base_url,
        layout,
        dialect,
        settings,
        mutual_tls,
        certificate_mappings: Arc::new(Mutex::new(certificate_mappings)),
        canned: Mutex::default(),
        panics: Mutex::default(),
    }
}

/// A further tenant of a server: what goes wrong there goes wrong here, too, and everything else is its own.
pub(super) fn tenant(vendor: Vendor, root: &Site, domain: &str, chest: &KeyChest) -> Site {
    let (base_url, clock) = (format!("{}/t/{domain}", root.base_url), root.realm.clock().clone());
    let site = site(vendor, base_url, Layout::default(), clock, chest, root.mutual_tls, None);
    site.realm.change_policy(|policy| {
        *policy = Policy { tenant: Some(domain.to_owned()), ..(*root.realm.policy()).clone() };
    });
    Site {
        faults: root.faults.clone(),
        defects: Arc::clone(&root.defects),
        settings: root.settings.clone(),
        certificate_mappings: Arc::clone(&root.certificate_mappings),
        ..site
    }
}

/// No faults yet; which endpoints there are is found by asking for their paths.
fn faults(dialect: &Arc<dyn Dialect>, layout: &Layout, endpoints: &Endpoints, issuer: &str) -> Faults {
    let (dialect, layout) = (Arc::clone(dialect), layout.clone());
    let route = move |path: &str| dialect.route(layout.local(path)?).map(|(endpoint, _)| endpoint);
    let served = paths(endpoints, issuer).iter().filter_map(|path| route(path)).collect();
    Faults::new(served, move |path| route(path).unwrap_or_else(|| Endpoint::guess(path)))
}

/// The paths at which a server may serve something.
pub(super) fn paths(endpoints: &Endpoints, issuer: &str) -> Vec<String> {
    let discovery = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let optional = [
        &endpoints.device_authorization,
        &endpoints.introspection,
        &endpoints.revocation,
        &endpoints.registration,
        &endpoints.userinfo,
        &endpoints.scopes,
    ];
    let urls = [&discovery, &endpoints.token, &endpoints.jwks, &endpoints.authorize]
        .into_iter()
        .chain(optional.into_iter().flatten())
        .filter_map(|url| url::Url::parse(url).ok());
    urls.map(|url| url.path().to_owned()).chain(FURTHER_PATHS.map(str::to_owned)).collect()
}
