//! The runner rehearsed with a small stage and World of its own: what becomes of steps, hooks, tags and signals.
//! What real steps do to a real subject is the scenarios' business.

use std::{
    collections::BTreeMap,
    fs,
    future::Future,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use cucumber::{World as _, gherkin::StepType, given, step::Collection, then, when};
use kmspec::runner::{
    interrupt::Interruption,
    progress::Progress,
    run::{carry_out, prepare},
    scene::{Scenic, Staging},
};
use kmspec_model::{
    capability::Capability,
    plan::{ExpectedDeviation, FeatureSource, MockPlan, RunPlan, SubjectPlan},
    record::{Failure, ScenarioRecord},
    report::{ExitStatus, Outcome, Problem, ProblemKind, RunReport, StepState, Subject},
    scenario_id::ScenarioId,
    verdict::Deviation,
};

/// One cucumber run at a time: it changes the panic hook of the whole process.
static TURN: LazyLock<tokio::sync::Mutex<()>> = LazyLock::new(Default::default);
static INTERRUPTION: OnceLock<Interruption> = OnceLock::new();
static RUNNING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static BESIDE_A_SERIAL_ONE: AtomicUsize = AtomicUsize::new(0);
static LEFT: AtomicUsize = AtomicUsize::new(0);

tokio::task_local! {
    static CURRENT: Arc<Rehearsal>;
}

#[derive(Debug)]
struct Rehearsal;

impl Staging for Rehearsal {
    type Error = std::io::Error;

    async fn open(_: &RunPlan, _: &[MockPlan]) -> Result<Arc<Self>, Self::Error> {
        Ok(Arc::new(Self))
    }

    async fn around<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), work).await
    }

    fn subject(&self) -> Subject {
        Subject {
            name: "rehearsal".into(),
            version: String::new(),
            kind: "embedded".into(),
            profile: "reference".into(),
            capabilities: vec![Capability::Admin],
        }
    }

    fn lacks(&self, _: Option<&str>, needs: &[Capability]) -> Option<Capability> {
        needs.iter().find(|need| **need != Capability::Admin).copied()
    }

    fn deeds(&self) -> Option<usize> {
        Some(0)
    }

    async fn close(&self) -> Vec<Problem> {
        vec![Problem { kind: ProblemKind::Warning, message: "closed".into() }]
    }
}

#[derive(Debug, cucumber::World)]
#[world(init = Self::new)]
struct World {
    stage: Arc<Rehearsal>,
    record: ScenarioRecord,
    told: Vec<(&'static str, StepType)>,
    serial: bool,
}

impl World {
    fn new() -> Self {
        Self { stage: CURRENT.get(), record: ScenarioRecord::default(), told: Vec::new(), serial: false }
    }
}

impl Scenic for World {
    type Stage = Rehearsal;

    async fn begin(&mut self, id: &ScenarioId, tags: &[String]) -> Result<(), Failure> {
        assert!(Arc::strong_count(&self.stage) > 1, "the stage is shared");
        self.serial = tags.iter().any(|tag| tag == "serial");
        let beside = RUNNING.fetch_add(1, Ordering::SeqCst);
        MOST.fetch_max(beside + 1, Ordering::SeqCst);
        if self.serial {
            BESIDE_A_SERIAL_ONE.fetch_max(beside, Ordering::SeqCst);
        }
        if id.as_str().contains("no-scene") { Err(Failure::Error("no tenant\nhint: make room".into())) } else { Ok(()) }
    }

    fn steps() -> &'static Collection<Self> {
        static STEPS: LazyLock<Collection<World>> = LazyLock::new(World::collection);
        &STEPS
    }

    fn enter(&mut self, kind: StepType, _: &str) {
        self.told.push(("enter", kind));
    }

    fn leave(&mut self, kind: StepType, _: &str) {
        self.told.push(("leave", kind));
    }

    async fn end(&mut self) -> ScenarioRecord {
        let beside = RUNNING.fetch_sub(1, Ordering::SeqCst) - 1;
        if self.serial {
            BESIDE_A_SERIAL_ONE.fetch_max(beside, Ordering::SeqCst);
        }
        LEFT.fetch_add(1, Ordering::SeqCst);
        std::mem::take(&mut self.record)
    }
}

#[given("a subject")]
async fn subject(_: &mut World) {
    tokio::task::yield_now().await;
}

