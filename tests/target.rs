//! A served platform as the target of runs in other processes: every scenario, nothing left, and a clean end.
//! What the scenarios say is theirs; how a target file is read is tested beside its reader.
#![cfg(unix)]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use kmspec::{
    cli::target_file,
    runner::{scene::Staging as _, stage::Stage},
};
use kmspec_drivers::{exchange_log::ExchangeLog, key_manager::KeyManager};
use kmspec_model::{
    exchange::Role,
    plan::{FeatureSource, RunPlan, SubjectPlan},
};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kmspec");
const PASSWORD: &str = "kmspec";
/// How long a platform may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// `kmspec platform` in a process of its own; killed when dropped.
struct Served {
    process: Child,
    folder: PathBuf,
}

impl Served {
    fn start(folder: &Path, data: Option<&Path>) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["platform", "--port", "0", "--gateway-port", "0", "--folder"]).arg(folder);
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        let _ = std::fs::remove_file(folder.join("target.toml"));
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let served = Self { process, folder: folder.to_owned() };
        let deadline = Instant::now() + PATIENCE;
        while !std::fs::read_to_string(served.target()).is_ok_and(|text| text.contains("[mocks]")) {
            assert!(Instant::now() < deadline, "no target file after {PATIENCE:?}");
            std::thread::sleep(PAUSE);
        }
        served
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target.toml")
    }

    /// A run against it, with its report in a folder of this name.
    fn run(&self, report: &str, arguments: &[&str]) -> Child {
        let mut command = Command::new(PROGRAM);
        command.arg("run").arg("--target").arg(self.target()).arg("--report-dir").arg(self.folder.join(report));
        command.args(arguments).env("KMSPEC_PASSWORD", PASSWORD);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Ctrl-C, and how the process ended.
    fn interrupt(mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.process.try_wait().unwrap() {
                Some(status) => return status.code(),
                None => assert!(Instant::now() < deadline, "it still runs {PATIENCE:?} after Ctrl-C"),
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// What its tenant holds: key managers as documents; APIs, applications and scopes by name.
    async fn inventory(&self) -> (Vec<KeyManager>, [Vec<String>; 3]) {
        let target = target_file::read(&self.target(), &|_| Some(PASSWORD.to_owned())).unwrap();
        let plan = RunPlan {
            subject: SubjectPlan::Target(Box::new(target)),
            features: FeatureSource::Embedded,
            area: "platform",
            tags: None,
            jobs: 1,
            shard: None,
            expected: Vec::new(),
            defect: None,
            report_dir: self.folder.clone(),
            arguments: Vec::new(),
        };
        let stage = Stage::open(&plan, &[]).await.unwrap();
        let scene = stage.set_scene(&ExchangeLog::default(), false).await.unwrap();
        let admin = scene.admin(Role::Administrator).unwrap();
        let mut key_managers = Vec::new();
        for listed in admin.key_managers().await.unwrap().into_result().unwrap() {
            key_managers.push(admin.key_manager(&listed.id).await.unwrap().into_result().unwrap());
        }
        let publisher = scene.publisher(Role::Publisher).unwrap();
        let apis = publisher.apis().await.unwrap().into_result().unwrap().into_iter().map(|each| each.name).collect();
        let scopes = publisher.scopes().await.unwrap().into_result().unwrap();
        let scopes = scopes.into_iter().map(|each| each.name).collect();
        let mut applications = Vec::new();
        for role in [Role::Developer, Role::OtherDeveloper] {
            let portal = scene.devportal(role).unwrap();
            let owned = portal.applications().await.unwrap().into_result().unwrap();
            applications.extend(owned.into_iter().map(|each| each.name));
        }
        assert_eq!(stage.close().await, []);
        (key_managers, [apis, applications, scopes])
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The outcomes of a run that ended as it should, by their names.
fn outcomes(ended: &Output, folder: &Path) -> Vec<String> {
    let told = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{told}\n{}", String::from_utf8_lossy(&ended.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(folder.join("result.json")).unwrap()).unwrap();
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    let outcome = |scenario: &Value| scenario["outcome"]["outcome"].as_str().expect("an outcome has a name").to_owned();
    report["scenarios"].as_array().unwrap().iter().map(outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_holds_at_a_platform_in_another_process_and_nothing_is_left_there() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), None);
    let before = served.inventory().await;
    assert_eq!(before.0.len(), 1, "the resident key manager");
    let ended = served.run("whole", &[]).wait_with_output().unwrap();
    let outcomes = outcomes(&ended, &folder.path().join("whole"));
    let conform = outcomes.iter().filter(|each| *each == "conforms").count();
    assert!(conform >= 340, "{conform} of {} apply", outcomes.len());
    assert_eq!(served.inventory().await, before);
    assert_eq!(served.interrupt(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_one_target_and_an_embedded_one_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), None);
    let smoke = ["--tags", "@smoke and not @serial"];
    let runs = ["one", "two"].map(|report| (report, served.run(report, &smoke)));
    let embedded = Command::new(PROGRAM)
        .args(["run", "--tags", "@smoke", "--report-dir"])
        .arg(folder.path().join("embedded"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for (report, run) in runs {
        let ended = run.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{report}: {}", String::from_utf8_lossy(&ended.stdout));
    }
    assert!(outcomes(&embedded.wait_with_output().unwrap(), &folder.path().join("embedded")).len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_platform_cleanly_and_its_data_file_brings_the_same_key_managers_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("platform.sqlite");
    let served = Served::start(folder.path(), Some(&data));
    let (key_managers, _) = served.inventory().await;
    assert_eq!(served.interrupt(), Some(0));
    let again = Served::start(folder.path(), Some(&data));
    let ids = |all: &[KeyManager]| all.iter().map(|each| (each.id.clone(), each.name.clone())).collect::<Vec<_>>();
    assert_eq!(ids(&again.inventory().await.0), ids(&key_managers));
}
