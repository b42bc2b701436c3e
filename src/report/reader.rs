//! What several formats want to say in the same words: totals, failures, times, the reasons behind a rule.
//! How it is laid out is theirs.

use std::collections::BTreeMap;

use kmspec_model::{
    catalogue::{Catalogue, RuleText},
    report::{Outcome, RunReport, ScenarioReport, Subject, Totals},
    rule::RuleKind,
};

/// Whether the outcome is one that a reader must look at. What was not run is counted, not listed.
pub fn is_failure(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deviates { .. } | Outcome::UnexpectedlyConforms { .. } | Outcome::Error { .. })
}

/// The command line that repeats the run, quoted for a shell.
pub fn command_line(report: &RunReport) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    let quoted = |argument: &String| match argument {
        argument if !argument.is_empty() && argument.chars().all(plain) => argument.clone(),
        argument => format!("'{}'", argument.replace('\'', r"'\''")),
    };
    let arguments: Vec<_> = report.arguments.iter().map(quoted).collect();
    format!("kmspec {}", arguments.join(" "))
}

/// The rules that a scenario holds: requirements and clauses first, the defects it notices last.
pub fn rules(scenario: &ScenarioReport, catalogue: &Catalogue) -> Vec<RuleText> {
    let mut rules: Vec<_> = scenario.rules().collect();
    rules.sort_by_key(|rule| rule.kind() == RuleKind::Defect);
    rules.iter().filter_map(|rule| catalogue.rule(rule)).collect()
}

/// The totals in words, without those that are zero: `130 conform, 1 deviates`.
pub fn totals(totals: &Totals) -> String {
    let counts = [
        (totals.conforms, "conform"),
        (totals.deviates, "deviate"),
        (totals.declared, "deviate as declared"),
        (totals.unexpectedly_conforms, "unexpectedly conform"),
        (totals.errors, "could not be tested"),
        (totals.not_applicable, "not applicable"),
        (totals.not_run, "not run"),
    ];
    let said: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if said.is_empty() { "nothing was selected".to_owned() } else { said.join(", ") }
}

/// The authorization servers that were certified beside the subject, each with its name and what became of its scenarios.
pub fn servers(report: &RunReport) -> Vec<(&Subject, Totals)> {
    let scenarios = |server: &Subject| {
        Totals::of(report.scenarios.iter().filter(|each| each.server.as_deref() == Some(server.profile.as_str())))
    };
    report.servers.iter().map(|server| (server, scenarios(server))).collect()
}

/// What a scenario's feature is called, with the authorization server that it is about.
pub fn feature_title(scenario: &ScenarioReport, report: &RunReport) -> String {
    let server = scenario.server.as_deref();
    match report.servers.iter().find(|each| Some(each.profile.as_str()) == server) {
        Some(server) => format!("{}: {}", server.name, scenario.feature),
        None => scenario.feature.clone(),
    }
}

/// What became of the scenarios that should notice the defect which was switched on.
pub fn detection(report: &RunReport) -> Option<String> {
    let defect = report.defect.as_ref()?;
    let tagged: Vec<_> = report.scenarios.iter().filter(|each| each.rules().any(|rule| rule == *defect)).collect();
    let deviating = tagged.iter().filter(|each| matches!(each.outcome, Outcome::Deviates { .. })).count();
    Some(format!(
        "the defect {defect} was switched on: {deviating} of {} scenarios tagged with it deviate",
        tagged.len()
    ))
}

/// What should have been seen, what was, and where that is asked for; `None` for outcomes that are no failure.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What should have been.
    pub expected: String,
    /// What was.
    pub observed: String,
    /// Where that is asked for, if known.
    pub clause: Option<String>,
}

