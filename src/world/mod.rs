//! What one scenario remembers: its scene, the things it calls by name, the last reply, and how it failed if it did.
//! Steps change it; where the scene comes from is the runner's business.

mod acts;
mod failure;
mod named;
mod poll;
mod scene;
mod seen;
mod things;

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Instant,
};

use kmspec_mocks::realm::{Clock, SigningKey};

pub use crate::runner::stage::Arrangement;
use crate::runner::stage::{Stage, servers::Server};
use kmspec_drivers::{
    conversation::Conversation, credentials::Token, error::DriverError, exchange_log::ExchangeLog, gateway::Echo,
    reply::Refusal, reply::Reply,
};
use kmspec_model::{
    exchange::{Plane, Role},
    record::{Failure, ScenarioRecord},
    report::TimeToEffect,
    target::Persona,
};

pub use failure::{OrFail, StepError};
pub use named::{Named, Unnamed};
pub use poll::Look;
pub use scene::{SUPER_TENANT, Scene, SceneParts};
pub use seen::{HeldToken, Login, PortalView, Seen};
pub use things::{DeployedApi, HeldKeys, KerberosRealm, OwnedApplication, Partner, RegisteredKeyManager};

/// What one scenario remembers.
#[derive(cucumber::World)]
#[world(init = Self::new)]
pub struct World {
    stage: Option<Arc<Stage>>,
    scene: Option<Scene>,
    conversation: Option<Conversation>,
    certified: Option<Certified>,
    /// An issuer that vouches for users at the server.
    pub partner: Option<Partner>,
    /// A Kerberos realm that the server belongs to.
    pub kerberos: Option<KerberosRealm>,
    /// A scope that is bound to a role there, and the role.
    pub bound_scope: Option<(String, String)>,
    /// An id that whoever registers chose for a client.
    pub chosen_id: Option<String>,
    log: ExchangeLog,
    foreign_key: OnceLock<SigningKey>,
    /// Authorization servers that the scenario started.
    pub servers: Named<Server>,
    /// Other tenants that it made.
    pub neighbours: Named<Scene>,
    /// Key managers that the scenario registered.
    pub key_managers: Named<RegisteredKeyManager>,
    /// APIs that it deployed.
    pub apis: Named<DeployedApi>,
    /// Applications that it created, with their keys.
    pub applications: Named<OwnedApplication>,
    /// Tokens that it obtained or forged.
    pub tokens: Named<Token>,
    /// What earlier steps saw at the subject.
    pub seen: Seen,
    /// The last reply that a step kept.
    pub last: Option<Last>,
    /// When the act under test was done, where times to effect are counted from; and its phrase.
    acted: Option<(Instant, String)>,
    acting: bool,
    recorded: Mutex<Recorded>,
}

/// The mock server that the scenario is about.
struct Certified {
    server: Arc<Server>,
    /// The scenario has it to itself, and this is its clock.
    clock: Option<Clock>,
}

#[derive(Debug, Default)]
struct Recorded {
    failure: Option<Failure>,
    times: Vec<TimeToEffect>,
    notes: Vec<String>,
}

/// The last reply that a step kept for the steps after it.
#[derive(Debug, Clone, PartialEq)]
pub enum Last {
    /// It was granted.
    Granted,
    /// It was granted by the backend behind the gateway.
    Echoed(Echo),
    /// It was refused.
    Refused(Refusal),
}

impl fmt::Debug for World {
    /// Short: cucumber prints it after a failed step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("tenant", &self.scene.as_ref().map(|scene| &scene.tenant)).finish_non_exhaustive()
    }
}

impl World {
    fn new() -> Self {
        Self {
            stage: Stage::current(),
            scene: None,
            conversation: None,
            certified: None,
            partner: None,
            kerberos: None,
            bound_scope: None,
            chosen_id: None,
            servers: Named::new("authorization server"),
            neighbours: Named::new("tenant"),
            log: ExchangeLog::default(),
            foreign_key: OnceLock::new(),
            key_managers: Named::new("key manager"),
            apis: Named::new("API"),
            applications: Named::new("application"),
            tokens: Named::new("token"),
            seen: Seen::default(),
            last: None,
            acted: None,
            acting: false,
            recorded: Mutex::default(),
        }
    }

