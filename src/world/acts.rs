//! What a scenario does with its stage: servers that start and stop, time that passes, restarts, other tenants.
//! Calls to the subject are the drivers'; this is what no wire can do.

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use cucumber::{World as _, gherkin::StepType, step::Collection};

use kmspec_mocks::{
    realm::{SigningKey, test_keys::KeyFamily},
    vendors::Vendor,
};

use crate::runner::{
    provisioning::{ProvisioningError, Start, personas::mail_address},
    scene::Scenic,
    stage::{Arrangement, Stage, servers::Server},
};
use kmspec_drivers::authorization_server::AuthorizationServerClient;
use kmspec_model::{
    capability::Capability,
    catalogue::SERVER_TAG,
    exchange::{Plane, Role},
    record::{Failure, ScenarioRecord},
    scenario_id::ScenarioId,
    target::Persona,
};

use super::{Certified, OrFail, SUPER_TENANT, Scene, SceneParts, StepError, World};

impl From<ProvisioningError> for Failure {
    fn from(error: ProvisioningError) -> Self {
        match error {
            ProvisioningError::Lacks(missing) => Self::NotApplicable(missing),
            other => Self::Error(other.to_string()),
        }
    }
}

impl Scenic for World {
    type Stage = Stage;

    /// `needs:restart` and `needs:deployment` among the tags ask for a platform of the scenario's own.
    async fn begin(&mut self, _id: &ScenarioId, tags: &[String]) -> Result<(), Failure> {
        let needs = |wanted: Capability| {
            tags.iter().filter_map(|tag| tag.strip_prefix("needs:")).any(|need| need == wanted.name())
        };
        let stage = self.stage.clone().ok_or_else(|| Failure::Error("no stage is around this scenario".to_owned()))?;
        self.conversation = stage.conversation(&self.log);
        if let Some(server) = tags.iter().find_map(|tag| tag.strip_prefix(SERVER_TAG)) {
            let seat =
                stage.seat(server, needs(Capability::Clock) || needs(Capability::ServerControls), &self.log).await;
            let seat = seat.map_err(|error| Failure::Error(error.to_string()))?;
            let seat = seat.ok_or_else(|| Failure::Error(format!("no mock `{server}` is certified in this run")))?;
            self.conversation = Some(seat.conversation);
            self.certified = Some(Certified { server: seat.server, clock: seat.clock });
        }
        if self.conversation.is_none() {
            self.scene =
                Some(stage.set_scene(&self.log, needs(Capability::Restart) || needs(Capability::Deployment)).await?);
        }
        Ok(())
    }

    fn steps() -> &'static Collection<Self> {
        static STEPS: LazyLock<Collection<World>> = LazyLock::new(World::collection);
        &STEPS
    }

    /// What set-up was answered is no reply to the act: the first When begins with a clean slate.
    fn enter(&mut self, kind: StepType, _: &str) {
        if kind != StepType::Given && !self.acting {
            self.last = None;
            self.acting = true;
            self.log.act(true);
        }
    }

    fn leave(&mut self, kind: StepType, phrase: &str) {
        if kind == StepType::When {
            self.acted = Some((Instant::now(), phrase.to_owned()));
        }
    }

    async fn end(&mut self) -> ScenarioRecord {
        // The record is closed first: what clearing up sends proves nothing about the subject.
        let of_server = self.conversation.is_some();
        let mut record = self.record(|plane| (plane == Plane::AuthorizationServer) == of_server);
        if let Some(conversation) = self.conversation.take() {
            let left = conversation.clean_up().await;
            // What stays behind in a mock goes with it.
            let left = left.into_iter().filter(|_| self.certified.is_none());
            record.notes.extend(left.map(|id| format!("the client `{id}` could not be deleted")));
        }
        if let Some(stage) = self.stage.clone() {
            record.notes.extend(stage.notes());
            if let Some(Certified { server, clock: Some(_) }) = self.certified.take() {
                stage.note_panics(&server);
            }
            let neighbours = self.neighbours.drain().into_iter().map(|(_, scene)| scene);
            // Servers stay until the platform's objects are gone: deleting keys may delete clients.
            for scene in neighbours.chain(self.scene.take()) {
                stage.strike(scene).await;
            }
            stage.retire(self.servers.drain().into_iter().map(|(_, server)| server).collect());
        }
        // What was added since may repeat what was sent as well.
        record.secrets.clone().record(&mut record);
        record
    }
}

