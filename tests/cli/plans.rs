//! What is refused before anything starts, and what is told without starting anything.
//! What is served is the business of `serving` and `deployments`.

use std::fs;

use super::{FEATURE, features, kmspec, refused, with_features};

#[test]
fn a_wrong_argument_ends_with_2() {
    refused(&kmspec(&["run", "--jbos", "3"]), 2, &["--jbos", "--jobs"]);
    refused(&kmspec(&["run", "--shard", "3/2"]), 2, &["2/5"]);
    refused(&kmspec(&["run", "--jobs", "0"]), 2, &["--jobs"]);
    assert_eq!(kmspec(&[]).status.code(), Some(2));
    assert_eq!(kmspec(&["--version"]).status.code(), Some(0));
}

#[test]
fn a_list_goes_to_stdout_and_nothing_else_does() {
    let root = features(FEATURE);
    let output = with_features(root.path(), &["run", "--list"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "platform/keys/keys-of-auth0-are-issued[auth0]  Keys of auth0 are issued\n\
         platform/keys/keys-of-okta-are-issued[okta]  Keys of okta are issued\n"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn selecting_nothing_ends_with_2() {
    let root = features(FEATURE);
    for list in [&["--list"][..], &[]] {
        let typed = [&["run", "--tags", "@no-such-tag"][..], list].concat();
        refused(&with_features(root.path(), &typed), 2, &["`--tags @no-such-tag` selects none of 2", "hint:"]);
    }
    refused(&with_features(root.path(), &["run", "--tags", "@core and"]), 2, &["`@core and`", "hint:"]);
    refused(&with_features(root.path(), &["certify", "http://localhost:1"]), 2, &["authorization_server/", "hint:"]);
    refused(&kmspec(&["run", "--tags", "@no-such-tag"]), 2, &["hint:"]);
}

#[test]
fn an_unreadable_feature_is_shown_with_file_line_and_column() {
    let root = features(&FEATURE.replace("Examples:", "Exmaples:"));
    let parts = ["platform/keys.feature", "line 7, column 5", "    7 |     Exmaples:", "hint:"];
    refused(&with_features(root.path(), &["run"]), 2, &parts);
    refused(&kmspec(&["run", "--features", "no/such"]), 2, &["`no/such`", "hint:"]);
}

#[test]
fn a_tag_that_is_in_no_list_is_a_wrong_plan() {
    let root = features(&FEATURE.replace("@core", "@cores"));
    refused(&with_features(root.path(), &["run"]), 2, &["`@cores`", "platform/keys.feature", "hint:"]);
    let root = features(&FEATURE.replace("@core", "@SEED-KM-99"));
    refused(&with_features(root.path(), &["run"]), 2, &["no row of the catalogue is called `SEED-KM-99`"]);
}

#[test]
fn a_defect_must_be_one() {
    refused(&kmspec(&["run", "--defect", "DEF-999", "--list"]), 2, &["`DEF-999` is no defect", "hint:"]);
    refused(&kmspec(&["run", "--defect", "SEED-KM-06"]), 2, &["`SEED-KM-06` is no defect"]);
    refused(&kmspec(&["run", "--defect", "8"]), 2, &["`8` is not a rule id"]);
}

#[test]
fn a_target_is_read_before_anything_starts() {
    refused(&kmspec(&["run", "--target", "no-such.toml"]), 2, &["cannot read the target `no-such.toml`", "hint:"]);
    let root = features(FEATURE);
    let file = root.path().join("target.toml");
    let target = "name = \"x\"\n[planes]\ngateway = \"https://localhost:1\"\n[personas]\ndeveloper = { username = \"dora\", password_env = \"KMSPEC_NOT_SET\" }\n";
    fs::write(&file, target).unwrap();
    let typed = ["run", "--target", file.to_str().unwrap()];
    refused(&kmspec(&typed), 2, &["`KMSPEC_NOT_SET` is not set", "developer `dora`", "hint:"]);
    fs::write(&file, target.replace("gateway", "gatway")).unwrap();
    refused(&kmspec(&typed), 2, &["gatway", "line 3", "hint:"]);
    fs::write(&file, "name = \"x\"\nprofile = \"wso2-apim-0.0\"\n[planes]\ngateway = \"https://localhost:1\"\n")
        .unwrap();
    refused(&kmspec(&typed), 2, &["there is no profile `wso2-apim-0.0`", "hint:"]);
    refused(&kmspec(&["run", "--profile", "wso2-apim-0.0"]), 2, &["--target"]);
}

#[test]
fn declared_deviations_need_a_reason() {
    let root = features(FEATURE);
    let file = root.path().join("expected.toml");
    fs::write(&file, "[[deviation]]\nid = \"platform/keys/x\"\n").unwrap();
    let typed = ["run", "--expected", file.to_str().unwrap()];
    refused(&kmspec(&typed), 2, &["expected.toml", "reason", "hint:"]);
}

#[test]
fn certification_wants_a_usable_url_and_a_known_type() {
    refused(&kmspec(&["certify", "nonsense"]), 2, &["nonsense"]);
    refused(&kmspec(&["certify", "http://idp.example/"]), 2, &["plain http", "--allow-plain-http"]);
    let typed = ["certify", "https://idp.example/", "--type", "WSO2-IS-99", "--list"];
    refused(&kmspec(&typed), 2, &["no key manager type is called `WSO2-IS-99`", "WSO2-IS-7"]);
    let typed = ["certify", "https://idp.example/", "--client-id", "a", "--client-secret-env", "KMSPEC_NOT_SET"];
    refused(&kmspec(&typed), 2, &["`KMSPEC_NOT_SET` is not set", "hint:"]);
}

#[test]
fn a_row_of_the_catalogue_can_be_explained() {
    let output = kmspec(&["explain", "DEF-032"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("DEF-032  (gateway validation)\n"));
    refused(&kmspec(&["explain", "SEED-KM-999"]), 2, &["`SEED-KM-999`", "hint:"]);
    refused(&kmspec(&["explain", "nothing"]), 2, &["`nothing` is not a rule id"]);
    let output = kmspec(&["requirements"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains(" of 117 requirements are held by a scenario"));
    let root = features(FEATURE);
    let output = with_features(root.path(), &["requirements", "--unbroken"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("[okta]") && said.ends_with("2 of 2 scenarios name no defect\n"), "{said}");
}

#[test]
fn what_a_scenario_provokes_at_the_reference_platform_is_not_warned_of() {
    let report = tempfile::tempdir().unwrap();
    let chosen = ["run", "--tags", "@resilience and @DEF-102", "--report-dir", report.path().to_str().unwrap()];
    let quiet = kmspec(&chosen);
    assert_eq!(quiet.status.code(), Some(0), "{}", String::from_utf8_lossy(&quiet.stderr));
    let said = String::from_utf8_lossy(&quiet.stderr);
    assert!(!said.contains("WARN") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn devices_and_files_are_not_taken_for_folders_or_data() {
    let root = features(FEATURE);
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("file"), "precious").unwrap();
    for (at, part) in [("file", "something else than a folder"), ("file/below", "file/below")] {
        let typed = ["run", "--report-dir", &path(at)];
        refused(&with_features(root.path(), &typed), 2, &[part, "--report-dir"]);
    }
    refused(&with_features(root.path(), &["run", "--report-dir", "/dev/null"]), 2, &["`/dev/null`"]);
    for command in [&["platform"][..], &["mock", "is7"]] {
        refused(&kmspec(&[command, &["--folder", &path("file")]].concat()), 2, &["`--folder`", "is no folder"]);
    }
    let data = |file: &str| {
        kmspec(&["platform", "--port", "0", "--gateway-port", "0", "--folder", &path("ca"), "--data", file])
    };
    refused(&data("/dev/null"), 2, &["`/dev/null` is no regular file", "`--data`"]);
    refused(&data(&path("no/such/folder")), 3, &["no/such/folder", "`--data`"]);
    refused(&data(&path("file")), 3, &["not a database", "`--data`"]);
    assert_eq!(fs::read_to_string(path("file")).unwrap(), "precious");
    assert!(!fs::metadata("/dev/null").unwrap().is_file(), "the device is still one");
}

#[test]
fn ca_files_are_looked_into_before_anything_starts() {
    let root = features(FEATURE);
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("empty.pem"), "nothing").unwrap();
    fs::write(
        path("target.toml"),
        "name = \"x\"\n[planes]\ngateway = \"https://localhost:1\"\n[trust]\nca = \"empty.pem\"\n",
    )
    .unwrap();
    for (file, part) in [("empty.pem", "it holds no PEM certificate"), ("none.pem", "No such file")] {
        let file = path(file);
        refused(&kmspec(&["certify", "https://localhost:1/", "--ca", &file]), 2, &[part, "`--ca`"]);
        refused(&kmspec(&["platform", "--folder", &path("ca"), "--trust", &file]), 2, &[part, "`--trust`"]);
    }
    refused(&kmspec(&["run", "--target", &path("target.toml")]), 2, &["empty.pem", "[trust]"]);
}

#[test]
fn a_defect_at_a_target_that_speaks_tls_needs_the_ca_of_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("target.toml");
    std::fs::write(&path, "name = \"x\"\n[planes]\ngateway = \"https://localhost:1\"\n").unwrap();
    let arguments = ["run", "--target", path.to_str().unwrap(), "--defect", "DEF-008"];
    refused(&kmspec(&arguments), 2, &["https://localhost:1", "[trust]"]);
}
