//! What the runner asks of a stage and of a World, and nothing more, so that its own tests can bring small ones.
//! The real ones are in [`super::stage`] and [`crate::world`].

use std::{fmt::Debug, future::Future, sync::Arc};

use cucumber::{World, codegen::WorldInventory, gherkin::StepType, step::Collection};

use kmspec_model::{
    capability::Capability,
    plan::{MockPlan, RunPlan},
    proposal::ServerFacts,
    record::{Failure, ScenarioRecord},
    report::{Problem, Subject},
    scenario_id::ScenarioId,
};

/// Everything that stands ready while scenarios run.
pub trait Staging: Sized + 'static {
    /// Why it could not be opened.
    type Error: std::error::Error + 'static;

    /// Starts or probes what the plan needs, and the mock servers that are certified beside it.
    fn open(plan: &RunPlan, servers: &[MockPlan]) -> impl Future<Output = Result<Arc<Self>, Self::Error>>;

    /// Makes it the stage of every World that is created while `work` runs.
    fn around<F: Future>(self: &Arc<Self>, work: F) -> impl Future<Output = F::Output>;

    /// What is tested.
    fn subject(&self) -> Subject;

    /// What is certified beside it.
    fn servers(&self) -> Vec<Subject> {
        Vec::new()
    }

    /// The first of these capabilities that the subject has not got, or the mock server that the scenario is about.
    fn lacks(&self, server: Option<&str>, needs: &[Capability]) -> Option<Capability>;

    /// Whether scenarios share a tenant, so that those tagged `@serial` have to run alone.
    fn shares_tenants(&self) -> bool {
        true
    }

    /// What was found out about an authorization server, when one is the subject.
    fn facts(&self) -> Option<ServerFacts> {
        None
    }

    /// In how many messages a seeded defect showed so far; `None` when none is switched on.
    fn deeds(&self) -> Option<usize> {
        None
    }

    /// Takes everything down and says what went wrong outside of any scenario, panics behind the wire among it.
    fn close(&self) -> impl Future<Output = Vec<Problem>>;
}

/// What one scenario remembers, seen from the hooks around its steps.
pub trait Scenic: World + WorldInventory + Debug {
    /// Where its scenes come from.
    type Stage: Staging;

    /// Makes the scene of a scenario: called before its first step.
    fn begin(&mut self, id: &ScenarioId, tags: &[String]) -> impl Future<Output = Result<(), Failure>>;

    /// Its steps, put together once: `World::collection` makes a new collection each time.
    fn steps() -> &'static Collection<Self>;

    /// A step of this kind and phrase begins; And and But are of the kind of the step before them.
    fn enter(&mut self, kind: StepType, phrase: &str);

    /// The step has held.
    fn leave(&mut self, kind: StepType, phrase: &str);

    /// Takes the scene down and hands over what was recorded: called once, whatever became of the steps.
    fn end(&mut self) -> impl Future<Output = ScenarioRecord>;
}
