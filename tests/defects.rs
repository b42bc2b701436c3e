//! Every defect that can be switched on turns scenarios that name it red, and of its controls not one.
//! What a saboteur does to which message is tested beside it.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

use kmspec_model::{
    report::{Outcome, RunReport},
    rule::RuleId,
};
use kmspec_prove as prove;

/// How many runs go at a time. Each is held to time bounds, so they do not crowd the machine.
const AT_A_TIME: usize = 2;

/// Mock authorization servers that these runs leave alone, for time's sake: the four that are left have every defect.
const LEFT_ALONE: &str = "@server:is or @server:asgardeo or @server:entra or @server:okta or @server:keycloak or \
                          @server:pingfederate or @server:pingone or @server:forgerock";

/// Scenarios that only one of them can be asked about.
const ITS_OWN: &str = "@needs:base-path and @server:keycloak";

/// A run of the scenarios that name the defect, and of its controls: the smoke scenarios that do not name it.
fn kmspec_run(report_dir: &Path, defect: &str) -> Output {
    let tags = format!("(@{defect} or @smoke) and not ({LEFT_ALONE}) or @{defect} and {ITS_OWN}");
    Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["run", "--defect", defect, "--tags", &tags, "--report-dir"])
        .arg(report_dir)
        .output()
        .expect("the binary was built for this test")
}

/// Folders in which every scenario that names a defect is turned red by one that it names: a tag there is a promise.
const KEPT_PROMISES: [&str; 9] = [
    "authorization_server/",
    "platform/application_keys/",
    "platform/grant_types/",
    "platform/key_managers/",
    "platform/permissions/",
    "platform/propagation/",
    "platform/resident/",
    "platform/resilience/",
    "platform/token_validation/",
];

/// Scenarios that name a defect, and whether one that they name turned them red: of those that every mock server has an
/// edition of, one edition will do.
type Promises = BTreeMap<String, bool>;

/// What is wrong with the way in which a defect shows; nothing when it is noticed and nothing else is.
fn shortcomings(id: &str, promises: &Mutex<Promises>) -> Vec<String> {
    let rule: RuleId = id.parse().unwrap();
    let report_dir = tempfile::tempdir().unwrap();
    let output = kmspec_run(report_dir.path(), id);
    let Ok(result) = std::fs::read_to_string(report_dir.path().join("result.json")) else {
        return vec![format!("{id}: no report\n{}", String::from_utf8_lossy(&output.stderr))];
    };
    let report: RunReport = serde_json::from_str(&result).unwrap();
    let (tagged, controls): (Vec<_>, Vec<_>) =
        report.scenarios.iter().partition(|scenario| scenario.rules().any(|each| each == rule));

    let mut found = Vec::new();
    let mut demand = |holds: bool, otherwise: String| {
        if !holds {
            found.push(format!("{id}: {otherwise}"));
        }
    };
    demand(output.status.code() == Some(1), format!("ended with {}, a deviation is exit code 1", output.status));
    demand(report.defect == Some(rule), "the report does not name it".to_owned());
    demand(report.problems.is_empty(), format!("went wrong outside of the scenarios: {:?}", report.problems));
    let deviating = tagged.iter().filter(|scenario| matches!(scenario.outcome, Outcome::Deviates { .. })).count();
    demand(deviating > 0, format!("none of {} tagged scenarios deviates", tagged.len()));
    demand(controls.len() >= 15, format!("only {} controls", controls.len()));
    for scenario in &tagged {
        let red = matches!(scenario.outcome, Outcome::Deviates { .. });
        if KEPT_PROMISES.iter().any(|folder| scenario.id.as_str().starts_with(folder)) {
            let mut promises = promises.lock().unwrap_or_else(PoisonError::into_inner);
            let edition = scenario.server.as_ref().map_or_else(String::new, |server| format!("@{server}"));
            let id = scenario.id.as_str();
            *promises.entry(id.strip_suffix(&edition).unwrap_or(id).to_owned()).or_default() |= red;
        }
        let found_out = !matches!(scenario.outcome, Outcome::Error { .. } | Outcome::NotRun);
        demand(found_out, format!("{} ended in {:?}", scenario.id, scenario.outcome));
    }
    for scenario in controls {
        let unmoved = matches!(
            scenario.outcome,
            Outcome::Conforms | Outcome::NotApplicable { .. } | Outcome::DeclaredDeviation { .. }
        );
        demand(unmoved, format!("its control {} ended in {:?}", scenario.id, scenario.outcome));
    }
    found
}

#[test]
fn every_defect_that_can_be_switched_on_is_noticed_and_nothing_else_is() {
    let waiting: Mutex<VecDeque<&str>> = Mutex::new(prove::switchable().iter().map(|defect| defect.id).collect());
    let found = Mutex::new(Vec::new());
    let promises = Mutex::default();
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(id) = next() {
                    let shortcomings = shortcomings(id, &promises);
                    found.lock().unwrap_or_else(PoisonError::into_inner).extend(shortcomings);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    let broken = promises.into_inner().unwrap().into_iter().filter(|(_, kept)| !kept);
    found.extend(broken.map(|(scenario, _)| format!("{scenario}: no defect that it names turns it red")));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_scenario_names_a_defect() {
    let output = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["requirements", "--unbroken"])
        .output()
        .expect("the binary was built for this test");
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(listed.trim_end().ends_with("scenarios name no defect"), "{listed}");
    let gaps: Vec<_> = listed.lines().filter(|line| line.contains('/')).collect();
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn a_defect_that_cannot_be_switched_on_is_a_wrong_plan_that_names_those_that_can() {
    let report_dir = tempfile::tempdir().unwrap();
    for unknown in ["DEF-999", "SEED-KM-13"] {
        let output = kmspec_run(report_dir.path(), unknown);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{unknown}: {talk}");
        for each in prove::switchable() {
            assert!(talk.contains(each.id), "{unknown}: {talk}");
        }
    }
}
