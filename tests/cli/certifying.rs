//! Certification from the shell: servers that are down or talk nonsense, and one that is fine.
//! What is found out about a server stands in `tests/certify.rs`.

use std::{fs, process::Command};

use super::{kmspec, refused};

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
