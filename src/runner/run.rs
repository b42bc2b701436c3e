//! One run from plan to report: select, stage, execute, collect.
//! Each of these lives in a file of its own; here is only their order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use cucumber::gherkin::Feature;

use super::{
    collect::Collector,
    execute::execute,
    interrupt::Interruption,
    judge::Judge,
    limitations::{self, ProfileError},
    parse::{self, FeatureError},
    progress::Progress,
    scene::{Scenic, Staging},
    select::{self, Selected, Selection, SelectionError},
    source::{self, SourceError},
};
use crate::world::World;
use kmspec_model::{
    catalogue::{Catalogue, CatalogueError},
    plan::{FeatureSource, RunPlan, SubjectPlan},
    proposal::{KeyManagerProposal, ServerFacts},
    report::{ExitStatus, RunReport, SCHEMA_VERSION, Subject},
    scenario_id::ScenarioId,
};

/// Why there is no report at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The features cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A profile is none.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A feature cannot be understood.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// The catalogue contradicts itself.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The plan selects nothing, or tags mean nothing.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The stage cannot be set.
    #[error("{0}")]
    Stage(#[source] Box<dyn std::error::Error>),
}

impl RunError {
    /// What the process ends with: only a stage that cannot be set is no fault of the plan.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Stage(_) => ExitStatus::CouldNotTest,
            _ => ExitStatus::WrongPlan,
        }
    }
}

/// What a plan selects, without running it.
///
/// # Errors
///
/// [`RunError`], with every kind but `Stage`.
pub fn prepare(plan: &RunPlan) -> Result<Selection, RunError> {
    let catalogue = catalogue(&plan.features)?;
    Ok(select::select(features(&plan.features)?, plan, &catalogue)?)
}

/// Every scenario of a source, whatever its area.
///
/// # Errors
///
/// [`RunError`], with every kind but `Stage`.
pub fn everything(from: &FeatureSource, catalogue: &Catalogue) -> Result<Vec<Selected>, RunError> {
    Ok(select::describe_all(&features(from)?, catalogue)?)
}

fn features(from: &FeatureSource) -> Result<Vec<Feature>, RunError> {
    let files = source::features(from)?;
    Ok(files.iter().map(parse::feature).collect::<Result<_, _>>()?)
}

/// The catalogue that goes with a source of features.
///
/// # Errors
///
/// [`RunError::Source`] and [`RunError::Catalogue`].
pub fn catalogue(from: &FeatureSource) -> Result<Catalogue, RunError> {
    let files = source::catalogue(from)?;
    Ok(Catalogue::parse(files.iter().map(|file| (file.path.as_str(), file.text.as_str())))?)
}

/// Carries out a plan on the real stage, with the steps of `steps/`.
///
/// # Errors
///
/// As [`carry_out`].
pub async fn run(
    plan: &RunPlan,
    selection: Selection,
    command: &str,
    interruption: Interruption,
    show: impl FnOnce(usize) -> Progress,
) -> Result<RunReport, RunError> {
    carry_out::<World>(plan, selection, command, interruption, show).await
}

