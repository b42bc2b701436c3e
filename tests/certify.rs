//! `kmspec certify` on the mock authorization servers: a strict one, one with documented deviations, and none at all.
//! The real server that nobody here wrote is checked by `tests/real/oidc-provider/check.sh`.

use std::{collections::BTreeSet, fs, net::TcpListener, process::Output, sync::Arc, time::Duration};

use kmspec_mocks::{
    certificates::CertificateAuthority,
    realm::{ClientSpec, UserSpec},
    server::AuthorizationServer,
    vendors::Vendor,
};
use serde_json::Value;
use tokio::{process::Command, time::Instant};

/// A mock with two clients and a user, certified by a child process.
async fn certify(vendor: Vendor, key_manager_type: &str) -> (Output, tempfile::TempDir) {
    let authority = Arc::new(CertificateAuthority::new("kmspec certify tests").unwrap());
    let server = AuthorizationServer::builder(vendor).certificates(authority.clone()).start().await.unwrap();
    for client in ["one", "other"] {
        server.realm().add_client(ClientSpec::new(client).id(client).secret(format!("{client}-secret-0123456789")));
    }
    let known = server.realm().user("admin").is_some();
    if !known {
        server.realm().add_user(UserSpec::new("admin", "admin").roles(["admin"]));
    }
    server.realm().register_scope("orders:read");
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, authority.ca_pem()).unwrap();
    let initial = server.initial_access_token().map(str::to_owned);
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
    command
        .args(["certify", &server.discovery_url(), "--type", key_manager_type, "--scope", "orders:read"])
        .args(["--client-id", "one", "--client-secret-env", "ONE", "--other-client-id", "other"])
        .args(["--other-client-secret-env", "OTHER", "--user", "admin", "--user-password-env", "PASSWORD"])
        .arg("--ca")
        .arg(&ca)
        .arg("--report-dir")
        .arg(folder.path().join("report"))
        .env("ONE", "one-secret-0123456789")
        .env("OTHER", "other-secret-0123456789")
        .env("PASSWORD", "admin");
    if let Some(token) = initial {
        command.args(["--initial-access-token-env", "INITIAL"]).env("INITIAL", token);
    }
    (command.output().await.unwrap(), folder)
}

fn report(folder: &tempfile::TempDir) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.path().join("report/result.json")).unwrap()).unwrap()
}

/// Titles of the scenarios that ended so.
fn ended(report: &Value, outcome: &str) -> BTreeSet<String> {
    let scenarios = report["scenarios"].as_array().unwrap();
    let ended = scenarios.iter().filter(|scenario| scenario["outcome"]["outcome"] == outcome);
    ended.map(|scenario| scenario["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strict_mock_can_be_a_key_manager_and_every_form_field_is_filled() {
    let (output, folder) = certify(Vendor::Custom, "custom").await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let report = report(&folder);
    assert_eq!(ended(&report, "deviates"), BTreeSet::new());
    assert!(ended(&report, "conforms").len() > 70, "{said}");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("report/key-manager.json")).unwrap()).unwrap();
    for member in ["name", "type", "issuer", "tokenEndpoint", "revokeEndpoint", "introspectionEndpoint"] {
        assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {document}");
    }
    assert_eq!(document["enableOAuthAppCreation"], true);
    let certificate = fs::read_to_string(folder.path().join("report/certificate.md")).unwrap();
    assert!(certificate.contains("can be a key manager whose clients the platform registers itself."), "{certificate}");
}

#[tokio::test(flavor = "multi_thread")]
async fn documented_deviations_of_identity_server_show_as_found() {
    let (output, folder) = certify(Vendor::Is7, "WSO2-IS-7").await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let deviating = ended(&report(&folder), "deviates");
    for title in [
        "A grant type that nobody knows is named as such",
        "Credentials are form-decoded after Base64",
        "Revoking a token of another client is refused with an error of the token endpoint",
        "A registration says where and with what it is managed",
        "Metadata that nobody knows is ignored",
    ] {
        assert!(deviating.contains(title), "`{title}` is not among {deviating:#?}");
    }
    let certificate = fs::read_to_string(folder.path().join("report/certificate.md")).unwrap();
    assert!(certificate.contains("SEED-IS7-19") && certificate.contains("/oauth2/authorize"), "{certificate}");
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_with_3_and_a_hint() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    refused(&format!("http://{free}/.well-known/openid-configuration"), "is it running at that address?").await;
}

#[tokio::test]
async fn an_answer_that_is_no_discovery_document_ends_with_3_and_a_hint() {
    let backend = a_backend().await;
    refused(&format!("{backend}/.well-known/openid-configuration"), "give the whole address").await;
}

/// Something that answers with JSON that is no discovery document.
async fn a_backend() -> String {
    let backend = kmspec_mocks::backend::EchoBackend::start(None).await.unwrap();
    let url = backend.base_url().to_owned();
    // It serves until the test's process ends.
    std::mem::forget(backend);
    url
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    refused(&format!("http://{}/.well-known/openid-configuration", silent.local_addr().unwrap()), "hint:").await;
    assert!(started.elapsed() < Duration::from_secs(30));
}

async fn refused(url: &str, hint: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_kmspec")).args(["certify", url]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(hint), "{said}");
}
