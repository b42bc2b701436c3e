//! The binary as its users meet it: exit codes, messages with hints, data on stdout and talk on stderr.
//! What a run finds out is the scenarios' business.

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

/// What the first lines of a command that goes on serving say, by the word they begin with.
fn said_by(child: &mut std::process::Child, count: usize) -> std::collections::BTreeMap<String, String> {
    use std::io::{BufRead as _, BufReader};
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let pair = |line: String| (line[..12].trim().to_owned(), line[12..].to_owned());
    lines.take(count).map(pair).collect()
}

#[cfg(unix)]
#[test]
fn a_served_mock_says_how_to_use_and_script_it_and_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut mock = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["mock", "is7", "--ca-dir", folder.path().to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
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

/// A platform with this `deployment.toml`, in a folder of its own; and what its first lines say.
#[cfg(unix)]
fn platform_with(
    deployment: &str,
    ports: &[&str],
) -> (tempfile::TempDir, std::process::Child, std::collections::BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deployment.toml");
    fs::write(&file, deployment).unwrap();
    let mut platform = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["platform", "--folder", folder.path().to_str().unwrap(), "--deployment-toml", file.to_str().unwrap()])
        .args(ports)
        .env_remove("RUST_LOG")
        .stdout(std::process::Stdio::piped())
        .stderr(fs::File::create(folder.path().join("talk")).unwrap())
        .spawn()
        .unwrap();
    let said = said_by(&mut platform, 4);
    (folder, platform, said)
}

#[cfg(unix)]
#[test]
fn a_platform_is_configured_by_its_deployment_toml() {
    let free = ["--port", "0", "--gateway-port", "0"];
    let text = "[server]\nhostname = \"localhost\"\n[super_admin]\nusername = \"root\"\npassword = \"root-secret\"\n\
                [database.apim_db]\ntype = \"h2\"\n[keystore.tls]\nalias = \"x\"\n";
    let (folder, mut platform, said) = platform_with(text, &free);
    assert!(said["management"].starts_with("https://localhost:"), "{said:?}");
    let register = |user: &str| {
        let url = format!("{}/client-registration/v0.17/register", said["management"]);
        let body = "{\"clientName\":\"rest\",\"callbackUrl\":\"\",\"grantType\":\"password\",\"saasApp\":true}";
        let arguments = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", "--cacert", &said["ca"]];
        let more = ["-u", user, "-H", "content-type: application/json", "-d", body, &url];
        let answer = Command::new("curl").args(arguments).args(more).output().ok()?;
        Some(String::from_utf8(answer.stdout).unwrap())
    };
    if let Some(status) = register("root:root-secret") {
        assert_eq!((status.as_str(), register("admin:admin").as_deref()), ("200", Some("401")));
    }
    let interrupt = Command::new("kill").args(["-INT", &platform.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(platform.wait().unwrap().code(), Some(0));
    let talk = fs::read_to_string(folder.path().join("talk")).unwrap();
    for table in ["`database`", "`keystore`"] {
        assert!(talk.contains(table) && talk.contains("means nothing"), "{talk}");
    }
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

#[cfg(unix)]
#[test]
fn the_offset_of_a_deployment_moves_the_ports_that_are_not_named() {
    // Below the ports that the system hands out.
    let offset = 4_000 + std::process::id() % 10_000;
    let ports = ["--gateway-port", "0"];
    let (_folder, mut platform, said) = platform_with(&format!("[server]\noffset = {offset}\n"), &ports);
    platform.kill().unwrap();
    platform.wait().unwrap();
    assert_eq!(said["management"], format!("https://localhost:{}", 9443 + offset));
    assert_ne!(said["gateway"], format!("https://localhost:{}", 8243 + offset));
}

#[test]
fn a_slip_in_a_deployment_toml_is_a_wrong_plan() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deployment.toml");
    let (folder, path) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
    let typed = ["platform", "--port", "0", "--gateway-port", "0", "--folder", folder, "--deployment-toml", path];
    refused(&kmspec(&typed), 2, &["deployment.toml", "--deployment-toml"]);
    fs::write(&file, "[apim.jwt]\nenable = true\nencodng = \"base64\"\n").unwrap();
    refused(&kmspec(&typed), 2, &["line 3", "`apim.jwt.encodng`", "did you mean `apim.jwt.encoding`?"]);
    fs::write(&file, "[server]\nhostname = \"example.invalid\"\n").unwrap();
    refused(&kmspec(&typed), 2, &["`example.invalid` does not lead to this machine", "server.hostname"]);
}

#[test]
fn a_deployment_toml_with_a_slip_is_refused_with_its_line_and_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("slip.toml"), "[server]\noffset = 1\n\n[oauth.token_renewal]\nrenew_refresh_tokn = true\n").unwrap();
    fs::write(path("good.toml"), "[server]\nlegacy_mode = true\n").unwrap();
    let mock = |vendor: &str, file: &str| {
        kmspec(&["mock", vendor, "--port", "0", "--ca-dir", &path("ca"), "--deployment-toml", &path(file)])
    };
    let meant = ["line 5", "`oauth.token_renewal.renew_refresh_tokn`", "`oauth.token_renewal.renew_refresh_token`"];
    refused(&mock("is7", "slip.toml"), 2, &meant);
    refused(&mock("is7", "none.toml"), 2, &["none.toml", "`--deployment-toml` takes a file"]);
    refused(&mock("okta", "good.toml"), 2, &["`okta` reads no deployment.toml", "is7 does"]);
}

