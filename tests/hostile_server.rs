//! `kmspec certify` on a server that repeats every credential it is sent: none of them may stand in what the run leaves.
//! How a single text is redacted is tested beside `model::redaction` and `model::redactor`.

use std::{fs, time::Duration};

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

async fn answer(mut stream: TcpStream, origin: &str) -> Option<()> {
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
        ("400 Bad Request", echo(&head, &body))
    };
    let length = text.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{text}").as_bytes()).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_a_server_repeats_stand_in_no_report() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let here = origin.clone();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let here = here.clone();
            tokio::spawn(async move { answer(stream, &here).await });
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let child = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["certify", &format!("{origin}/.well-known/openid-configuration"), "--type", "custom"])
        .args(["--client-id", "one", "--client-secret-env", "ONE", "--other-client-id", "other"])
        .args(["--other-client-secret-env", "OTHER", "--user", "somebody", "--user-password-env", "PASSWORD"])
        .arg("--report-dir")
        .arg(&report)
        .envs(["ONE", "OTHER", "PASSWORD"].into_iter().zip(SECRETS))
        .output();
    let output = tokio::time::timeout(Duration::from_secs(120), child).await.unwrap().unwrap();
    serving.abort();

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
