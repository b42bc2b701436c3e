//! `kmspec certify` on servers that mean no good: one repeats every credential it is sent, one says yes to everything and
//! breaks where it should say no. How a single text is redacted is tested beside `model::redaction` and `model::redactor`.

use std::{collections::BTreeMap, fs, path::Path, process::Output, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    process::Command,
};

const SECRETS: [&str; 3] = ["planted-One-0123456789", "planted-Other-0123456789", "planted-Password-0123456789"];

/// Reads one whole request: head and body.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut read = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        let count = stream.read(&mut part).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&part[..count]);
    }
}

/// What it was told, told back: the header field as it came and decoded, the body; as HTML or as JSON that is none.
fn echo(head: &str, body: &str) -> (&'static str, String) {
    let field = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("authorization:").then(|| line[14..].trim()));
    let field = field.unwrap_or_default();
    let decoded = field.split_once(' ').and_then(|(_, text)| STANDARD.decode(text).ok()).unwrap_or_default();
    let decoded = String::from_utf8_lossy(&decoded).into_owned();
    if body.len().is_multiple_of(2) {
        ("text/html", format!("<p>You sent {field}, which is {decoded}</p><pre>{body}</pre>"))
    } else {
        ("application/json", format!(r#"{{"authorization":"{field}","who":"{decoded}","sent":"{body}",}}"#))
    }
}

/// A status line and the answer's type and text, for a request's head and body.
type Manner = fn(&str, &str) -> (&'static str, (&'static str, String));

/// Whatever it is asked, it repeats.
fn repeating(head: &str, body: &str) -> (&'static str, (&'static str, String)) {
    ("400 Bad Request", echo(head, body))
}

/// One token for all, which is always good; no keys; and a crash where no is the right answer.
fn agreeable(head: &str, body: &str) -> (&'static str, (&'static str, String)) {
    let path = head.split_ascii_whitespace().nth(1).unwrap_or_default();
    let right = format!("Basic {}", STANDARD.encode(format!("one:{}", SECRETS[0])));
    let json = |text: &str| ("200 OK", ("application/json", text.to_owned()));
    match path {
        "/keys" => json(r#"{"keys":[]}"#),
        "/introspect" => json(r#"{"active":true}"#),
        "/revoke" => json(""),
        "/token" if head.contains(&right) && body == "grant_type=client_credentials" => {
            json(r#"{"access_token":"the-one-token","token_type":"Bearer","expires_in":3600}"#)
        }
        _ => ("500 Internal Server Error", ("text/html", "<p>oops</p>".to_owned())),
    }
}

async fn answer(mut stream: TcpStream, origin: &str, manner: Manner) -> Option<()> {
    let (head, body) = request(&mut stream).await?;
    let (status, (kind, text)) = if head.contains("/.well-known/openid-configuration ") {
        let document = serde_json::json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "introspection_endpoint": format!("{origin}/introspect"),
            "revocation_endpoint": format!("{origin}/revoke"),
            "userinfo_endpoint": format!("{origin}/userinfo"),
            "jwks_uri": format!("{origin}/keys"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["client_credentials", "password", "refresh_token"],
        });
        ("200 OK", ("application/json", document.to_string()))
    } else {
        manner(&head, &body)
    };
    let length = text.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{text}").as_bytes()).await.ok()
}

/// Certifies a server of this manner by a child process.
async fn certify(manner: Manner, report: &Path) -> Output {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let here = origin.clone();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let here = here.clone();
            tokio::spawn(async move { answer(stream, &here, manner).await });
        }
    });
    let child = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["certify", &format!("{origin}/.well-known/openid-configuration"), "--type", "custom"])
        .args(["--client-id", "one", "--client-secret-env", "ONE", "--other-client-id", "other"])
        .args(["--other-client-secret-env", "OTHER", "--user", "somebody", "--user-password-env", "PASSWORD"])
        .arg("--report-dir")
        .arg(report)
        .envs(["ONE", "OTHER", "PASSWORD"].into_iter().zip(SECRETS))
        .output();
    let output = tokio::time::timeout(Duration::from_secs(120), child).await.unwrap().unwrap();
    serving.abort();
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_yes_to_everything_and_breaks_instead_of_refusing_does_not_conform() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let output = certify(agreeable, &report).await;
    let text = fs::read_to_string(report.join("result.json")).unwrap_or_else(|_| panic!("{output:?}"));
    let result: serde_json::Value = serde_json::from_str(&text).unwrap();
    let scenarios = result["scenarios"].as_array().unwrap();
    let outcome = |each: &serde_json::Value| {
        let id = each["id"].as_str().unwrap().trim_start_matches("authorization_server/").to_owned();
        (id, each["outcome"]["outcome"].as_str().unwrap().to_owned())
    };
    let outcomes: BTreeMap<_, _> = scenarios.iter().map(outcome).collect();
    for id in [
        "keys/the-key-set-holds-public-keys-only",
        "keys/rsa-keys-have-at-least-2048-bits",
        "keys/keys-say-their-use-where-some-sign-and-some-encrypt",
        "token_endpoint/every-token-is-another-one",
        "token_endpoint/a-wrong-secret-brings-no-token",
        "token_endpoint/get-brings-no-token",
        "token_endpoint/credentials-in-the-query-authenticate-nobody",
        "introspection/a-token-that-nobody-issued-is-inactive-and-that-is-no-error",
        "introspection/without-credentials-nothing-is-said",
        "revocation/a-revoked-access-token-is-inactive-at-once",
        "revocation/revoking-one-token-leaves-the-clients-other-tokens-alive",
        "revocation/without-credentials-nothing-is-revoked",
    ] {
        assert_eq!(outcomes.get(id).map(String::as_str), Some("deviates"), "{id} in {outcomes:#?}");
    }
    // It does issue a token, so it is not for want of one that the others deviate.
    assert_eq!(outcomes["token_endpoint/a-token-answer-says-what-it-holds-and-for-how-long"], "conforms");
    let notes = result["notes"].to_string();
    assert!(notes.contains("plain http") && !notes.contains("name no defect"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_a_server_repeats_stand_in_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let output = certify(repeating, &report).await;

    let mut texts = vec![
        ("stdout".to_owned(), String::from_utf8_lossy(&output.stdout).into_owned()),
        ("stderr".to_owned(), String::from_utf8_lossy(&output.stderr).into_owned()),
    ];
    let mut folders = vec![report];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|_| panic!("{texts:?}")) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let result = texts.iter().find(|(name, _)| name.ends_with("result.json")).expect("there is a report");
    assert!(result.1.contains("You sent Basic"), "the server repeated something");
    let basic =
        [("one", SECRETS[0]), ("other", SECRETS[1])].map(|(id, secret)| STANDARD.encode(format!("{id}:{secret}")));
    for secret in SECRETS.into_iter().chain(basic.iter().map(String::as_str)) {
        for (name, text) in &texts {
            let place = text.find(secret).map(|at| text.get(at.saturating_sub(80)..at).unwrap_or_default());
            assert_eq!(place, None, "{secret} stands in {name}");
        }
    }
}