/// Carries out a plan with Worlds of type `W`, on what [`prepare`] selected.
///
/// # Errors
///
/// [`RunError::Profile`] when the profiles cannot be told, and [`RunError::Stage`] when the stage cannot be set. Whatever goes wrong later is in the report.
pub async fn carry_out<W: Scenic>(
    plan: &RunPlan,
    selection: Selection,
    command: &str,
    interruption: Interruption,
    show: impl FnOnce(usize) -> Progress,
) -> Result<RunReport, RunError> {
    let started = (jiff::Timestamp::now(), Instant::now());
    let mut subject = planned_subject(&plan.subject);
    let mut notes = limitations::notes(&subject.profile, &plan.features)?;
    let collector = Arc::new(Collector::default());
    let opened = tokio::select! {
        opened = W::Stage::open(plan, &selection.servers) => Some(opened.map_err(|error| RunError::Stage(Box::new(error)))?),
        () = interruption.wait() => None,
    };
    let lacks = |selected: &Selected| {
        opened.as_ref().and_then(|stage| stage.lacks(selected.server.as_deref(), &selected.needs))
    };
    let judge = Arc::new(Judge::new(&selection, &plan.expected, lacks));
    let mut problems = judge.problems();
    let (mut facts, mut deeds, mut servers) = (None, None, Vec::new());
    if let Some(stage) = opened {
        let mut features = selection.features;
        features.iter_mut().for_each(|feature| select::retain(feature, &|id| judge.applies(id)));
        features.retain(|feature| !feature.scenarios.is_empty() || !feature.rules.is_empty());
        let progress = show(judge.applicable());
        let work = execute::<W>(
            features,
            plan.jobs,
            stage.shares_tenants(),
            Arc::clone(&judge),
            Arc::clone(&collector),
            interruption.clone(),
            progress,
        );
        stage.around(work).await;
        subject = stage.subject();
        servers = stage.servers();
        facts = stage.facts();
        deeds = stage.deeds();
        problems.extend(stage.close().await);
    }
    let key_manager = match facts {
        Some(facts) => Some(propose(facts, &catalogue(&plan.features)?)),
        None => None,
    };
    let report = |selected: &Selected| {
        let collected = collector.of(&selected.id);
        notes.extend(collected.iter().filter_map(|each| each.record.as_ref()).flat_map(|record| record.notes.clone()));
        judge.report(selected, collected)
    };
    let scenarios = selection.scenarios.values().map(report).collect();
    notes.extend(doubts(plan, &selection.scenarios, deeds));
    notes.sort();
    notes.dedup();
    Ok(RunReport {
        schema_version: SCHEMA_VERSION,
        kmspec_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.to_owned(),
        arguments: plan.arguments.clone(),
        started_at: started.0.to_string(),
        took_us: u64::try_from(started.1.elapsed().as_micros()).unwrap_or(u64::MAX),
        subject,
        servers,
        defect: plan.defect.clone(),
        interrupted: interruption.requested(),
        scenarios,
        problems,
        notes,
        key_manager,
    })
}

/// What a reader who believes the report should know: scenarios that nothing turns red, a defect that never showed.
fn doubts(plan: &RunPlan, scenarios: &BTreeMap<ScenarioId, Selected>, deeds: Option<usize>) -> Vec<String> {
    let mut doubts = Vec::new();
    // One scenario may be about several servers.
    let distinct = |these: &mut dyn Iterator<Item = &Selected>| {
        these.map(|each| (&each.feature_path, each.line)).collect::<BTreeSet<_>>().len()
    };
    let unbroken = distinct(&mut scenarios.values().filter(|scenario| scenario.is_unbroken()));
    // A certificate is about the server, and not about the suite.
    if unbroken > 0 && !matches!(plan.subject, SubjectPlan::AuthorizationServer(_)) {
        doubts.push(format!(
            "{unbroken} of {} scenarios name no defect that would turn them red; `kmspec requirements --unbroken` lists them",
            distinct(&mut scenarios.values())
        ));
    }
    if let (Some(defect), Some(0)) = (&plan.defect, deeds) {
        doubts.push(format!(
            "the defect {defect} was switched on, but its saboteur found nothing to do: no message of this run could show it"
        ));
    }
    doubts
}

/// The key manager that a server would make, with the properties that the connector of its type asks for.
fn propose(mut facts: ServerFacts, catalogue: &Catalogue) -> KeyManagerProposal {
    if let Some(vendor) = catalogue.vendors.iter().find(|vendor| vendor.wire_type == facts.key_manager_type) {
        let property = |name: &String| (name.clone(), vendor.secrets.contains(name));
        facts.properties = vendor.properties.iter().map(property).collect();
    }
    KeyManagerProposal::from_facts(&facts)
}

/// The subject as far as the plan knows it, for a run that was interrupted before its stage was set.
fn planned_subject(plan: &SubjectPlan) -> Subject {
    let (name, version, kind, profile) = match plan {
        SubjectPlan::Embedded => ("reference platform", env!("CARGO_PKG_VERSION"), "embedded", "reference"),
        SubjectPlan::Target(target) => (
            target.name.as_str(),
            target.version.as_str(),
            if target.is_fixed() { "fixed" } else { "product" },
            target.profile.as_str(),
        ),
        SubjectPlan::AuthorizationServer(certify) => {
            (certify.discovery.host_str().unwrap_or_default(), "", "authorization-server", certify.profile.as_str())
        }
    };
    Subject {
        name: name.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        profile: profile.to_owned(),
        capabilities: Vec::new(),
    }
}
