//! The binary as its users meet it: exit codes, messages with hints, data on stdout and talk on stderr.
//! What a run finds out is the scenarios' business.

mod certifying;
mod deployments;
mod plans;
mod serving;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const TAGS: &str = "[[area]]\nname = \"keys\"\ntext = \"Keys\"\n[[level]]\nname = \"core\"\ntext = \"All\"\n";
const VENDORS: &str =
    "[[vendor]]\ntype = \"custom\"\nconnector = \"custom\"\nname = \"Custom\"\nscopes_claim = \"scope\"\n";
const FEATURE: &str = "@keys @core\nFeature: Keys\n  Scenario Outline: Keys of <kind> are issued\n    Given a key manager\n    When keys of <kind> are asked for\n    Then they are issued\n    Examples:\n      | kind |\n      | okta |\n      | auth0 |\n";

/// A folder of features with one outline of two rows.
fn features(feature: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in ["catalogue", "platform", "authorization_server"] {
        fs::create_dir(root.path().join(folder)).unwrap();
    }
    fs::write(root.path().join("catalogue/tags.toml"), TAGS).unwrap();
    fs::write(root.path().join("catalogue/vendors.toml"), VENDORS).unwrap();
    fs::write(root.path().join("platform/keys.feature"), feature).unwrap();
    root
}

fn kmspec(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
    command.args(arguments).env_remove("RUST_LOG").env_remove("KMSPEC_NOT_SET").output().unwrap()
}

/// Runs on a folder of features.
fn with_features(root: &Path, arguments: &[&str]) -> Output {
    kmspec(&[arguments, &["--features", root.to_str().unwrap()]].concat())
}

#[track_caller]
fn refused(output: &Output, code: i32, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
    assert_eq!(said.lines().filter(|line| line.starts_with("error:")).count(), 1, "one message: {said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("hint: ")).count(), 1, "one hint: {said}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// What the first lines of a command that goes on serving say, by the word they begin with.
fn said_by(child: &mut std::process::Child, count: usize) -> std::collections::BTreeMap<String, String> {
    use std::io::{BufRead as _, BufReader};
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let pair = |line: String| (line[..12].trim().to_owned(), line[12..].to_owned());
    lines.take(count).map(pair).collect()
}