impl World {
    /// Has the scenario talk from here on to a server of its own, of the vendor of the mock that is certified, arranged
    /// like this.
    ///
    /// # Errors
    ///
    /// The recorded error when it does not start, or the server is a real one.
    pub async fn arrange_server(&mut self, arrangement: Arrangement) -> Result<(), StepError> {
        let vendor = self.certified_mock()?.vendor;
        let stage = Arc::clone(self.stage());
        let seat = stage.arranged_seat(vendor.name(), arrangement, &self.log).await.map_err(|error| {
            if error.is_taken_port() { self.not_applicable(Capability::DocumentedPort) } else { self.error(error) }
        })?;
        let seat = seat.ok_or_else(|| self.error(format!("no mock `{vendor}` is certified in this run")))?;
        self.conversation = Some(seat.conversation);
        self.certified = Some(Certified { server: seat.server, clock: seat.clock });
        Ok(())
    }

    /// What stands ready around the scenario.
    ///
    /// # Panics
    ///
    /// Outside of a run: the runner puts a stage around every scenario.
    pub fn stage(&self) -> &Arc<Stage> {
        self.stage.as_ref().expect("the runner puts a stage around every scenario")
    }

    /// Starts an authorization server that the scenario calls by this name. It shares the scenario's clock, and its
    /// keys are nobody else's, now and after a rotation. At a gateway that was configured beforehand it is the next of the configured issuers instead.
    ///
    /// # Errors
    ///
    /// The recorded failure; the scenario does not apply where all configured issuers are taken.
    pub async fn start_server(&mut self, name: &str, vendor: Vendor) -> Result<&mut Server, StepError> {
        let configured = self.scene().configured_issuer(name).map_err(Failure::NotApplicable).or_fail(self)?;
        if let Some(issuer) = configured {
            return Ok(self.servers.keep(name, Server::configured(vendor, issuer)));
        }
        let clock = self.scene().clock.clone().unwrap_or_default();
        let server = self.stage().start_server(vendor, clock, &self.scene().keys).await;
        let server =
            server.map_err(|error| self.error(format!("starting the authorization server `{name}`: {error}")))?;
        Ok(self.servers.keep(name, server))
    }

    /// Starts one that asks clients for certificates.
    ///
    /// # Errors
    ///
    /// The recorded failure.
    pub async fn start_asking_server(&mut self, name: &str, vendor: Vendor) -> Result<&mut Server, StepError> {
        let clock = self.scene().clock.clone().unwrap_or_default();
        let server = self.stage().start_asking_server(vendor, clock, &self.scene().keys).await;
        let server =
            server.map_err(|error| self.error(format!("starting the authorization server `{name}`: {error}")))?;
        Ok(self.servers.keep(name, server))
    }

    /// Stops an authorization server: whoever connects finds nobody there. Its journal goes with it; its forge stays.
    ///
    /// # Errors
    ///
    /// The recorded failure when the scenario has no such server.
    pub fn stop_server(&mut self, name: &str) -> Result<(), StepError> {
        let stage = Arc::clone(self.stage());
        let running = match self.servers.named_mut(name) {
            Ok(server) => {
                stage.note_panics(server);
                server.take()
            }
            Err(unnamed) => return Err(self.fail(unnamed)),
        };
        if let Some(running) = running {
            drop(running);
        }
        Ok(())
    }

    /// An authorization server in the hands of an OAuth client.
    ///
    /// # Errors
    ///
    /// The recorded failure when the scenario has no such server.
    pub fn oauth_client(&self, server: &str) -> Result<AuthorizationServerClient, StepError> {
        let server = self.servers.named(server).or_fail(self)?;
        Ok(server.client(&self.scene().wire, &self.log))
    }

