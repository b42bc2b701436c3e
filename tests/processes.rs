//! Runs as processes among others: what Ctrl-C does to one, and what two in one folder do to each other.
//! What is typed wrong is the business of `cli.rs`; signals inside the runner that of `runner.rs`.

#![cfg(unix)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use kmspec_model::report::{Outcome, RunReport};

/// Starts the binary; what it says on stderr comes line by line.
fn start(arguments: &[&str], report_dir: &Path) -> (Child, mpsc::Receiver<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(arguments)
        .arg("--report-dir")
        .arg(report_dir)
        .env_remove("RUST_LOG")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    (child, told)
}

/// Waits for a line that fits.
fn hear(told: &mpsc::Receiver<String>, fits: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut heard = Vec::new();
    while let Ok(line) = told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if fits(&line) {
            return;
        }
        heard.push(line);
    }
    panic!("no such line within a minute: {heard:#?}");
}

fn press_ctrl_c(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

/// Waits for the end; a child that does not come to one is killed.
fn end_of(child: &mut Child, limit: Duration) -> ExitStatus {
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait().unwrap() {
            Some(status) => return status,
            None if Instant::now() < deadline => std::thread::park_timeout(Duration::from_millis(20)),
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("still running after {limit:?}");
            }
        }
    }
}

fn result(folder: &Path) -> RunReport {
    serde_json::from_str(&fs::read_to_string(folder.join("result.json")).unwrap()).unwrap()
}

#[test]
fn ctrl_c_lets_running_scenarios_finish_and_writes_the_partial_report() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, told) = start(&["run", "--jobs", "2"], folder.path());
    hear(&told, |line| line.starts_with("conforms"));
    press_ctrl_c(&child);
    hear(&told, |line| line.starts_with("interrupted:"));
    assert_eq!(end_of(&mut child, Duration::from_secs(60)).code(), Some(130));
    let report = result(folder.path());
    assert!(report.interrupted);
    let totals = report.totals();
    assert!(totals.not_run > totals.selected / 2, "most had not begun: {totals:?}");
    assert!(totals.conforms >= 1, "{totals:?}");
    assert_eq!(totals.errors, 0, "what was running came to its end: {totals:?}");
    let idle = report.scenarios.iter().filter(|scenario| scenario.outcome == Outcome::NotRun);
    assert!(idle.flat_map(|scenario| &scenario.exchanges).next().is_none(), "what was not run sent nothing");
    assert!(fs::read_to_string(folder.path().join("report.html")).unwrap().contains("this report is partial"));
}

/// A server whose discovery document is fine and which never answers anything else. It tells when that begins.
fn hangs_after_discovery() -> (u16, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                if String::from_utf8_lossy(&request[..length]).starts_with("GET /.well-known/") {
                    let base = format!("http://localhost:{port}");
                    let body = format!(
                        "{{\"issuer\":\"{base}\",\"token_endpoint\":\"{base}/token\",\"jwks_uri\":\"{base}/jwks\"}}"
                    );
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                    let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                } else if length > 0 {
                    let _ = tell.send(());
                    while stream.read(&mut request).is_ok_and(|length| length > 0) {}
                }
            });
        }
    });
    (port, told)
}

#[test]
fn a_second_ctrl_c_ends_the_process_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (port, hanging) = hangs_after_discovery();
    let url = format!("http://localhost:{port}/.well-known/openid-configuration");
    let (mut child, told) = start(&["certify", &url], folder.path());
    // A scenario has ended, so the stage is set; and another one hangs.
    hear(&told, |line| line.contains("authorization_server/"));
    hanging.recv_timeout(Duration::from_secs(30)).unwrap();
    press_ctrl_c(&child);
    hear(&told, |line| line.starts_with("interrupted:"));
    press_ctrl_c(&child);
    assert_eq!(end_of(&mut child, Duration::from_secs(3)).code(), Some(130));
    assert!(!folder.path().join("result.json").exists(), "there was no time for a report");
}

#[test]
fn two_runs_at_once_in_one_folder_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = [0, 1].map(|_| start(&["run", "--tags", "@smoke"], folder.path()));
    for (child, told) in &mut runs {
        let status = end_of(child, Duration::from_secs(120));
        let lines: Vec<String> = told.iter().collect();
        assert_eq!(status.code(), Some(0), "{lines:#?}");
    }
    let report = result(folder.path());
    let totals = report.totals();
    assert_eq!((totals.deviates, totals.errors, totals.not_run), (0, 0, 0));
    let junit = fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    assert_eq!(junit.matches("<testcase ").count(), report.scenarios.len());
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.starts_with('.')), "nothing half-written is left");
}
