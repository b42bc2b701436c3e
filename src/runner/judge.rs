//! Turns what was collected into outcomes, and holds the guards against false green.
//! Which deviations are declared comes with the plan; how outcomes are shown belongs to the reports.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    collect::Collected,
    observation,
    select::{Selected, Selection},
};
use kmspec_model::{
    capability::Capability,
    plan::ExpectedDeviation,
    record::Failure,
    redaction,
    report::{Outcome, Problem, ProblemKind, ScenarioReport, StepReport, StepState},
    scenario_id::ScenarioId,
};

/// Knows what was selected, what does not apply and what is declared.
#[derive(Debug)]
pub struct Judge {
    selected: BTreeMap<ScenarioId, Selected>,
    not_applicable: BTreeMap<ScenarioId, Capability>,
    expected: BTreeMap<String, ExpectedDeviation>,
    known: BTreeSet<ScenarioId>,
}

impl Judge {
    /// A judge for one run. `lacks` says what the subject is missing.
    pub fn new(
        selection: &Selection,
        expected: &[ExpectedDeviation],
        lacks: impl Fn(&Selected) -> Option<Capability>,
    ) -> Self {
        let missing = |(id, selected): (&ScenarioId, &Selected)| Some((id.clone(), lacks(selected)?));
        Self {
            not_applicable: selection.scenarios.iter().filter_map(missing).collect(),
            selected: selection.scenarios.clone(),
            expected: expected.iter().map(|line| (line.id.clone(), line.clone())).collect(),
            known: selection.known.clone(),
        }
    }

    /// Whether a scenario is to be executed at all.
    pub fn applies(&self, id: &ScenarioId) -> bool {
        self.selected.contains_key(id) && !self.not_applicable.contains_key(id)
    }

    /// How many scenarios are to be executed.
    pub fn applicable(&self) -> usize {
        self.selected.len() - self.not_applicable.len()
    }

    /// How a scenario ended, with declared deviations taken into account.
    pub fn outcome(&self, id: &ScenarioId, collected: Option<&Collected>) -> Outcome {
        let expected = self.expected.get(id.as_str());
        match (self.bare_outcome(id, collected), expected) {
            (Outcome::Deviates { deviation }, Some(line)) if !line.expired => {
                if !observation::fits(&line.observed, &deviation.observed) {
                    return Outcome::Deviates { deviation: observation::other(&deviation, line) };
                }
                let (reason, declared) = (line.reason.clone(), line.observed.clone());
                Outcome::DeclaredDeviation { deviation, reason, declared }
            }
            (Outcome::Conforms, Some(line)) => Outcome::UnexpectedlyConforms { reason: line.reason.clone() },
            (outcome, _) => outcome,
        }
    }

    fn bare_outcome(&self, id: &ScenarioId, collected: Option<&Collected>) -> Outcome {
        if let Some(missing) = self.not_applicable.get(id) {
            return Outcome::NotApplicable { missing: *missing };
        }
        let Some(collected) = collected else { return Outcome::NotRun };
        let needs = self.selected.get(id).map_or(&[][..], |selected| &selected.needs);
        let failure = collected.record.as_ref().and_then(|record| record.failure.as_ref());
        let undefined = collected.fault.clone().filter(|_| failure.is_none());
        match failure.or(collected.not_begun.as_ref()) {
            Some(Failure::Deviates(deviation)) => Outcome::Deviates { deviation: deviation.clone() },
            Some(Failure::NotApplicable(missing)) if needs.contains(missing) => {
                Outcome::NotApplicable { missing: *missing }
            }
            Some(Failure::NotApplicable(missing)) => error(format!(
                "the scenario turned out to need `{missing}`, which the subject lacks and no tag declares\n\
                 hint: tag it `@needs:{missing}`"
            )),
            Some(Failure::Error(message)) => error(message.clone()),
            None => undefined.map_or_else(|| passed(collected), |fault| error(told(collected, &fault))),
        }
    }

