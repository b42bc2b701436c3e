//! Mocks and platforms that a command goes on serving: what they say, and what they take.
//! Their configuration is the business of `deployments`.

use std::{
    fs,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
#[cfg(unix)]
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::Child,
};

#[cfg(unix)]
use super::deployments::platform_with;
use super::{kmspec, refused, said_by};

#[test]
fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    refused(
        &kmspec(&["platform", "--port", &port, "--gateway-port", "0", "--folder", folder]),
        3,
        &[&port, "in use", "hint:"],
    );
    refused(
        &kmspec(&["platform", "--port", "0", "--gateway-port", &port, "--folder", folder]),
        3,
        &[&port, "in use", "hint:"],
    );
    refused(&kmspec(&["mock", "is7", "--port", &port, "--folder", folder]), 3, &[&port, "in use", "hint:"]);
    let typed = ["mock", "is7", "--control-port", &port, "--ca-dir", folder];
    refused(&kmspec(&typed), 3, &[&port, "in use", "--control-port"]);
    refused(&kmspec(&["mock", "is8"]), 2, &["`is8`", "is7, is, custom, cognito, auth0"]);
    refused(&kmspec(&["mock", "is7", "--defect", "DEF-999", "--ca-dir", folder]), 2, &["`DEF-999`", "hint:"]);
    refused(&kmspec(&["mock", "is7", "--host", "example.invalid", "--ca-dir", folder]), 2, &["`example.invalid`"]);
    let file = format!("{folder}/deployment.toml");
    std::fs::write(&file, "[server]\nhostname = \"configured.invalid\"\n").unwrap();
    let configured = ["mock", "is7", "--deployment-toml", &file, "--ca-dir", folder];
    refused(&kmspec(&configured), 2, &["`configured.invalid`"]);
    let both = ["mock", "is7", "--deployment-toml", &file, "--host", "typed.invalid", "--ca-dir", folder];
    refused(&kmspec(&both), 2, &["`typed.invalid`"]);
}

#[test]
fn what_a_mock_cannot_have_is_refused_before_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let base_path = "base path";
    let issuer_host = "issuer host";
    for (vendor, flag, given, parts) in [
        ("keycloak", "--base-path", "auth", [base_path, "`auth`", "begins with a slash"]),
        ("keycloak", "--base-path", "/auth/", [base_path, "`/auth/`", "ends without one"]),
        ("keycloak", "--base-path", "/auth?a=b", [base_path, "`/auth?a=b`", "no query"]),
        ("keycloak", "--base-path", "https://localhost/auth", [base_path, "https://localhost/auth", "such as /auth"]),
        ("is7", "--base-path", "/auth", [base_path, "`is7`", "keycloak has one"]),
        ("cognito", "--issuer-host", "https://127.0.0.1", [issuer_host, "`https://127.0.0.1`", "without scheme"]),
        ("cognito", "--issuer-host", "127.0.0.1:9443", [issuer_host, "`127.0.0.1:9443`", "and port"]),
        ("cognito", "--issuer-host", "localhost", [issuer_host, "`localhost`", "another one than the server's own"]),
        ("cognito", "--issuer-host", "pool.invalid", ["`pool.invalid`", "does not lead to this machine", "loopback"]),
        ("cognito", "--issuer-host", "127.0.0.2", ["`127.0.0.2`", "at 127.0.0.1", "loopback"]),
        ("is7", "--host", "127.0.0.2", ["`127.0.0.2`", "at 127.0.0.1", "loopback"]),
        ("is7", "--base-path", "", [base_path, "`is7`", "keycloak has one"]),
        ("keycloak", "--base-path", "", [base_path, "``", "begins with a slash"]),
        ("is7", "--issuer-host", "127.0.0.1", [issuer_host, "`is7`", "cognito has one"]),
        ("okta", "--deployment-toml", "nowhere.toml", ["`okta`", "reads no deployment.toml", "is7 does"]),
        ("is7", "--defect", "LEGACY-01", ["`LEGACY-01`", "did you mean", "`DEF-SEED-AS-LEGACY-01`"]),
        ("is7", "--defect", "DEF-SEED-AS-LEGACY-01", ["can never show", "hint: it shows where", "legacy_mode"]),
        ("cognito", "--defect", "DEF-107", ["can never show", "Introspection", "hint: it serves"]),
    ] {
        refused(&ended(&["mock", vendor, flag, given, "--port", "0", "--ca-dir", folder]), 2, &parts);
    }
}

