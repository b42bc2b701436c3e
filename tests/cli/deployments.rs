//! Platforms and mocks by a `deployment.toml`: what it does, and what is wrong with one.
//! The keys themselves are tested where they are read.

use std::{fs, process::Command};

use super::{kmspec, refused, said_by};

/// A platform with this `deployment.toml`, in a folder of its own; and what its first lines say.
#[cfg(unix)]
pub(super) fn platform_with(
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
