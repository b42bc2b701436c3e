//! Listens to cucumber's events: steps go to the collector, finished scenarios to the progress display.
//! Typed failures do not come this way, since cucumber flattens them to text; see the hooks in [`super::execute`].

use std::{any::Any, sync::Arc, time::SystemTime};

use cucumber::{
    Event, Writer, cli,
    event::{Cucumber, Feature, Hook, Info, Rule, Scenario, Step, StepError},
    gherkin, parser,
    writer::Normalized,
};

use super::{collect::Collector, execute::Refused, judge::Judge, parse::id_of, progress::Progress};
use kmspec_model::{
    report::{StepReport, StepState},
    scenario_id::ScenarioId,
};

/// A cucumber writer that writes nothing: it collects.
pub struct Recorder {
    /// Where steps and faults go.
    pub collector: Arc<Collector>,
    /// Says what a finished scenario amounts to.
    pub judge: Arc<Judge>,
    /// Shows it.
    pub progress: Progress,
}

impl<W: 'static> Writer<W> for Recorder {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<Cucumber<W>>>, _: &Self::Cli) {
        let Ok(event) = event else { return };
        let at_us = event.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
        let at_us = u64::try_from(at_us).unwrap_or(u64::MAX);
        match event.into_inner() {
            Cucumber::Feature(feature, Feature::Scenario(scenario, event))
            | Cucumber::Feature(feature, Feature::Rule(_, Rule::Scenario(scenario, event))) => {
                self.scenario(&id_of(&feature, &scenario), event.event, at_us);
            }
            _ => {}
        }
    }
}

/// Everything is kept by scenario, so the order of events between scenarios does not matter.
impl Normalized for Recorder {}

impl Recorder {
    fn scenario<W>(&mut self, id: &ScenarioId, event: Scenario<W>, at_us: u64) {
        match event {
            Scenario::Background(step, event) | Scenario::Step(step, event) => self.step(id, &step, event, at_us),
            Scenario::Hook(which, Hook::Failed(_, info)) if !info.is::<Refused>() => {
                self.collector.fault(id, format!("the {which} hook panicked: {}", text_of(&info)));
            }
            Scenario::Finished => {
                if let Some(collected) = self.collector.of(id) {
                    self.progress.finished(id, &self.judge.outcome(id, Some(&collected)), collected.took_us);
                }
            }
            _ => {}
        }
    }

    fn step<W>(&mut self, id: &ScenarioId, step: &gherkin::Step, event: Step<W>, at_us: u64) {
        let place = || format!("`{} {}` (line {})", step.keyword.trim(), step.value, step.position.line);
        let state = match event {
            Step::Started => return self.collector.enter(id, at_us),
            Step::Passed(..) => StepState::Passed,
            Step::Skipped | Step::Failed(_, _, _, StepError::NotFound) => {
                self.collector.fault(
                    id,
                    format!(
                        "no step matches {}\nhint: phrases that exist stand in src/steps/, a file per area",
                        place()
                    ),
                );
                StepState::Failed
            }
            Step::Failed(_, _, _, StepError::AmbiguousMatch(error)) => {
                let found: Vec<_> = error.possible_matches.iter().map(|(regex, _)| regex.to_string()).collect();
                self.collector.fault(
                    id,
                    format!("several steps match {}: {}\nhint: make one of them narrower", place(), found.join("   ")),
                );
                StepState::Failed
            }
            // A step that returned its error left it in the World; this text counts only when the World has none.
            Step::Failed(_, _, _, StepError::Panic(info)) => {
                self.collector.fault(id, format!("{} panicked: {}", place(), text_of(&info)));
                StepState::Failed
            }
        };
        self.collector.step(
            id,
            StepReport {
                keyword: step.keyword.trim().to_owned(),
                text: step.value.clone(),
                line: step.position.line,
                state,
            },
            at_us,
        );
    }
}

/// The message of a panic.
fn text_of(info: &Info) -> String {
    let info: &(dyn Any + Send) = &**info;
    (info.downcast_ref::<String>().cloned())
        .or_else(|| info.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "(no message)".to_owned())
}