    /// The last act under test, in the words of its When.
    pub fn act(&self) -> Option<&str> {
        self.acted.as_ref().map(|(_, phrase)| phrase.as_str())
    }

    /// What the scenario stands on.
    ///
    /// # Panics
    ///
    /// Outside of a scenario: the before hook sets the scene.
    pub fn scene(&self) -> &Scene {
        self.scene.as_ref().expect("the before hook sets the scene before the first step")
    }

    /// From here on somebody else plays that role in the scenario.
    ///
    /// # Panics
    ///
    /// Outside of a scenario: the before hook sets the scene.
    pub fn recast(&mut self, role: Role, persona: Persona) {
        let scene = self.scene.as_mut().expect("the before hook sets the scene before the first step");
        scene.recast(role, persona);
    }

    /// The conversation with the authorization server that is certified.
    ///
    /// # Errors
    ///
    /// The recorded error when the subject of the run is something else.
    pub fn conversation(&self) -> Result<Conversation, StepError> {
        let missing =
            "the subject of this run is no authorization server\nhint: such scenarios belong to `kmspec certify`";
        self.conversation.clone().ok_or_else(|| self.error(missing))
    }

    /// The mock that is certified, for what no wire can do there: deciding for users, trusting an issuer.
    ///
    /// # Errors
    ///
    /// The recorded error when the server is a real one.
    pub fn certified_mock(&self) -> Result<Arc<Server>, StepError> {
        let real = "the server is no mock of this run\nhint: tag the scenario with the capability that only a mock has";
        self.certified.as_ref().map(|it| Arc::clone(&it.server)).ok_or_else(|| self.error(real))
    }

    /// Where exchanges are written down.
    pub fn log(&self) -> &ExchangeLog {
        &self.log
    }

    /// Keeps a reply for the steps after this one; what was granted is handed back.
    ///
    /// # Errors
    ///
    /// The recorded failure when there was no reply.
    pub fn keep<T>(&mut self, reply: Result<Reply<T>, DriverError>) -> Result<Option<T>, StepError> {
        match reply.or_fail(self)? {
            Reply::Granted(value) => {
                self.last = Some(Last::Granted);
                Ok(Some(value))
            }
            Reply::Refused(refusal) => {
                self.last = Some(Last::Refused(refusal));
                Ok(None)
            }
        }
    }

    /// Keeps what the gateway answered for the steps after this one.
    ///
    /// # Errors
    ///
    /// The recorded failure when there was no reply.
    pub fn keep_call(&mut self, reply: Result<Reply<Echo>, DriverError>) -> Result<(), StepError> {
        self.last = Some(match reply.or_fail(self)? {
            Reply::Granted(echo) => Last::Echoed(echo),
            Reply::Refused(refusal) => Last::Refused(refusal),
        });
        Ok(())
    }

    /// What set-up cannot do without: a refusal is a deviation. `what` completes "… is granted".
    ///
    /// # Errors
    ///
    /// The recorded failure.
    pub fn demand<T>(&self, what: &str, reply: Result<Reply<T>, DriverError>) -> Result<T, StepError> {
        match reply.or_fail(self)? {
            Reply::Granted(value) => Ok(value),
            Reply::Refused(refusal) => Err(self.deviates(format!("{what} is granted"), format!("refused: {refusal}"))),
        }
    }

    /// The last reply, which `what` says should be a refusal ("key generation").
    ///
    /// # Errors
    ///
    /// A recorded deviation when it was granted, an error when there was none.
    pub fn refusal(&self, what: &str) -> Result<&Refusal, StepError> {
        match &self.last {
            Some(Last::Refused(refusal)) => Ok(refusal),
            Some(Last::Granted) => Err(self.deviates(format!("{what} is refused"), "it was granted")),
            Some(Last::Echoed(_)) => Err(self.deviates(format!("{what} is refused"), "it reached the backend")),
            None => Err(self.error(format!("no step before this one kept a reply about {what}"))),
        }
    }

    /// The request that reached the backend with the last call of an API.
    ///
    /// # Errors
    ///
    /// A recorded deviation when the call was refused, an error when there was none.
    pub fn echo(&self) -> Result<&Echo, StepError> {
        match &self.last {
            Some(Last::Echoed(echo)) => Ok(echo),
            Some(Last::Refused(refusal)) => Err(self.deviates("the backend answers", format!("refused: {refusal}"))),
            Some(Last::Granted) | None => Err(self.error("no step before this one called an API")),
        }
    }