#[when("it is asked")]
async fn asked(world: &mut World) {
    world.record.subject_requests += 1;
    // Long enough for neighbours to begin, were they allowed to.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[when("nobody asks")]
async fn nobody_asks(_: &mut World) {}

#[then("it answers")]
async fn answers(_: &mut World) {}

#[then("it was told of each step")]
async fn was_told(world: &mut World) {
    use StepType::{Given, Then, When};
    let expected = [
        ("enter", Given),
        ("leave", Given),
        ("enter", When),
        ("leave", When),
        ("enter", When),
        ("leave", When),
        ("enter", Then),
    ];
    assert_eq!(world.told, expected);
}

#[then("it deviates")]
async fn deviates(world: &mut World) -> Result<(), String> {
    world.record.failure =
        Some(Failure::Deviates(Deviation { expected: "401".into(), observed: "200".into(), clause: None }));
    Err("flattened to text".into())
}

#[then(regex = "^it lacks ([a-z-]+)$")]
async fn lacks(world: &mut World, capability: String) -> Result<(), String> {
    world.record.failure = Some(Failure::NotApplicable(capability.parse().map_err(|_| "no capability")?));
    Err("lacking".into())
}

#[then("it panics")]
async fn panics(_: &mut World) {
    panic!("at the disco");
}

#[then("it is ambiguous")]
async fn one(_: &mut World) {}

#[then(regex = "^it is ambig.*$")]
async fn other(_: &mut World) {}

#[when("somebody presses Ctrl-C")]
async fn interrupts(world: &mut World) {
    world.record.subject_requests += 1;
    INTERRUPTION.get().expect("the test set it").request();
}

const CATALOGUE: &str = r#"
[[area]]
name = "keys"
text = "Keys"
[[kind]]
name = "serial"
text = "Alone"
"#;

const FEATURE: &str = "
@keys
Feature: Rehearsal
  Background:
    Given a subject

  Scenario: All is well
    When it is asked
    Then it answers

  Scenario: It says something else
    When it is asked
    Then it deviates
    And it answers

  Scenario: Known to say something else
    When it is asked
    Then it deviates

  Scenario: Known but mended
    When it is asked
    Then it answers

  Scenario: Nobody asked
    When nobody asks
    Then it answers

  Scenario: The World is told
    When it is asked
    And it is asked
    Then it was told of each step

  Scenario: Undefined step
    When it is asked
    Then the moon is made of cheese

  Scenario: Ambiguous step
    When it is asked
    Then it is ambiguous

  Scenario: Panicking step
    When it is asked
    Then it panics

  Scenario: No scene
    When it is asked
    Then it answers

  @needs:restart
  Scenario: Declared as lacking
    When it is asked
    Then it answers

  @needs:admin
  Scenario: Turns out to lack what it declares
    When it is asked
    Then it lacks admin

  Scenario: Turns out to lack what it hides
    When it is asked
    Then it lacks restart

  @serial
  Scenario: Alone
    When it is asked
    Then it answers

  Rule: Rows
    Scenario Outline: Neighbours
      When it is asked
      Then it <does>
      Examples:
        | does    | n |
        | answers | 1 |
        | answers | 2 |
        | answers | 3 |
        | answers | 4 |
";

fn plan(feature: &str, folder: &std::path::Path, jobs: usize) -> RunPlan {
    fs::create_dir_all(folder.join("platform")).unwrap();
    fs::create_dir_all(folder.join("catalogue")).unwrap();
    fs::write(folder.join("platform/rehearsal.feature"), feature).unwrap();
    fs::write(folder.join("catalogue/tags.toml"), CATALOGUE).unwrap();
    let declared = |id: &str| ExpectedDeviation {
        id: format!("platform/rehearsal/{id}"),
        reason: "known".into(),
        observed: "200".into(),
        link: None,
        expires: None,
        expired: false,
        profile: None,
    };
    RunPlan {
        subject: SubjectPlan::Embedded,
        features: FeatureSource::Folder(folder.to_owned()),
        area: "platform",
        tags: None,
        jobs,
        shard: None,
        expected: vec![declared("known-to-say-something-else"), declared("known-but-mended")],
        defect: Some("DEF-008".parse().unwrap()),
        report_dir: folder.join("report"),
        arguments: Vec::new(),
    }
}

async fn run(feature: &str, jobs: usize, interruption: Interruption) -> RunReport {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(feature, folder.path(), jobs);
    let selection = prepare(&plan).unwrap();
    carry_out::<World>(&plan, selection, "run", interruption, |_| Progress::hidden()).await.unwrap()
}

fn words(report: &RunReport) -> BTreeMap<&str, &'static str> {
    report.scenarios.iter().map(|scenario| (scenario.title.as_str(), scenario.outcome.word())).collect()
}

fn message<'a>(report: &'a RunReport, title: &str) -> &'a str {
    match &report.scenarios.iter().find(|scenario| scenario.title == title).unwrap().outcome {
        Outcome::Error { message } => message,
        other => panic!("{title}: {other:?}"),
    }
}