    /// The report on one scenario.
    pub fn report(&self, selected: &Selected, collected: Option<Collected>) -> ScenarioReport {
        let outcome = self.outcome(&selected.id, collected.as_ref());
        let collected = collected.unwrap_or_default();
        let mut record = collected.record.unwrap_or_default();
        let mut steps = collected.steps;
        steps.iter_mut().for_each(|step| step.text = record.secrets.text(&step.text));
        for exchange in &mut record.exchanges {
            let at_us = record.began_at_us + exchange.at_us;
            let during = collected.spans.iter().position(|(began, ended)| (*began..=*ended).contains(&at_us));
            if let Some(step) = during.and_then(|position| steps.get(position)) {
                exchange.step = format!("{} {}", step.keyword, step.text);
            }
        }
        steps.extend(selected.steps.iter().skip(steps.len()).map(|step| StepReport {
            keyword: step.keyword.clone(),
            text: record.secrets.text(&step.text),
            line: step.line,
            state: StepState::Skipped,
        }));
        ScenarioReport {
            id: selected.id.clone(),
            server: selected.server.clone(),
            feature: selected.feature.clone(),
            feature_path: selected.feature_path.clone(),
            rule: selected.rule.clone(),
            title: selected.title.clone(),
            line: selected.line,
            tags: selected.tags.clone(),
            outcome,
            steps,
            began_at_us: record.began_at_us,
            exchanges: record.exchanges,
            times_to_effect: record.times_to_effect,
            took_us: collected.took_us,
        }
    }

    /// Lines of the deviations file that no longer fit: expired ones, and those that name no scenario.
    pub fn problems(&self) -> Vec<Problem> {
        let unfit = |line: &ExpectedDeviation| {
            let id = &line.id;
            if !self.known.contains(&ScenarioId::from(id.clone())) {
                Some(format!(
                    "the declared deviation `{id}` names no scenario\n\
                     hint: `kmspec run --list` prints the ids; remove the line or mend its id"
                ))
            } else if line.expired {
                let day = line.expires.as_deref().unwrap_or_default();
                Some(format!(
                    "the declared deviation `{id}` expired on {day}\nhint: have it mended, or argue for a later day"
                ))
            } else {
                None
            }
        };
        let problem = |message| Problem { kind: ProblemKind::DeclaredDeviations, message };
        self.expected.values().filter_map(unfit).map(problem).collect()
    }
}

/// No failure was found: that is a pass only when the scenario ran to its end and asked its subject something.
fn passed(collected: &Collected) -> Outcome {
    match &collected.record {
        None => {
            error("the scenario ended without handing over its record\nhint: its World could not be made".to_owned())
        }
        Some(record) if record.subject_requests == 0 => error(
            "the scenario sent no request to its subject, so it cannot have found out anything\n\
             hint: let its When step act on the subject"
                .to_owned(),
        ),
        Some(_) => Outcome::Conforms,
    }
}

/// A fault that the runner found, which may repeat what a panic said.
fn told(collected: &Collected, fault: &str) -> String {
    collected.record.as_ref().map_or_else(|| redaction::text(fault), |record| record.secrets.text(fault))
}