/// The finding behind an outcome.
pub fn finding(outcome: &Outcome) -> Option<Finding> {
    let finding = |expected: &str, observed: &str, clause: Option<&String>| {
        Some(Finding { expected: expected.to_owned(), observed: observed.to_owned(), clause: clause.cloned() })
    };
    match outcome {
        Outcome::Deviates { deviation } | Outcome::DeclaredDeviation { deviation, .. } => {
            finding(&deviation.expected, &deviation.observed, deviation.clause.as_ref())
        }
        Outcome::UnexpectedlyConforms { reason } => finding(
            &format!("a deviation, declared because: {reason}"),
            "everything the scenario says held; remove its line from the deviations file",
            None,
        ),
        Outcome::Error { message } => finding("a verdict", message, None),
        Outcome::NotRun => finding("a verdict", "the run was interrupted before this scenario began", None),
        Outcome::Conforms | Outcome::NotApplicable { .. } => None,
    }
}

/// Why a deviation is accepted, and what its line says is observed; `None` for other outcomes.
pub fn declared(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::DeclaredDeviation { reason, declared, .. } if declared.is_empty() => Some(reason.clone()),
        Outcome::DeclaredDeviation { reason, declared, .. } => Some(format!("{reason} (as observed: {declared})")),
        _ => None,
    }
}

/// How long one kind of change took to bite, over all scenarios.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Effect {
    /// What changed.
    pub change: String,
    /// How many times it was measured.
    pub samples: usize,
    /// Median, in microseconds.
    pub p50_us: u64,
    /// 99th percentile, in microseconds.
    pub p99_us: u64,
    /// Longest, in microseconds.
    pub max_us: u64,
    /// The bound it was polled against, in microseconds.
    pub bound_us: u64,
}

/// Time to effect, by kind of change.
pub fn effects(report: &RunReport) -> Vec<Effect> {
    let mut by_change: BTreeMap<&str, (Vec<u64>, u64)> = BTreeMap::new();
    for time in report.scenarios.iter().flat_map(|scenario| &scenario.times_to_effect) {
        let entry = by_change.entry(&time.change).or_default();
        entry.0.push(time.took_us);
        entry.1 = entry.1.max(time.bound_us);
    }
    let effect = |(change, (mut times, bound_us)): (&str, (Vec<u64>, u64))| {
        times.sort_unstable();
        Effect {
            change: change.to_owned(),
            samples: times.len(),
            p50_us: percentile(&times, 50),
            p99_us: percentile(&times, 99),
            max_us: percentile(&times, 100),
            bound_us,
        }
    };
    by_change.into_iter().map(effect).collect()
}

