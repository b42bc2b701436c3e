//! Every defect that can be switched on turns scenarios that name it red, and of all the others not one.
//! What a saboteur does to which message is tested beside it.

use std::{
    path::Path,
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

use kmspec::{
    model::{
        report::{Outcome, RunReport},
        rule::RuleId,
    },
    prove,
};

/// Runs take both cores and are held to time bounds, so they go one after the other.
static STAGE: Mutex<()> = Mutex::new(());

fn kmspec_run(report_dir: &Path, defect: &str) -> Output {
    let _one_at_a_time = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["run", "--defect", defect, "--report-dir"])
        .arg(report_dir)
        .output()
        .expect("the binary was built for this test")
}

/// One run of the whole suite with the defect on: whatever does not carry its tag is a control and conforms.
fn is_noticed_and_nothing_else_is(id: &str) {
    let rule: RuleId = id.parse().unwrap();
    let report_dir = tempfile::tempdir().unwrap();
    let output = kmspec_run(report_dir.path(), id);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{id}: a deviation is exit code 1\n{talk}");

    let result = std::fs::read_to_string(report_dir.path().join("result.json")).unwrap();
    let report: RunReport = serde_json::from_str(&result).unwrap();
    assert_eq!(report.defect, Some(rule.clone()));
    assert_eq!(report.problems, [], "{id}: nothing goes wrong outside of the scenarios");
    let (tagged, controls): (Vec<_>, Vec<_>) =
        report.scenarios.iter().partition(|scenario| scenario.rules().any(|each| each == rule));

    let deviating = tagged.iter().filter(|scenario| matches!(scenario.outcome, Outcome::Deviates { .. })).count();
    assert!(deviating > 0, "{id}: none of {} tagged scenarios deviates", tagged.len());
    for scenario in &tagged {
        let found_out = !matches!(scenario.outcome, Outcome::Error { .. } | Outcome::NotRun);
        assert!(found_out, "{id}: {} ended in {:?}", scenario.id, scenario.outcome);
    }
    let red: Vec<_> = controls
        .iter()
        .filter(|scenario| scenario.outcome != Outcome::Conforms)
        .map(|each| (&each.id, &each.outcome))
        .collect();
    assert!(red.is_empty(), "{id}: control scenarios that do not conform: {red:#?}");
    assert!(controls.len() >= 300, "{id}: only {} control scenarios", controls.len());
}

macro_rules! noticed {
    ($($name:ident: $id:literal,)*) => {
        $(
            #[test]
            fn $name() {
                is_noticed_and_nothing_else_is($id);
            }
        )*

        #[test]
        fn every_defect_that_can_be_switched_on_has_its_test() {
            let tested = [$($id),*];
            for each in prove::switchable() {
                assert!(tested.contains(&each.id), "{} is not tested here", each.id);
            }
        }
    };
}

noticed! {
    a_signature_that_is_not_checked_is_noticed: "DEF-008",
    an_expiry_that_is_not_checked_is_noticed: "DEF-032",
    an_issuer_that_is_not_compared_is_noticed: "DEF-042",
    a_deny_that_is_ignored_is_noticed: "DEF-148",
    a_secret_that_is_shown_is_noticed: "DEF-178",
    a_restriction_that_is_ignored_is_noticed: "DEF-192",
    a_registration_out_of_band_is_noticed: "DEF-SEED-OOB-05",
}

#[test]
fn a_defect_that_cannot_be_switched_on_is_a_wrong_plan_that_names_those_that_can() {
    let report_dir = tempfile::tempdir().unwrap();
    for unknown in ["DEF-001", "DEF-999", "SEED-KM-13"] {
        let output = kmspec_run(report_dir.path(), unknown);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{unknown}: {talk}");
        for each in prove::switchable() {
            assert!(talk.contains(each.id), "{unknown}: {talk}");
        }
    }
}
