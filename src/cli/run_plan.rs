//! `kmspec run`'s arguments into a plan.
//! Whether its tags select anything is found out by the runner, which alone reads features.

use super::{
    arguments::{RunArguments, SelectionArguments},
    deviations_file,
    error::PlanError,
    target_file,
};
use kmspec_model::{
    plan::{ExpectedDeviation, FeatureSource, RunPlan, SubjectPlan},
    rule::RuleId,
    target::Target,
};
use kmspec_prove as prove;

impl TryFrom<RunArguments> for RunPlan {
    type Error = PlanError;

    fn try_from(arguments: RunArguments) -> Result<Self, PlanError> {
        let environment = |name: &str| std::env::var(name).ok();
        let target = arguments.target.as_deref().map(|path| target_file::read(path, &environment)).transpose()?;
        let mut expected = expected(&arguments.selection)?;
        let subject = match (target, arguments.profile) {
            (None, Some(profile)) if profile != "reference" => return Err(PlanError::ForeignProfile(profile)),
            (None, _) => SubjectPlan::Embedded,
            (Some(mut target), profile) => {
                target.profile = profile.unwrap_or(target.profile);
                let from = features(arguments.selection.features.clone());
                declare(&mut expected, deviations_file::profile(&target.profile, &from, today())?);
                SubjectPlan::Target(Box::new(target))
            }
        };
        let defect = arguments.defect.as_deref().map(defect).transpose()?;
        if let (Some(_), SubjectPlan::Target(target)) = (&defect, &subject) {
            check_interposable(target)?;
        }
        Ok(Self { defect, ..plan(subject, "platform", arguments.selection, expected) })
    }
}

/// A plan without a defect, from the arguments that `run` and `certify` share.
pub(super) fn plan(
    subject: SubjectPlan,
    area: &'static str,
    selection: SelectionArguments,
    expected: Vec<ExpectedDeviation>,
) -> RunPlan {
    RunPlan {
        subject,
        features: features(selection.features),
        area,
        tags: selection.tags,
        jobs: selection.jobs.map_or_else(four_times_the_processors, usize::from),
        shard: selection.shard,
        expected,
        defect: None,
        report_dir: selection.report_dir,
        // Secrets never are arguments: they come by the names of environment variables.
        arguments: std::env::args().skip(1).collect(),
    }
}

/// Where features come from.
pub(super) fn features(folder: Option<std::path::PathBuf>) -> FeatureSource {
    folder.map_or(FeatureSource::Embedded, FeatureSource::Folder)
}

/// The deviations that `--expected` declares.
pub(super) fn expected(selection: &SelectionArguments) -> Result<Vec<ExpectedDeviation>, PlanError> {
    let read = |path: &std::path::PathBuf| deviations_file::read(path, today());
    selection.expected.as_ref().map_or(Ok(Vec::new()), read)
}

/// Adds what a profile declares. A line of the run's own file replaces the profile's.
pub(super) fn declare(expected: &mut Vec<ExpectedDeviation>, declared: Vec<ExpectedDeviation>) {
    let own: Vec<_> = expected.iter().map(|line| line.id.clone()).collect();
    expected.extend(declared.into_iter().filter(|line| !own.contains(&line.id)));
}

/// The day by which deviations expire.
pub(super) fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn defect(text: &str) -> Result<RuleId, PlanError> {
    let id: RuleId = text.parse()?;
    prove::defect(&id)?;
    Ok(id)
}

/// Interposers vouch for the target with the CA that its file names, and with no other.
fn check_interposable(target: &Target) -> Result<(), PlanError> {
    let planes = &target.planes;
    let urls = [&planes.admin, &planes.publisher, &planes.devportal, &planes.gateway].into_iter().flatten();
    match urls.into_iter().find(|url| url.scheme() == "https") {
        Some(url) if target.ca.is_none() => Err(PlanError::DefectWithoutCa { url: url.clone() }),
        _ => Ok(()),
    }
}

/// Scenarios wait for answers most of the time.
fn four_times_the_processors() -> usize {
    4 * std::thread::available_parallelism().map_or(2, usize::from)
}