fn error(message: String) -> Outcome {
    Outcome::Error { message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmspec_model::{record::ScenarioRecord, verdict::Deviation};

    fn judge(needs: &[Capability], expected: Vec<ExpectedDeviation>) -> (Judge, ScenarioId) {
        let id = ScenarioId::new("platform/a.feature", "b", None);
        let selected = Selected {
            id: id.clone(),
            server: None,
            feature: "A".into(),
            feature_path: "platform/a.feature".into(),
            rule: None,
            title: "b".into(),
            line: 3,
            tags: Vec::new(),
            needs: needs.to_vec(),
            steps: Vec::new(),
        };
        let selection = Selection {
            scenarios: [(id.clone(), selected)].into(),
            features: Vec::new(),
            known: [id.clone()].into(),
            servers: Vec::new(),
        };
        (Judge::new(&selection, &expected, |_| None), id)
    }

    fn collected(failure: Option<Failure>) -> Collected {
        let record = ScenarioRecord { failure, subject_requests: 1, ..ScenarioRecord::default() };
        Collected { record: Some(record), ..Collected::default() }
    }

    fn deviation() -> Deviation {
        Deviation { expected: "401".into(), observed: "200".into(), clause: None }
    }

    fn declared(expired: bool) -> ExpectedDeviation {
        ExpectedDeviation {
            id: "platform/a/b".into(),
            reason: "known".into(),
            observed: "200".into(),
            link: None,
            expires: Some("2020-01-31".into()),
            expired,
            profile: None,
        }
    }

    #[test]
    fn a_scenario_that_asked_its_subject_nothing_cannot_pass() {
        let (judge, id) = judge(&[], Vec::new());
        let mut silent = collected(None);
        assert_eq!(judge.outcome(&id, Some(&silent)), Outcome::Conforms);
        silent.record.as_mut().unwrap().subject_requests = 0;
        assert!(matches!(judge.outcome(&id, Some(&silent)), Outcome::Error { .. }));
    }

    #[test]
    fn an_exchange_is_told_with_the_step_during_which_it_left() {
        use kmspec_model::exchange::{Answer, Exchange, Plane, Role};
        let (judge, id) = judge(&[], Vec::new());
        let exchange = |at_us| Exchange {
            role: Role::Developer,
            plane: Plane::Devportal,
            step: String::new(),
            at_us,
            took_us: 1,
            method: "GET".into(),
            url: "https://localhost/".into(),
            request_headers: Vec::new(),
            request_body: None,
            answer: Answer::Failed("refused".into()),
        };
        let step =
            |text: &str| StepReport { keyword: "When".into(), text: text.into(), line: 1, state: StepState::Passed };
        let mut found = collected(None);
        found.steps = vec![step("first"), step("second")];
        found.spans = vec![(1_010, 1_020), (1_025, 1_040)];
        let record = found.record.as_mut().unwrap();
        record.began_at_us = 1_000;
        record.exchanges = [5, 15, 22, 30, 50].map(exchange).to_vec();
        let report = judge.report(&judge.selected[&id], Some(found));
        let steps: Vec<_> = report.exchanges.iter().map(|each| each.step.as_str()).collect();
        assert_eq!(steps, ["", "When first", "", "When second", ""]);
    }

    #[test]
    fn a_scenario_without_a_record_cannot_pass() {
        let (judge, id) = judge(&[], Vec::new());
        assert!(matches!(judge.outcome(&id, Some(&Collected::default())), Outcome::Error { .. }));
        assert_eq!(judge.outcome(&id, None), Outcome::NotRun);
    }

    #[test]
    fn a_missing_capability_excuses_only_scenarios_that_declare_it() {
        let found = collected(Some(Failure::NotApplicable(Capability::Restart)));
        let (declaring, id) = judge(&[Capability::Restart], Vec::new());
        assert_eq!(declaring.outcome(&id, Some(&found)), Outcome::NotApplicable { missing: Capability::Restart });
        let (silent, id) = judge(&[Capability::Admin], Vec::new());
        assert!(matches!(silent.outcome(&id, Some(&found)), Outcome::Error { .. }));
    }

    #[test]
    fn a_typed_failure_outranks_the_text_of_its_panic_and_a_panic_outranks_a_pass() {
        let (judge, id) = judge(&[], Vec::new());
        let mut found = collected(Some(Failure::Deviates(deviation())));
        found.fault = Some("step panicked".into());
        assert_eq!(judge.outcome(&id, Some(&found)), Outcome::Deviates { deviation: deviation() });
        found.record.as_mut().unwrap().failure = None;
        assert_eq!(judge.outcome(&id, Some(&found)), Outcome::Error { message: "step panicked".into() });
    }

    #[test]
    fn a_declared_deviation_is_accepted_until_it_expires_or_conforms() {
        let deviates = collected(Some(Failure::Deviates(deviation())));
        let (live, id) = judge(&[], vec![declared(false)]);
        assert!(matches!(live.outcome(&id, Some(&deviates)), Outcome::DeclaredDeviation { .. }));
        assert!(matches!(live.outcome(&id, Some(&collected(None))), Outcome::UnexpectedlyConforms { .. }));
        assert_eq!(live.problems(), []);
        let (expired, id) = judge(&[], vec![declared(true)]);
        assert!(matches!(expired.outcome(&id, Some(&deviates)), Outcome::Deviates { .. }));
        assert!(expired.problems()[0].message.contains("expired on 2020-01-31"));
    }

    #[test]
    fn a_declaration_excuses_what_it_says_is_observed_and_nothing_else() {
        let (judge, id) = judge(&[], vec![declared(false)]);
        let outcome = |observed: &str| {
            let deviation = Deviation { observed: observed.into(), ..deviation() };
            judge.outcome(&id, Some(&collected(Some(Failure::Deviates(deviation)))))
        };
        let (reason, declared) = ("known".to_owned(), "200".to_owned());
        assert_eq!(outcome("200"), Outcome::DeclaredDeviation { deviation: deviation(), reason, declared });
        let Outcome::Deviates { deviation } = outcome("500 with a page") else { panic!("it is excused") };
        assert_eq!(
            deviation.observed,
            "a deviation is declared here, but another was observed: expected to see 200, saw 500 with a page"
        );
    }

    #[test]
    fn a_declared_deviation_that_names_no_scenario_is_a_problem() {
        let (judge, _) = judge(&[], vec![ExpectedDeviation { id: "platform/gone".into(), ..declared(false) }]);
        assert_eq!(judge.problems()[0].kind, ProblemKind::DeclaredDeviations);
    }
}
