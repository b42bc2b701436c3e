//! `kmspec run` certifies every mock authorization server beside the platform, each under its own profile.
//! What a scenario asks of a server is told by the features; here only that none is left out, and no declared line idle.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use kmspec::runner::source;
use kmspec_mocks::vendors::Vendor;
use kmspec_model::{
    catalogue::Catalogue,
    plan::FeatureSource,
    report::{ExitStatus, Outcome, RunReport},
    scenario_id::ScenarioId,
};

/// Runs the binary with these arguments; its report, and what it ended with.
fn run(arguments: &[&str], report: &Path) -> (RunReport, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
    let output = command.arg("run").args(arguments).arg("--report-dir").arg(report).output().unwrap();
    let text = fs::read_to_string(report.join("result.json")).unwrap_or_else(|_| panic!("{output:?}"));
    (serde_json::from_str(&text).unwrap(), output.status.code())
}

fn every_server() -> String {
    Vendor::ALL.map(|vendor| format!("@server:{vendor}")).join(" or ")
}

/// Ids that the profiles of the mocks declare, each at its server.
fn declared() -> BTreeSet<String> {
    let profiles = source::profiles(&FeatureSource::Embedded).unwrap();
    let of_mocks = profiles.iter().filter(|file| file.stem().parse::<Vendor>().is_ok());
    let ids = |file: &source::SourceFile| {
        let table: toml::Table = file.text.parse().unwrap();
        let lines = table["deviation"].as_array().unwrap().clone();
        let stem = file.stem().to_owned();
        lines
            .into_iter()
            .map(move |line| ScenarioId::from(line["id"].as_str().unwrap().to_owned()).at(&stem).to_string())
    };
    of_mocks.flat_map(ids).collect()
}

#[test]
fn the_catalogue_names_every_mock_that_there_is() {
    let files = source::catalogue(&FeatureSource::Embedded).unwrap();
    let catalogue = Catalogue::parse(files.iter().map(|file| (file.path.as_str(), file.text.as_str()))).unwrap();
    let named: BTreeSet<_> = catalogue.mocks().into_iter().map(|mock| mock.mock).collect();
    assert_eq!(named, Vendor::ALL.map(|vendor| vendor.to_string()).into());
}

#[test]
fn every_mock_is_certified_and_deviates_in_what_its_profile_declares_and_in_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (report, code) = run(&["--tags", &every_server()], &folder.path().join("report"));
    let wrong = report.scenarios.iter().filter(|each| {
        !matches!(each.outcome, Outcome::Conforms | Outcome::DeclaredDeviation { .. } | Outcome::NotApplicable { .. })
    });
    let wrong: Vec<_> = wrong.map(|each| (each.id.to_string(), &each.outcome)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((report.exit_status(), code), (ExitStatus::Conforms, Some(0)), "{:?}", report.problems);
    let servers: BTreeSet<_> = report.servers.iter().map(|server| server.profile.clone()).collect();
    assert_eq!(servers, Vendor::ALL.map(|vendor| vendor.to_string()).into());
    let deviating = report.scenarios.iter().filter(|each| matches!(each.outcome, Outcome::DeclaredDeviation { .. }));
    assert_eq!(deviating.map(|each| each.id.to_string()).collect::<BTreeSet<_>>(), declared());
}

#[test]
fn a_declared_deviation_does_not_hide_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let tags = "@server:auth0 and @DEF-SEED-AS-AUTH-07";
    let (report, code) = run(&["--defect", "DEF-SEED-AS-AUTH-07", "--tags", tags], &folder.path().join("report"));
    let id = "authorization_server/token_endpoint/a-wrong-password-is-an-invalid-grant@auth0";
    assert!(declared().contains(id), "this test is about a declared deviation");
    let granted = report.scenarios.iter().find(|each| each.id.as_str() == id).unwrap();
    let Outcome::Deviates { deviation } = &granted.outcome else { panic!("{:?}", granted.outcome) };
    let told =
        "a deviation is declared here, but another was observed: expected to see status 403 with code invalid_grant";
    assert!(deviation.observed.starts_with(told) && deviation.observed.contains("saw status 200"), "{deviation:?}");
    assert_eq!(code, Some(1));
}

#[test]
fn a_profile_that_declares_what_conforms_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let features = folder.path().join("features");
    fs::create_dir_all(features.join("authorization_server")).unwrap();
    fs::create_dir_all(features.join("profiles")).unwrap();
    let feature = "@keys\nFeature: Keys\n  @core\n  Scenario: Served\n    When the integrator fetches the key set\n    Then no key of the set is secret or private\n";
    fs::write(features.join("authorization_server/keys.feature"), feature).unwrap();
    let line = "[[deviation]]\nid = \"authorization_server/keys/served\"\nreason = \"it is said to publish secrets\"\nobserved = \"a private key\"\n";
    fs::write(features.join("profiles/custom.toml"), line).unwrap();
    let arguments = ["--features", features.to_str().unwrap(), "--tags", "@server:custom or @server:is7"];
    let (report, code) = run(&arguments, &folder.path().join("report"));
    let told: Vec<_> = report.scenarios.iter().map(|each| (each.id.as_str(), each.outcome.word())).collect();
    let (custom, is7) = ("authorization_server/keys/served@custom", "authorization_server/keys/served@is7");
    assert_eq!(told, [(custom, "unexpectedly conforms"), (is7, "conforms")]);
    assert_eq!(code, Some(1));
    let junit = fs::read_to_string(folder.path().join("report/junit.xml")).unwrap();
    assert!(
        junit.contains("authorization_server.custom.keys") && junit.contains("authorization_server.is7.keys"),
        "{junit}"
    );
    // The profile goes on declaring it; the file of the run's own has nothing to add.
    let next = fs::read_to_string(folder.path().join("report/expected.next.toml")).unwrap();
    assert!(!next.contains("[[deviation]]"), "{next}");
}

#[test]
fn what_profiles_of_platforms_declare_are_scenarios_that_there_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_kmspec")).args(["run", "--list"]).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let known: BTreeSet<_> = listed.lines().filter_map(|line| line.split("  ").next()).collect();
    let profiles = source::profiles(&FeatureSource::Embedded).unwrap();
    let of_platforms: Vec<_> = profiles.iter().filter(|file| file.stem().parse::<Vendor>().is_err()).collect();
    assert!(of_platforms.iter().any(|file| file.stem() == "wso2-apim-4.7"), "there is no such profile");
    for file in of_platforms {
        let table: toml::Table = file.text.parse().unwrap();
        for line in table["deviation"].as_array().unwrap() {
            let id = line["id"].as_str().unwrap();
            assert!(known.contains(id), "{}: {id}", file.path);
        }
    }
}