    /// A remark for the reader of the report; it fails nothing.
    pub fn note(&self, remark: impl Into<String>) {
        self.recorded(|recorded| recorded.notes.push(remark.into()));
    }

    fn keep_time(&self, time: TimeToEffect) {
        self.recorded(|recorded| recorded.times.push(time));
    }

    fn record_failure(&self, failure: Failure) {
        self.recorded(|recorded| {
            recorded.failure.get_or_insert(failure);
        });
    }

    fn recorded<T>(&self, work: impl FnOnce(&mut Recorded) -> T) -> T {
        work(&mut self.recorded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everything recorded, which empties the record.
    fn record(&mut self, counts: impl Fn(Plane) -> bool) -> ScenarioRecord {
        let recorded = self.recorded(std::mem::take);
        let subject_requests = self.log.requests_to(counts);
        let secrets = self.log.secrets();
        let mut record = ScenarioRecord {
            failure: recorded.failure,
            began_at_us: self.log.began_at_us(),
            exchanges: self.log.take(),
            times_to_effect: recorded.times,
            subject_requests,
            notes: recorded.notes,
            secrets: secrets.clone(),
        };
        secrets.record(&mut record);
        record
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cucumber::gherkin::StepType;

    use super::*;
    use crate::runner::scene::Scenic as _;

    #[test]
    fn the_first_failure_counts_even_when_a_step_swallows_it() {
        let mut world = World::new();
        let first = world.deviates("401", "200");
        drop(world.error("later"));
        assert_eq!(first.to_string(), "expected 401, observed 200");
        let record = world.record(|_| true);
        assert!(matches!(record.failure, Some(Failure::Deviates(deviation)) if deviation.observed == "200"));
        assert_eq!(world.record(|_| true).failure, None);
    }

    #[tokio::test]
    async fn a_change_that_bites_leaves_its_time_and_one_that_does_not_its_last_look() {
        let mut world = World::new();
        let second = Duration::from_secs(1);
        world.acted = Some((Instant::now().checked_sub(second).unwrap(), "the server rotates its key".into()));
        let mut looks = 0;
        let seen = world
            .eventually("key-rotated", Duration::from_secs(5), "the new key is accepted", async || {
                looks += 1;
                Ok(Look::when(looks == 3, looks, "still refused"))
            })
            .await
            .unwrap();
        assert_eq!(seen, 3);
        let bound = Duration::from_millis(5);
        let error = world
            .eventually::<(), _>("token-revoked", bound, "a refusal", async || Ok(Look::NotYet("200".into())))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "expected a refusal within 5ms, observed 200, at the last look");
        let record = world.record(|_| true);
        let changes: Vec<_> = record.times_to_effect.iter().map(|time| time.change.as_str()).collect();
        assert_eq!(changes, ["key-rotated"]);
        assert!(record.times_to_effect[0].took_us >= 1_000_000, "the clock starts when the act is done");
    }

    #[test]
    fn what_set_up_was_answered_is_no_reply_to_the_act() {
        let mut world = World::new();
        world.enter(StepType::Given, "");
        world.keep(Ok(Reply::Granted(()))).unwrap();
        world.enter(StepType::When, "");
        assert_eq!(world.last, None);
        world.keep(Ok(Reply::Granted(()))).unwrap();
        world.enter(StepType::When, "");
        world.enter(StepType::Then, "");
        assert_eq!(world.last, Some(Last::Granted));
    }

    #[test]
    fn a_kept_refusal_is_found_by_the_next_step() {
        let world = World::new();
        assert!(world.refusal("the call").is_err());
        let mut world = World { recorded: Mutex::default(), ..World::new() };
        world.keep::<()>(Ok(Reply::Refused(Refusal::read(401, vec![], "{}")))).unwrap();
        assert_eq!(world.refusal("the call").unwrap().status, 401);
        assert_eq!(world.record(|_| true).failure, None);
        world.keep(Ok(Reply::Granted(()))).unwrap();
        assert!(world.refusal("the call").is_err());
        assert!(world.record(|_| true).failure.is_some());
    }
}