/// What a command says that ends by itself; one that goes on serving is ended, and fails whoever looks at its exit code.
fn ended(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
    command.args(arguments).env_remove("RUST_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, deadline) = (command.spawn().unwrap(), Instant::now() + Duration::from_secs(20));
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_mock_says_its_addresses_below_a_base_path_or_on_a_host_of_its_issuers_own() {
    let folder = tempfile::tempdir().unwrap();
    for (typed, issuer, token) in [
        (["keycloak", "--base-path", "/auth"], "https://localhost:PORT/auth/realms/kmspec", "/auth/realms/kmspec/"),
        (["cognito", "--issuer-host", "127.0.0.1"], "https://127.0.0.1:PORT/", "https://localhost:PORT/oauth2/token"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
        command.args(["mock"]).args(typed).args(["--ca-dir", folder.path().to_str().unwrap()]);
        let mut mock = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = said_by(&mut mock, 3);
        let mut talk = BufReader::new(mock.stderr.take().unwrap()).lines().map_while(Result::ok);
        let talk = talk.find(|line| line.starts_with("try: ")).unwrap();
        mock.kill().unwrap();
        mock.wait().unwrap();
        let port = said["issuer"].split(':').nth(2).unwrap().split('/').next().unwrap();
        let here = |text: &str| text.replace("PORT", port);
        assert!(said["issuer"].starts_with(&here(issuer)), "{said:?}");
        assert!(said["discovery"].starts_with(&said["issuer"]), "{said:?}");
        assert!(talk.contains(&here(token)), "{talk}");
    }
}

/// A mock of WSO2 Identity Server 7 that keeps its certificates in that folder.
#[cfg(unix)]
fn served_mock(folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
    command.args(["mock", "is7", "--ca-dir", folder.to_str().unwrap()]);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[cfg(unix)]
#[test]
fn a_served_mock_says_how_to_use_and_script_it_and_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut mock = served_mock(folder.path());
    let said = said_by(&mut mock, 6);
    assert!(said["discovery"].starts_with("https://localhost:"), "{said:?}");
    assert!(said["control"].starts_with("http://127.0.0.1:"), "{said:?}");
    let curl = |arguments: &[&str]| Command::new("curl").args(["-s"]).args(arguments).output();
    if let Ok(listed) = curl(&[&format!("{}/servers/is7/clients", said["control"])]) {
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains(said["client"].split(':').next().unwrap()), "{listed}");
        let token = curl(&[
            "--cacert",
            &said["ca"],
            "-u",
            &said["client"],
            "-d",
            "grant_type=client_credentials",
            &said["issuer"],
        ]);
        assert!(String::from_utf8(token.unwrap().stdout).unwrap().contains("access_token"));
    }
    assert!(folder.path().join("ca.p12").is_file());
    let interrupt = Command::new("kill").args(["-INT", &mock.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(mock.wait().unwrap().code(), Some(0));
}

/// The moduli and coordinates of the keys that a mock publishes, which was started with these arguments.
#[cfg(unix)]
fn published_keys(folder: &Path, arguments: &[&str]) -> std::collections::BTreeSet<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
    command.args(["mock", "custom", "--ca-dir", folder.to_str().unwrap()]).args(arguments);
    let mut mock = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let control = said_by(&mut mock, 3)["control"].clone();
    // A second server of the process, and keys that come later, are of the same chest.
    post(&control, "/servers", "{\"vendor\": \"okta\"}");
    post(&control, "/servers/custom/keys", "{\"from\": {\"family\": \"p256\"}}");
    let listed = ["custom", "okta"].map(|server| get(&control, &format!("/servers/{server}/key-set")));
    mock.kill().unwrap();
    mock.wait().unwrap();
    let body = |answer: &String| -> serde_json::Value {
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
    };
    let mut found = std::collections::BTreeSet::new();
    for set in listed.iter().map(body) {
        for key in set["keys"].as_array().unwrap() {
            found.insert(key["n"].as_str().or(key["x"].as_str()).unwrap().to_owned());
        }
    }
    found
}

#[cfg(unix)]
#[test]
fn two_mocks_share_no_key_unless_they_are_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let keys = |arguments: &[&str]| published_keys(folder.path(), arguments);
    let (one, other) = (keys(&[]), keys(&[]));
    assert!(one.len() >= 3 && one.is_disjoint(&other), "{one:?} {other:?}");
    let (one, other) = (keys(&["--embedded-keys"]), keys(&["--embedded-keys"]));
    assert_eq!(one, other);
}

/// A JSON request over plain HTTP; the status line and what follows it.
#[cfg(unix)]
fn post(url: &str, path: &str, body: &str) -> String {
    asked(url, &format!("POST {path}"), body)
}

#[cfg(unix)]
fn get(url: &str, path: &str) -> String {
    asked(url, &format!("GET {path}"), "")
}

#[cfg(unix)]
fn asked(url: &str, what: &str, body: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let head = format!("{what} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}", body.len());
    write!(stream, "{head}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(target_os = "linux")]
#[test]
fn ten_issuers_in_one_process_take_less_than_sixty_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut mock = served_mock(folder.path());
    let control = said_by(&mut mock, 3)["control"].clone();
    for number in 2..=10 {
        let vendor = ["is7", "custom", "cognito", "auth0"][number % 4];
        let answer = post(&control, "/servers", &format!("{{\"vendor\": \"{vendor}\"}}"));
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", mock.id())).unwrap();
    mock.kill().unwrap();
    mock.wait().unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("ten issuers: {kilobytes} kB");
    assert!(kilobytes < 60_000, "{kilobytes} kB");
}

#[cfg(unix)]
#[test]
fn data_that_a_platform_has_is_refused_to_a_second_one_until_the_first_has_gone_however_it_went() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("platform.db");
    let arguments = ["--port", "0", "--gateway-port", "0", "--data", data.to_str().unwrap()];
    let (folder, mut first, _) = platform_with("", &arguments);
    let typed = [&["platform", "--folder", folder.path().to_str().unwrap()][..], &arguments].concat();
    refused(&kmspec(&typed), 3, &["is in use by another platform", data.to_str().unwrap(), "hint:", "`--data`"]);
    // Not asked to end, but killed.
    first.kill().unwrap();
    first.wait().unwrap();
    let (_folder, mut second, said) = platform_with("", &arguments);
    second.kill().unwrap();
    second.wait().unwrap();
    assert!(said["management"].starts_with("https://localhost:"), "{said:?}");
}

#[cfg(unix)]
#[test]
fn every_port_that_a_platform_takes_is_told() {
    let (_folder, mut platform, said) = platform_with("", &["--port", "0", "--gateway-port", "0", "--http-port", "0"]);
    platform.kill().unwrap();
    platform.wait().unwrap();
    let port = |name: &str, scheme: &str| {
        let url = said.get(name).unwrap_or_else(|| panic!("no {name} in {said:?}"));
        url.strip_prefix(&format!("{scheme}://localhost:")).unwrap().parse::<u16>().unwrap()
    };
    let ports = [port("management", "https"), port("gateway", "https"), port("plain", "http")];
    assert!(ports.iter().all(|port| *port > 0) && ports[0] != ports[1] && ports[1] != ports[2], "{ports:?}");
}
