//! Everything that stands ready while scenarios run: certificates, the subject, the echo backend, mocks on demand.
//! It alone, with its provisioning and `prove`, names platform and mocks; what a scenario sees of them are handles.

mod certified;
mod clearing;
mod error;
mod opening;
pub mod servers;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kmspec_drivers::{conversation::Conversation, exchange_log::ExchangeLog, wire::Wire};
use kmspec_mocks::{
    backend::EchoBackend,
    certificates::{CertificateAuthority, CertificateError, TlsIdentity},
    realm::{Clock, KeyChest},
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};
use kmspec_model::{
    capability::Capability,
    plan::{MockPlan, RunPlan, SubjectPlan},
    proposal::ServerFacts,
    report::{Problem, ProblemKind, Subject},
};
use kmspec_prove as prove;

use super::{
    provisioning::{Ground, Provisioning, ProvisioningError, Sabotage, Start, interposer_panicked},
    scene::Staging,
};
use crate::world::Scene;

use certified::CertifiedMocks;
pub use certified::{Arrangement, CertifiedMockError, Seat};
use clearing::delete_all;
pub use error::StageError;
use servers::Server;

tokio::task_local! {
    static CURRENT: Arc<Stage>;
}

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
    /// The stage around the current task, if there is one.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// The echo backend behind the APIs of every scenario.
    pub fn backend(&self) -> &EchoBackend {
        &self.backend
    }

    /// Lets whoever stands between a client and the gateway show the client's certificate in its name.
    pub fn lend(&self, identity: &TlsIdentity) {
        if let Some(sabotage) = &self.sabotage {
            sabotage.clients().lend(identity.clone());
        }
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

    /// A scenario's place at a server of its own, arranged like this; `None` when no such mock is certified.
    ///
    /// # Errors
    ///
    /// [`CertifiedMockError`] when the text is no configuration, or the server does not start.
    pub async fn arranged_seat(
        &self,
        server: &str,
        arrangement: Arrangement,
        log: &ExchangeLog,
    ) -> Result<Option<Seat>, CertifiedMockError> {
        self.certified.arranged_seat(server, arrangement, &self.mocks, log).await
    }

    /// A client's certificate: of the authority that the mocks trust, or of one that nobody knows.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when it cannot be made.
    pub fn client_certificate(&self, trusted: bool) -> Result<TlsIdentity, CertificateError> {
        match trusted {
            true => self.mocks.client_certificate(),
            false => CertificateAuthority::new("nobody's")?.issue(&["stranger.example"]),
        }
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

    /// Configures the platform of a scene by the text of a `deployment.toml`; its addresses stay, personas log in again. One that
    /// starts afresh has none of the scene's tenants and personas any more.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when it cannot be configured, or does not come back.
    pub async fn configure(&self, scene: &Scene, text: &str, start: Start) -> Result<(), ProvisioningError> {
        self.provisioning.configure(&scene.tenant, text, start).await?;
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
        self.enlisted(self.mocks.start(vendor, clock, chest).await?).await
    }

    /// The same, asking clients for certificates.
    ///
    /// # Errors
    ///
    /// [`MockError`] when it finds no port.
    pub async fn start_asking_server(
        &self,
        vendor: Vendor,
        clock: Clock,
        chest: &KeyChest,
    ) -> Result<Server, MockError> {
        self.enlisted(self.mocks.start_asking(vendor, clock, chest).await?).await
    }

    /// A server that the saboteur knows of, where there is one.
    async fn enlisted(&self, server: Server) -> Result<Server, MockError> {
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

/// Our own failing: whatever was found out beside it cannot be trusted.
fn fault(message: String) -> Problem {
    Problem { kind: ProblemKind::Harness, message }
}

fn warning(message: String) -> Problem {
    Problem { kind: ProblemKind::Warning, message }
}

/// How long a mock may take to stop before it is left to itself.
const STOP_LIMIT: Duration = Duration::from_secs(2);
