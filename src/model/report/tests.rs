//! What a run's outcomes come to, and the report's JSON form.
//! Its other forms are tested with their formats.

use super::*;

fn scenario(outcome: Outcome) -> ScenarioReport {
    ScenarioReport {
        id: ScenarioId::new("a.feature", "b", None),
        server: None,
        feature: String::new(),
        feature_path: "a.feature".into(),
        rule: None,
        title: "b".into(),
        line: 1,
        tags: vec!["core".into(), "DEF-008".into()],
        outcome,
        steps: Vec::new(),
        began_at_us: 0,
        exchanges: Vec::new(),
        times_to_effect: Vec::new(),
        took_us: 0,
    }
}

fn report(outcomes: Vec<Outcome>) -> RunReport {
    RunReport {
        schema_version: SCHEMA_VERSION,
        kmspec_version: "0".into(),
        command: "run".into(),
        arguments: Vec::new(),
        started_at: String::new(),
        took_us: 0,
        subject: Subject {
            name: String::new(),
            version: String::new(),
            kind: "embedded".into(),
            profile: "reference".into(),
            capabilities: Vec::new(),
        },
        servers: Vec::new(),
        defect: None,
        interrupted: false,
        scenarios: outcomes.into_iter().map(scenario).collect(),
        problems: Vec::new(),
        notes: Vec::new(),
        key_manager: None,
    }
}

fn deviation() -> Deviation {
    Deviation { expected: "401".into(), observed: "200".into(), clause: None }
}

#[test]
fn the_exit_status_follows_the_worst_outcome() {
    let conforms = Outcome::Conforms;
    let deviates = Outcome::Deviates { deviation: deviation() };
    let declared =
        Outcome::DeclaredDeviation { deviation: deviation(), reason: "known".into(), declared: "200".into() };
    let surprise = Outcome::UnexpectedlyConforms { reason: "known".into() };
    let error = Outcome::Error { message: "no answer".into() };
    let missing = Outcome::NotApplicable { missing: Capability::Restart };
    for (outcomes, status) in [
        (vec![], ExitStatus::WrongPlan),
        (vec![conforms.clone()], ExitStatus::Conforms),
        (vec![conforms.clone(), declared], ExitStatus::Conforms),
        (vec![conforms.clone(), missing.clone()], ExitStatus::Conforms),
        (vec![missing.clone(), missing], ExitStatus::CouldNotTest),
        (vec![conforms.clone(), deviates.clone()], ExitStatus::Deviates),
        (vec![conforms.clone(), surprise], ExitStatus::Deviates),
        (vec![deviates, error], ExitStatus::CouldNotTest),
        (vec![conforms, Outcome::NotRun], ExitStatus::CouldNotTest),
    ] {
        assert_eq!(report(outcomes.clone()).exit_status(), status, "{outcomes:?}");
    }
}

#[test]
fn a_panic_behind_the_wire_fails_a_run_that_conforms() {
    let mut run = report(vec![Outcome::Conforms]);
    run.problems.push(Problem { kind: ProblemKind::Subject, message: "panicked".into() });
    assert_eq!(run.exit_status(), ExitStatus::Deviates);
    run.interrupted = true;
    assert_eq!(run.exit_status().code(), 130);
}

#[test]
fn the_report_survives_its_json_form() {
    let run = report(vec![Outcome::Conforms, Outcome::NotApplicable { missing: Capability::Clock }]);
    assert_eq!(serde_json::from_str::<RunReport>(&serde_json::to_string(&run).unwrap()).unwrap(), run);
}
