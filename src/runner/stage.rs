//! Everything that stands ready while scenarios run: certificates, the subject, the echo backend, mocks on demand.
//! It alone, with its provisioning and `prove`, names platform and mocks; what a scenario sees of them are handles.

mod certified;
pub mod servers;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kmspec_mocks::{
    backend::EchoBackend,
    certificates::{CertificateAuthority, CertificateError, TlsIdentity},
    realm::{Clock, KeyChest},
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};
use url::Url;

use super::{
    provisioning::{
        CertifiedServer, CertifyError, Embedded, Fixed, Ground, Product, Provisioning, ProvisioningError, Sabotage,
        answer, embedded::Common, fixed::FixedError, interposer_panicked,
    },
    scene::Staging,
};
use crate::world::Scene;
use kmspec_drivers::{
    conversation::Conversation,
    devportal::Devportal,
    error::DriverError,
    exchange_log::ExchangeLog,
    ledger::Created,
    reply::Reply,
    wire::{Wire, WireError, WireSettings},
};
use kmspec_model::{
    capability::Capability,
    plan::{CertifyPlan, MockPlan, RunPlan, SubjectPlan},
    proposal::ServerFacts,
    report::{Problem, ProblemKind, Subject},
    rule::RuleId,
    target::{Bounds, Target},
};
use kmspec_platform::Tls;
use kmspec_prove::{self as prove, Accomplices, AccomplicesError, Cause, NotSwitchable};

use certified::CertifiedMocks;
pub use certified::{CertifiedMockError, Seat};
use servers::Server;

tokio::task_local! {
    static CURRENT: Arc<Stage>;
}

/// Names under which this machine's servers present themselves.
const OWN_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// Everything that stands ready while scenarios run.
pub struct Stage {
    provisioning: Provisioning,
    wire: Wire,
    backend: EchoBackend,
    sabotage: Option<Arc<Sabotage>>,
    mocks: servers::Place,
    certified: CertifiedMocks,
    problems: Mutex<Vec<Problem>>,
    retiring: Mutex<Vec<tokio::task::JoinHandle<()>>>,
    /// They end when dropped.
    interposers: Vec<prove::Interposer>,
}

