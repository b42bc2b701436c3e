//! Gathers what hooks and events say about each scenario while many of them run.
//! What it amounts to is decided by [`super::judge`].

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use kmspec_model::{
    record::{Failure, ScenarioRecord},
    report::StepReport,
    scenario_id::ScenarioId,
};

/// What is known about one scenario so far.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// Its steps as far as it came.
    pub steps: Vec<StepReport>,
    /// When each of those steps began and ended, in microseconds since 1970.
    pub spans: Vec<(u64, u64)>,
    /// When the step began that is under way.
    pub entered_us: u64,
    /// What its World handed over.
    pub record: Option<ScenarioRecord>,
    /// Why its scene could not be made.
    pub not_begun: Option<Failure>,
    /// What the runner itself found wrong: an undefined step, a panic in a step or hook. The first one counts.
    pub fault: Option<String>,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// When its before hook was entered.
    pub began: Option<Instant>,
}

/// Shared by the hooks and the recorder.
#[derive(Debug, Default)]
pub struct Collector {
    scenarios: Mutex<HashMap<ScenarioId, Collected>>,
}

impl Collector {
    /// The scenario begins now.
    pub fn begin(&self, id: &ScenarioId) {
        self.change(id, |collected| collected.began = Some(Instant::now()));
    }

    /// Its scene could not be made.
    pub fn not_begun(&self, id: &ScenarioId, failure: Failure) {
        self.change(id, |collected| collected.not_begun = Some(failure));
    }

    /// A step begins, at this many microseconds since 1970.
    pub fn enter(&self, id: &ScenarioId, at_us: u64) {
        self.change(id, |collected| collected.entered_us = at_us);
    }

    /// A step is over, at this many microseconds since 1970.
    pub fn step(&self, id: &ScenarioId, step: StepReport, at_us: u64) {
        self.change(id, |collected| {
            collected.steps.push(step);
            collected.spans.push((collected.entered_us, at_us));
        });
    }

    /// The runner found a fault of its own.
    pub fn fault(&self, id: &ScenarioId, message: String) {
        self.change(id, |collected| {
            collected.fault.get_or_insert(message);
        });
    }

    /// The World is done.
    pub fn end(&self, id: &ScenarioId, record: ScenarioRecord) {
        self.change(id, |collected| {
            collected.record = Some(record);
            let took = collected.began.map(|began| began.elapsed().as_micros());
            collected.took_us = took.map_or(0, |micros| u64::try_from(micros).unwrap_or(u64::MAX));
        });
    }

    /// What is known about a scenario; `None` when it never began.
    pub fn of(&self, id: &ScenarioId) -> Option<Collected> {
        self.lock().get(id).cloned()
    }

    fn change(&self, id: &ScenarioId, change: impl FnOnce(&mut Collected)) {
        change(self.lock().entry(id.clone()).or_default());
    }

    /// A panic while the lock is held would be one of ours in a line above; what was collected stays good.
    fn lock(&self) -> MutexGuard<'_, HashMap<ScenarioId, Collected>> {
        self.scenarios.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