    /// Lets time pass for the scenario's tenant and its authorization servers. Personas log in again.
    ///
    /// # Errors
    ///
    /// The scenario does not apply where the subject's clock cannot be moved.
    pub fn pass_time(&self, time: Duration) -> Result<(), StepError> {
        let certified = self.certified.as_ref().map(|it| it.clock.as_ref());
        match certified.unwrap_or_else(|| self.scene().clock.as_ref()) {
            Some(clock) => clock.advance(time),
            None => return Err(self.not_applicable(Capability::Clock)),
        }
        self.scene.iter().for_each(Scene::forget_tokens);
        Ok(())
    }

    /// Restarts the platform; its addresses stay, personas log in again.
    ///
    /// # Errors
    ///
    /// The recorded failure when it cannot be restarted.
    pub async fn restart_platform(&self) -> Result<(), StepError> {
        self.stage().restart(self.scene()).await.or_fail(self)
    }

    /// Configures the platform as its administrator does, by the text of a `deployment.toml`; personas log in again.
    ///
    /// # Errors
    ///
    /// The recorded failure; the scenario does not apply where the run cannot configure the subject.
    pub async fn configure_platform(&self, text: &str) -> Result<(), StepError> {
        self.stage().configure(self.scene(), text, Start::OnItsData).await.or_fail(self)
    }

    /// Sets the platform up anew, by the text of a `deployment.toml`: nobody is there but the first tenant's administrator.
    ///
    /// # Errors
    ///
    /// The recorded failure; the scenario does not apply where the run cannot configure the subject.
    pub async fn set_up_platform(&self, text: &str) -> Result<(), StepError> {
        self.stage().configure(self.scene(), text, Start::Afresh).await.or_fail(self)
    }

    /// From here on whoever plays that role does so under a mail address. Only a platform of the scenario's own has such users.
    ///
    /// # Errors
    ///
    /// The recorded error when the role has no persona with a password.
    pub fn call_by_mail(&mut self, role: Role) -> Result<(), StepError> {
        let persona = self.scene().session(role).or_fail(self)?.persona().cloned();
        let persona = persona.ok_or_else(|| self.error(format!("the {role} has no password here")))?;
        let (name, tenant) = persona.username.rsplit_once('@').unwrap_or((&persona.username, ""));
        let username = format!("{}@{tenant}", mail_address(name));
        self.recast(role, Persona { username, ..persona });
        Ok(())
    }

    /// The super tenant of a platform of the scenario's own, which the scenario calls by this name. Its administrator, who
    /// may do everything, plays all roles there.
    pub fn add_super_tenant(&mut self, name: &str) -> &Scene {
        let own = self.scene();
        let admin =
            Persona { username: "admin".to_owned(), password: "admin".to_owned(), roles: vec!["admin".to_owned()] };
        let roles = [Role::Administrator, Role::Publisher, Role::Developer];
        let parts = SceneParts {
            tenant: SUPER_TENANT.to_owned(),
            planes: (*own.planes).clone(),
            personas: roles.into_iter().map(|role| (role, admin.clone())).collect(),
            bounds: own.bounds,
            prefix: own.prefix.clone(),
            backend_url: own.backend_url.clone(),
            configured: None,
        };
        let scene = Scene::new(parts, own.wire.clone(), own.log.clone());
        self.neighbours.keep(name, scene)
    }

    /// A second tenant, which the scenario calls by this name.
    ///
    /// # Errors
    ///
    /// The recorded failure; the scenario does not apply where there is one tenant only.
    pub async fn add_tenant(&mut self, name: &str) -> Result<&Scene, StepError> {
        let scene = self.stage().set_neighbour(self.scene(), &self.log).await.or_fail(self)?;
        Ok(self.neighbours.keep(name, scene))
    }

    /// A key that no issuer of the scenario has or will have, the same one each time.
    pub fn foreign_key(&self) -> SigningKey {
        self.foreign_key.get_or_init(|| self.scene().keys.draw(KeyFamily::Rsa)).clone()
    }

    /// How many requests reached the backend below this path on the gateway.
    pub fn backend_requests(&self, path: &str) -> usize {
        let below = |each: &str| each == path || each.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        self.stage().backend().requests().iter().filter(|request| below(&request.path)).count()
    }
}