/// The stage could not be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No certificate could be made, or the kept ones not be read.
    #[error("making certificates for the run: {0}\nhint: check the folder named in [trust] mock_ca")]
    Certificates(#[from] CertificateError),
    /// A CA file of the target cannot be read.
    #[error("reading the CA file {path}: {source}\nhint: [trust] ca names a PEM file, relative to where you are")]
    CaFile {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The harness's HTTP client could not be made.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The echo backend did not start.
    #[error("starting the echo backend: {0}\nhint: is its port taken? [backend] port in the target file changes it")]
    Backend(String),
    /// The subject did not start.
    #[error(transparent)]
    Provisioning(#[from] ProvisioningError),
    /// A plane of the target does not answer.
    #[error(
        "the target's {plane} plane is silent: {source}\nhint: start the target, or mend the address in its file; [trust] ca names the CA of its certificate"
    )]
    TargetSilent {
        /// Which plane.
        plane: &'static str,
        /// Why not.
        source: DriverError,
    },
    /// A persona of the target cannot log in, or the target does not answer it.
    #[error("looking around at the target: {0}")]
    Target(#[source] DriverError),
    /// The defect cannot be switched on.
    #[error(transparent)]
    Defect(#[from] NotSwitchable),
    /// The defect is one of authorization servers, and the run certifies none.
    #[error(
        "`{0}` is a defect of authorization servers, and a run against a target certifies none\nhint: leave --target out"
    )]
    NoMocksToSpoil(String),
    /// The saboteur's helpers are not ready.
    #[error(transparent)]
    Accomplices(#[from] AccomplicesError),
    /// An interposer could not take its place.
    #[error(transparent)]
    Interposer(#[from] prove::InterposerError),
    /// The keys of a configured gateway's issuers are of no use.
    #[error(transparent)]
    Fixed(#[from] FixedError),
    /// The authorization server cannot be certified at all.
    #[error(transparent)]
    Certify(#[from] CertifyError),
    /// A mock server that is certified beside the platform is not ready.
    #[error(transparent)]
    CertifiedMock(#[from] CertifiedMockError),
}

impl Staging for Stage {
    type Error = StageError;

    async fn open(plan: &RunPlan, servers: &[MockPlan]) -> Result<Arc<Self>, StageError> {
        let stage = match &plan.subject {
            SubjectPlan::Embedded => Self::open_embedded(plan.defect.as_ref(), servers).await?,
            SubjectPlan::Target(target) => Self::open_target(target, plan.defect.as_ref()).await?,
            SubjectPlan::AuthorizationServer(certify) => Self::open_server(certify).await?,
        };
        Ok(Arc::new(stage))
    }

    async fn around<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), work).await
    }

    fn subject(&self) -> Subject {
        self.provisioning.subject()
    }

    fn servers(&self) -> Vec<Subject> {
        self.certified.subjects()
    }

    fn lacks(&self, server: Option<&str>, needs: &[Capability]) -> Option<Capability> {
        let has = match server {
            Some(name) => self.certified.capabilities(name).to_vec(),
            None => self.provisioning.subject().capabilities,
        };
        needs.iter().find(|need| !has.contains(need)).copied()
    }

    fn shares_tenants(&self) -> bool {
        !self.owns_tenants()
    }

    fn facts(&self) -> Option<ServerFacts> {
        self.provisioning.facts()
    }

    fn deeds(&self) -> Option<usize> {
        self.sabotage.as_ref().map(|sabotage| sabotage.deeds())
    }

    async fn close(&self) -> Vec<Problem> {
        let retiring = std::mem::take(&mut *self.retiring.lock().unwrap_or_else(PoisonError::into_inner));
        self.certified.servers().for_each(|server| self.note_panics(server));
        for stopping in retiring {
            // One that hangs is left to itself: the process ends soon.
            let _ = tokio::time::timeout(STOP_LIMIT, stopping).await;
        }
        let mut problems = std::mem::take(&mut *self.problems());
        let panics = self.interposers.iter().flat_map(prove::Interposer::panics);
        problems.extend(panics.map(interposer_panicked));
        problems.extend(self.provisioning.close().await);
        problems
    }
}

impl Stage {
    async fn open_embedded(defect: Option<&RuleId>, servers: &[MockPlan]) -> Result<Self, StageError> {
        let certificates = Arc::new(CertificateAuthority::new("kmspec run")?);
        let identity = certificates.issue(&OWN_NAMES)?;
        let trust = vec![certificates.ca_pem().to_owned()];
        let sabotage = sabotage(defect, &identity, &trust)?;
        let backend = start_backend(None).await?;
        let common = Common {
            tls: Tls { chain_pem: identity.chain_pem.clone(), key_pem: identity.key_pem.clone() },
            trust_pem: trust.clone(),
            backend_url: backend.base_url().to_owned(),
            sabotage: sabotage.clone(),
        };
        let wire = Wire::new(WireSettings {
            trust_pem: trust,
            system_trust: false,
            names_of_this_machine: vec!["localhost".to_owned()],
            request_limit: Bounds::default().request,
        })?;
        let mocks = servers::Place::local(certificates);
        let (embedded, certified) = tokio::join!(
            Embedded::open(common),
            CertifiedMocks::open(servers, defect_of_servers(defect)?, &mocks, &wire)
        );
        Ok(Self {
            provisioning: Provisioning::Embedded(Box::new(embedded?)),
            certified: certified?,
            mocks,
            wire,
            backend,
            sabotage,
            problems: Mutex::default(),
            retiring: Mutex::default(),
            interposers: Vec::new(),
        })
    }

    async fn open_target(target: &Target, defect: Option<&RuleId>) -> Result<Self, StageError> {
        let certificates = Arc::new(match &target.mock_ca {
            Some(folder) => CertificateAuthority::load_or_create(folder)?,
            None => CertificateAuthority::new("kmspec run")?,
        });
        if let Some(id) = defect_of_servers(defect)? {
            return Err(StageError::NoMocksToSpoil(id));
        }
        let mut trust = vec![certificates.ca_pem().to_owned()];
        if let Some(path) = &target.ca {
            let pem = tokio::fs::read_to_string(path)
                .await
                .map_err(|source| StageError::CaFile { path: path.clone(), source })?;
            trust.push(pem);
        }
        let sabotage = sabotage(defect, &certificates.issue(&OWN_NAMES)?, &trust)?;
        let backend = start_backend(target.backend_port).await?;
        let backend_url = at_host(backend.base_url(), &target.backend_host);
        let wire = Wire::new(WireSettings {
            trust_pem: trust,
            system_trust: target.ca.is_none(),
            names_of_this_machine: vec![target.mocks_host.clone(), target.backend_host.clone()],
            request_limit: target.bounds.request,
        })?;
        let planes = Product::planes_of(target);
        answer(&planes, &wire).await.map_err(|(plane, source)| StageError::TargetSilent { plane, source })?;
        let (planes, interposers) = match &sabotage {
            Some(sabotage) => sabotage.stand_before(planes).await?,
            None => (planes, Vec::new()),
        };
        let mut stale = Vec::new();
        let provisioning = if target.is_fixed() {
            let fixed = Fixed::new(target.clone(), planes)?;
            if let Some(sabotage) = &sabotage {
                fixed.issuers().iter().for_each(|issuer| sabotage.accomplices().enlist(issuer.forge.clone()));
            }
            Provisioning::Fixed(fixed)
        } else {
            let product = Product::new(target.clone(), planes, wire.clone(), backend_url);
            stale = product.stale().await.map_err(StageError::Target)?;
            Provisioning::Product(product)
        };
        Ok(Self {
            provisioning,
            mocks: servers::Place::for_target(certificates, target),
            certified: CertifiedMocks::default(),
            wire,
            backend,
            sabotage,
            problems: Mutex::new(stale.into_iter().map(warning).collect()),
            retiring: Mutex::default(),
            interposers,
        })
    }

    /// Nothing but the server itself takes part; the rest stands idle.
    async fn open_server(plan: &CertifyPlan) -> Result<Self, StageError> {
        Ok(Self {
            provisioning: Provisioning::AuthorizationServer(CertifiedServer::open(plan).await?),
            mocks: servers::Place::local(Arc::new(CertificateAuthority::new("kmspec run")?)),
            certified: CertifiedMocks::default(),
            wire: Wire::new(WireSettings::default())?,
            backend: start_backend(None).await?,
            sabotage: None,
            problems: Mutex::default(),
            retiring: Mutex::default(),
            interposers: Vec::new(),
        })
    }

    /// The stage around the current task, if there is one.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// The echo backend behind the APIs of every scenario.
    pub fn backend(&self) -> &EchoBackend {
        &self.backend
    }

    /// A scenario's conversation with the server that is certified, if that is what the run is about.
    pub fn conversation(&self, log: &ExchangeLog) -> Option<Conversation> {
        self.provisioning.conversation(log)
    }

    /// A scenario's place at one of the mock servers that are certified; `private` asks for a server of its own.
    ///
    /// # Errors
    ///
    /// [`CertifiedMockError`] when a server of its own does not start.
    pub async fn seat(
        &self,
        server: &str,
        private: bool,
        log: &ExchangeLog,
    ) -> Result<Option<Seat>, CertifiedMockError> {
        self.certified.seat(server, private, &self.mocks, log).await
    }

    /// A scenario's place at a server of its own, configured by this `deployment.toml`; `None` when no such mock is
    /// certified.
    ///
    /// # Errors
    ///
    /// [`CertifiedMockError`] when the text is no configuration, or the server does not start.
    pub async fn configured_seat(
        &self,
        server: &str,
        file: &str,
        log: &ExchangeLog,
    ) -> Result<Option<Seat>, CertifiedMockError> {
        self.certified.configured_seat(server, file, &self.mocks, log).await
    }

    /// Remarks for the reader of the report.
    pub fn notes(&self) -> Vec<String> {
        self.provisioning.notes()
    }

    /// Sets the scene of a scenario, which writes into this log. `private` asks for a platform that nobody else uses.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when the subject refuses.
    pub async fn set_scene(&self, log: &ExchangeLog, private: bool) -> Result<Scene, ProvisioningError> {
        let ground = self.provisioning.prepare(private).await?;
        Ok(self.scene_on(ground, log))
    }

    /// Sets a second scene in a tenant of its own, on the platform of the first.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when the subject refuses, or has one tenant only.
    pub async fn set_neighbour(&self, of: &Scene, log: &ExchangeLog) -> Result<Scene, ProvisioningError> {
        let ground = self.provisioning.neighbour(&of.tenant).await?;
        Ok(self.scene_on(ground, log))
    }

    fn scene_on(&self, ground: Ground, log: &ExchangeLog) -> Scene {
        let mut scene = Scene::new(ground.parts, self.wire.clone(), log.clone());
        scene.clock = ground.clock;
        scene
    }

    /// Restarts the platform of a scene. Its addresses stay; personas log in again.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when it cannot be restarted, or does not come back.
    pub async fn restart(&self, scene: &Scene) -> Result<(), ProvisioningError> {
        self.provisioning.restart(&scene.tenant).await?;
        if let Some(sabotage) = &self.sabotage {
            sabotage.tell_of_restart(&scene.tenant);
        }
        scene.forget_tokens();
        Ok(())
    }

    /// Configures the platform of a scene by the text of a `deployment.toml`; its addresses stay, personas log in again.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when it cannot be configured, or does not come back.
    pub async fn configure(&self, scene: &Scene, text: &str) -> Result<(), ProvisioningError> {
        self.provisioning.configure(&scene.tenant, text).await?;
        if let Some(sabotage) = &self.sabotage {
            sabotage.tell_of_restart(&scene.tenant);
        }
        scene.forget_tokens();
        Ok(())
    }

    /// Starts an authorization server that goes by this clock, and has its keys from this chest.
    ///
    /// # Errors
    ///
    /// [`MockError`] when it finds no port.
    pub async fn start_server(&self, vendor: Vendor, clock: Clock, chest: &KeyChest) -> Result<Server, MockError> {
        let server = self.mocks.start(vendor, clock, chest).await?;
        if let Some(sabotage) = &self.sabotage
            && let Err(error) = sabotage.enlist(server.forge().clone(), server.base_url()).await
        {
            self.problems().push(fault(format!("the authorization server {} goes unseen: {error}", server.issuer())));
        }
        Ok(server)
    }

    /// Stops authorization servers, one by one and off the runtime: dropping many inside one task can hang.
    pub fn retire(&self, servers: Vec<Server>) {
        if let Some(sabotage) = &self.sabotage {
            // Configured issuers stay trusted when a scenario is done with them, and so they stay accomplices.
            let started = servers.iter().filter(|server| server.configuration().is_none());
            let panics = started.flat_map(|server| sabotage.dismiss(server.issuer()));
            self.problems().extend(panics.map(interposer_panicked));
        }
        for server in &servers {
            self.note_panics(server);
        }
        let stopping = tokio::task::spawn_blocking(move || servers.into_iter().for_each(drop));
        self.retiring.lock().unwrap_or_else(PoisonError::into_inner).push(stopping);
    }

    /// Keeps the panics of a server that is about to stop for the end of the run.
    pub fn note_panics(&self, server: &Server) {
        let panics = server.mock().map(AuthorizationServer::panics).unwrap_or_default();
        let told = |panic| fault(format!("the mock authorization server {} panicked: {panic}", server.issuer()));
        self.problems().extend(panics.into_iter().map(told));
    }

    /// Takes a scene down: what its scenario created is deleted, and what cannot be is reported at the end of the run.
    pub async fn strike(&self, scene: Scene) {
        let mut left = if self.owns_tenants() { Vec::new() } else { delete_all(&scene).await };
        left.extend(self.provisioning.clear(&scene.tenant).await);
        self.problems().extend(left.into_iter().map(warning));
    }

    /// Whether clearing a tenant clears everything in it.
    fn owns_tenants(&self) -> bool {
        matches!(self.provisioning, Provisioning::Embedded(_))
    }

    fn problems(&self) -> std::sync::MutexGuard<'_, Vec<Problem>> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The defect, when the certified mocks are to have it themselves.
fn defect_of_servers(defect: Option<&RuleId>) -> Result<Option<String>, StageError> {
    let Some(id) = defect else { return Ok(None) };
    Ok(matches!(prove::cause(id)?, Cause::Servers).then(|| id.to_string()))
}

fn sabotage(
    defect: Option<&RuleId>,
    identity: &TlsIdentity,
    trust: &[String],
) -> Result<Option<Arc<Sabotage>>, StageError> {
    let Some(id) = defect else { return Ok(None) };
    let Cause::Saboteur(saboteur) = prove::cause(id)? else { return Ok(None) };
    let accomplices = Arc::new(Accomplices::new(trust)?);
    let saboteur = saboteur(Arc::clone(&accomplices));
    Ok(Some(Arc::new(Sabotage::new(saboteur, accomplices, identity.server_config(), trust.to_vec()))))
}

async fn start_backend(port: Option<u16>) -> Result<EchoBackend, StageError> {
    EchoBackend::start_on(None, port).await.map_err(|error| StageError::Backend(error.to_string()))
}

/// The URL under another host name.
fn at_host(url: &str, host: &str) -> String {
    let Ok(mut moved) = url.parse::<Url>() else { return url.to_owned() };
    match moved.set_host(Some(host)) {
        Ok(()) => moved.to_string().trim_end_matches('/').to_owned(),
        Err(_) => url.to_owned(),
    }
}

/// Our own failing: whatever was found out beside it cannot be trusted.
fn fault(message: String) -> Problem {
    Problem { kind: ProblemKind::Harness, message }
}

fn warning(message: String) -> Problem {
    Problem { kind: ProblemKind::Warning, message }
}

/// Deletes an application. Where its authorization server no longer deletes clients, since the scenario has stopped or broken
/// it, the platform is let forget the keys first.
async fn delete_application(plane: &Devportal, id: &str) -> Result<Reply<()>, DriverError> {
    match plane.delete_application(id).await? {
        Reply::Refused(refusal) if refusal.status == 412 => {
            plane.clean_up_keys(id).await?;
            plane.delete_application(id).await
        }
        reply => Ok(reply),
    }
}

/// Deletes what a scene's ledger holds, puts back what was there before, and says what is left.
async fn delete_all(scene: &Scene) -> Vec<String> {
    let mut left = Vec::new();
    for (role, object) in scene.ledger.take() {
        let deleted = match &object {
            Created::Application(id) => match scene.devportal(role) {
                Ok(plane) => delete_application(&plane, id).await,
                Err(error) => Err(error),
            },
            Created::Api(id) => match scene.publisher(role) {
                Ok(plane) => plane.delete_api(id).await,
                Err(error) => Err(error),
            },
            Created::Scope(id) => match scene.publisher(role) {
                Ok(plane) => plane.delete_scope(id).await,
                Err(error) => Err(error),
            },
            Created::KeyManager(id) => match scene.admin(role) {
                Ok(plane) => plane.delete_key_manager(id).await,
                Err(error) => Err(error),
            },
            Created::Organization(id) => match scene.admin(role) {
                Ok(plane) => plane.delete_organization(id).await,
                Err(error) => Err(error),
            },
        };
        match deleted {
            Ok(Reply::Granted(())) => {}
            Ok(Reply::Refused(refusal)) if refusal.status == 404 => {}
            Ok(Reply::Refused(refusal)) => left.push(format!("{object:?} could not be deleted: {refusal}")),
            Err(error) => left.push(format!("{object:?} could not be deleted: {error}")),
        }
    }
    for (role, document) in scene.ledger.take_originals() {
        let name = document.name.clone();
        let restored = match (scene.admin(role), &document.id) {
            (Ok(plane), Some(id)) => plane.update_key_manager(id, &document).await,
            (Err(error), _) => Err(error),
            (Ok(_), None) => continue,
        };
        match restored {
            Ok(Reply::Granted(_)) => {}
            Ok(Reply::Refused(refusal)) => left.push(format!("`{name}` could not be put back as it was: {refusal}")),
            Err(error) => left.push(format!("`{name}` could not be put back as it was: {error}")),
        }
    }
    left
}

/// How long a mock may take to stop before it is left to itself.
const STOP_LIMIT: Duration = Duration::from_secs(2);