#[cfg(unix)]
#[test]
fn a_mock_is_configured_by_its_deployment_toml() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deployment.toml");
    fs::write(&file, "[super_admin]\nusername = \"ruth\"\npassword = \"ruths\"\n").unwrap();
    let mut mock = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["mock", "is7", "--port", "0", "--ca-dir", folder.path().to_str().unwrap()])
        .args(["--deployment-toml", file.to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let said = said_by(&mut mock, 3);
    let users = Command::new("curl").args(["-s", &format!("{}/servers/is7/users", said["control"])]).output();
    mock.kill().unwrap();
    mock.wait().unwrap();
    if let Ok(users) = users {
        let users = String::from_utf8(users.stdout).unwrap();
        assert!(users.contains("\"name\":\"ruth\"") && !users.contains("\"name\":\"admin\""), "{users}");
    }
}

/// A JSON request over plain HTTP; the status line and what follows it.
#[cfg(target_os = "linux")]
fn post(url: &str, path: &str, body: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}", body.len());
    write!(stream, "{head}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(target_os = "linux")]
#[test]
fn ten_issuers_in_one_process_take_less_than_sixty_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut mock = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["mock", "is7", "--ca-dir", folder.path().to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
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

/// A port on which every connection is accepted; each request is answered by `answer`, or never when that says `None`.
fn listen(answer: fn(&str) -> Option<String>) -> u16 {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                match answer(&String::from_utf8_lossy(&request[..length])) {
                    Some(body) => {
                        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                        let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    }
                    // The other side has to give up first.
                    None => while stream.read(&mut request).is_ok_and(|length| length > 0) {},
                }
            });
        }
    });
    port
}

#[test]
fn servers_that_are_down_hang_or_talk_nonsense_are_told_apart_in_bounded_time() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (hanging, chatting) = (listen(|_| None), listen(|_| Some("<html>welcome</html>".to_owned())));
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report").to_str().unwrap().to_owned();
    let certify = |port: u16| kmspec(&["certify", &format!("http://localhost:{port}/x"), "--report-dir", &report]);
    refused(&certify(free), 3, &["Connection refused", "is it running at that address?"]);
    refused(&certify(chatting), 3, &["is no discovery document", "the answer (application/json) is no JSON object"]);
    let began = std::time::Instant::now();
    refused(&certify(hanging), 3, &["timed out", "is it running at that address?"]);
    let target = folder.path().join("target.toml");
    let run = |port: u16| {
        let text =
            format!("name = \"x\"\n[planes]\ngateway = \"http://localhost:{port}\"\n[bounds]\nrequest = \"2s\"\n");
        fs::write(&target, text).unwrap();
        kmspec(&["run", "--target", target.to_str().unwrap(), "--report-dir", &report])
    };
    refused(&run(free), 3, &["the target's gateway plane is silent", "Connection refused"]);
    refused(&run(hanging), 3, &["the target's gateway plane is silent", "timed out"]);
    assert!(began.elapsed() < std::time::Duration::from_secs(25), "{:?}", began.elapsed());
}

#[test]
fn a_served_mock_can_be_certified_and_every_report_is_written() {
    use std::io::{BufRead as _, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut mock = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["mock", "custom", "--folder", &path("ca")])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(mock.stdout.take().unwrap()).lines();
    let discovery = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("discovery").map(str::to_owned));
    let discovery = discovery.expect("the mock says where its discovery document is");
    let typed = ["certify", discovery.trim(), "--ca", &path("ca/ca.pem"), "--report-dir", &path("report")];
    let output = kmspec(&typed);
    mock.kill().unwrap();
    mock.wait().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(" conform"));
    for file in ["report.html", "junit.xml", "result.json", "summary.md", "expected.next.toml"] {
        assert!(fs::metadata(folder.path().join("report").join(file)).is_ok_and(|it| it.len() > 0), "{file}");
    }
    // Once the server is gone, nothing can be tested.
    refused(&kmspec(&typed), 3, &["hint:"]);
}