/// Nearest rank in sorted values that are not empty.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// A time as a reader wants it: `840 µs`, `12.4 ms`, `3.20 s`.
pub fn time(microseconds: u64) -> String {
    let whole = microseconds as f64;
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{:.1} ms", whole / 1e3),
        _ => format!("{:.2} s", whole / 1e6),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use kmspec_model::{
        capability::Capability,
        exchange::{Answer, Exchange, Plane, Role},
        plan::ExpectedDeviation,
        report::{Problem, ProblemKind, SCHEMA_VERSION, StepReport, StepState, Subject, TimeToEffect},
        scenario_id::ScenarioId,
        verdict::Deviation,
    };

    pub(in crate::report) fn catalogue() -> Catalogue {
        let requirements = "[[requirement]]\nid = \"SEED-KM-29\"\ndocument = \"004\"\nunder_test = [\"platform\"]\ntext = \"A token past its `exp` is refused\"\n";
        let defects = "[[defect]]\nid = \"DEF-032\"\nname = \"Expiry not checked\"\nside = \"gateway validation\"\nwrong = \"`exp` is ignored\"\nseen = \"An old token passes\"\n";
        Catalogue::parse([("requirements.toml", requirements), ("defects.toml", defects)]).unwrap()
    }

    pub(in crate::report) fn expected() -> Vec<ExpectedDeviation> {
        vec![ExpectedDeviation {
            id: "platform/validation/a-challenge-is-sent".into(),
            reason: "the product says \"OAuth2\" here".into(),
            observed: "200: the token's `exp` is *".into(),
            link: Some("https://issues.example/7".into()),
            expires: Some("2027-01-31".into()),
            expired: false,
            profile: None,
        }]
    }

    fn exchange() -> Exchange {
        Exchange {
            role: Role::ApiConsumer,
            plane: Plane::Gateway,
            step: "the API consumer calls \"orders\" with that token".into(),
            at_us: 2_100,
            took_us: 1_900,
            method: "GET".into(),
            url: "https://localhost:1/t/a.example/orders/1.0/items?q=<script>".into(),
            request_headers: vec![("authorization".into(), "Bearer ⟨TOKEN…dXJl⟩".into())],
            request_body: None,
            answer: Answer::Replied {
                status: 200,
                headers: vec![("content-type".into(), "application/json".into())],
                body: Some("{\"ok\":true}".into()),
            },
        }
    }

    fn scenario(title: &str, outcome: Outcome) -> ScenarioReport {
        let state = if is_failure(&outcome) { StepState::Failed } else { StepState::Passed };
        ScenarioReport {
            id: ScenarioId::new("platform/validation.feature", title, None),
            server: None,
            feature: "Tokens are validated".into(),
            feature_path: "platform/validation.feature".into(),
            rule: Some("Time is honoured".into()),
            title: title.into(),
            line: 12,
            tags: vec!["token-validation".into(), "core".into(), "SEED-KM-29".into(), "DEF-032".into()],
            outcome,
            steps: vec![StepReport { keyword: "Then".into(), text: "the call is refused".into(), line: 14, state }],
            began_at_us: 1_767_323_045_000_000,
            exchanges: vec![exchange()],
            times_to_effect: vec![TimeToEffect { change: "token-revoked".into(), took_us: 5_300, bound_us: 5_000_000 }],
            took_us: 41_000,
        }
    }

    /// One scenario of each outcome.
    pub(in crate::report) fn report() -> RunReport {
        let deviation = Deviation {
            expected: "401 with code 900901".into(),
            observed: "200: the token's `exp` is an hour past & it was <accepted>".into(),
            clause: Some("RFC 7519, section 4.1.4".into()),
        };
        RunReport {
            schema_version: SCHEMA_VERSION,
            kmspec_version: "0.0.0".into(),
            command: "run".into(),
            arguments: vec!["run".into(), "--tags".into(), "@core and not @slow".into()],
            started_at: "2026-01-02T03:04:05Z".into(),
            took_us: 1_234_567,
            subject: Subject {
                name: "reference platform".into(),
                version: "0.0.0".into(),
                kind: "embedded".into(),
                profile: "reference".into(),
                capabilities: vec![Capability::Admin, Capability::Gateway],
            },
            servers: Vec::new(),
            defect: None,
            interrupted: false,
            scenarios: vec![
                scenario("A valid token passes", Outcome::Conforms),
                scenario("An expired token is refused", Outcome::Deviates { deviation: deviation.clone() }),
                scenario(
                    "A challenge is sent",
                    Outcome::DeclaredDeviation {
                        deviation,
                        reason: "the product says \"OAuth2\" here".into(),
                        declared: "200: the token's `exp` is *".into(),
                    },
                ),
                scenario("A restart keeps keys", Outcome::NotApplicable { missing: Capability::Restart }),
                scenario("A mended rule", Outcome::UnexpectedlyConforms { reason: "was known".into() }),
                scenario("A silent plane", Outcome::Error { message: "no answer from admin\nhint: start it".into() }),
                scenario("A late one", Outcome::NotRun),
            ],
            problems: vec![Problem { kind: ProblemKind::Subject, message: "a task of the platform panicked".into() }],
            notes: vec!["the authorize endpoint looks like `/scim2/Me`".into()],
            key_manager: None,
        }
    }

    #[test]
    fn the_scenarios_that_should_notice_a_defect_are_counted() {
        let mut report = report();
        assert_eq!(detection(&report), None);
        report.defect = Some("DEF-032".parse().unwrap());
        report.scenarios[0].tags.retain(|tag| tag != "DEF-032");
        let said = detection(&report).unwrap();
        assert_eq!(said, "the defect DEF-032 was switched on: 1 of 6 scenarios tagged with it deviate");
    }

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let times: Vec<u64> = (1..=200).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99), percentile(&times, 100)), (100, 198, 200));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 99)), (7, 7));
    }

    #[test]
    fn times_carry_a_unit_that_fits() {
        assert_eq!([time(840), time(12_400), time(3_200_000)], ["840 µs", "12.4 ms", "3.20 s"]);
    }
}