#[tokio::test]
async fn every_way_a_scenario_can_end_is_told_apart() {
    let _turn = TURN.lock().await;
    let report = run(FEATURE, 4, Interruption::default()).await;
    let words = words(&report);
    for (title, word) in [
        ("All is well", "conforms"),
        ("It says something else", "deviates"),
        ("Known to say something else", "declared deviation"),
        ("Known but mended", "unexpectedly conforms"),
        ("Nobody asked", "error"),
        ("Undefined step", "error"),
        ("Ambiguous step", "error"),
        ("Panicking step", "error"),
        ("No scene", "error"),
        ("Declared as lacking", "not applicable"),
        ("Turns out to lack what it declares", "not applicable"),
        ("Turns out to lack what it hides", "error"),
        ("The World is told", "conforms"),
        ("Alone", "conforms"),
        ("Neighbours", "conforms"),
    ] {
        assert_eq!(words[title], word, "{title}");
    }
    assert_eq!(report.scenarios.len(), 18);
    assert_eq!(report.exit_status(), ExitStatus::CouldNotTest);
    assert!(message(&report, "Nobody asked").contains("sent no request"));
    assert!(message(&report, "Undefined step").contains("no step matches `Then the moon is made of cheese`"));
    assert!(message(&report, "Ambiguous step").contains("several steps match"));
    assert!(message(&report, "Panicking step").contains("at the disco"));
    assert!(message(&report, "No scene").contains("no tenant"));
    assert!(message(&report, "Turns out to lack what it hides").contains("@needs:restart"));
    assert_eq!(report.problems, [Problem { kind: ProblemKind::Warning, message: "closed".into() }]);

    let notes = report.notes.join("\n");
    assert!(notes.contains("18 of 18 scenarios name no defect"), "{notes}");
    assert!(notes.contains("the defect DEF-008 was switched on, but its saboteur found nothing to do"), "{notes}");

    let failed = report.scenarios.iter().find(|scenario| scenario.title == "It says something else").unwrap();
    let steps: Vec<_> = failed.steps.iter().map(|step| (step.text.as_str(), step.state)).collect();
    assert_eq!(
        steps,
        [
            ("a subject", StepState::Passed),
            ("it is asked", StepState::Passed),
            ("it deviates", StepState::Failed),
            ("it answers", StepState::Skipped)
        ]
    );
    assert_eq!(RUNNING.load(Ordering::SeqCst), 0, "every scene that was begun was ended");
    assert!((2..=4).contains(&MOST.load(Ordering::SeqCst)), "jobs bound the neighbours, and there are some");
    assert_eq!(BESIDE_A_SERIAL_ONE.load(Ordering::SeqCst), 0, "a serial scenario runs alone");
}

#[tokio::test]
async fn an_interruption_lets_running_scenarios_finish_and_reports_the_rest_as_not_run() {
    let _turn = TURN.lock().await;
    let rows: String = (0..20).map(|row| format!("        | {row} |\n")).collect();
    let feature = format!(
        "@keys\nFeature: Interrupted\n  @serial\n  Scenario: The one that is cut\n    When somebody presses Ctrl-C\n    Then it answers\n\
         \x20 Scenario Outline: Later\n    When it is asked\n    Then it answers\n    Examples:\n        | n |\n{rows}"
    );
    let interruption = Interruption::default();
    INTERRUPTION.set(interruption.clone()).unwrap();
    let report = run(&feature, 2, interruption).await;
    let totals = report.totals();
    assert_eq!((totals.conforms, totals.not_run), (1, 20), "{totals:?}");
    assert_eq!(report.exit_status(), ExitStatus::Interrupted);
}

/// On the real platform with the real steps: each of these proves nothing, however much its set-up asked for.
const FALSE_GREENS: &str = r#"
@keys
Feature: False greens
  Scenario: Set-up alone asks the subject
    Given a key manager "acme" at a custom server
    When the authorization server "acme" rotates its signing key
    Then the request is granted

  Scenario: Nobody called the API
    Given a key manager "acme" at a custom server
    And an API "orders"
    When the authorization server "acme" rotates its signing key
    Then the call did not reach the backend
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_only_set_up_did_proves_nothing() {
    let _turn = TURN.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan(FALSE_GREENS, folder.path(), 2);
    plan.expected.clear();
    let selection = prepare(&plan).unwrap();
    let report = kmspec::runner::run::run(&plan, selection, "run", Interruption::default(), |_| Progress::hidden());
    let report = report.await.unwrap();
    assert!(message(&report, "Set-up alone asks the subject").contains("sent no request to its subject"));
    assert!(message(&report, "Nobody called the API").contains("no step before this one called an API"));
}
