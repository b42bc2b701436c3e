//! Carries out what was typed: plans, runs, writes reports, and says how the process ends.
//! Data goes to stdout and talk to stderr; errors are printed here and nowhere else.

use std::{io::Write as _, process::ExitCode};

use super::{
    arguments::{Arguments, Command, ExplainArguments, MockArguments, PlatformArguments, RequirementsArguments},
    deviations_file,
    error::{PlanError, told},
    explain,
    run_plan::{self, features},
};
use crate::{
    report::{
        annotations::annotations,
        folder::{self, ReportError},
        format::Findings,
        terminal::{Colour, summary},
    },
    runner::{
        interrupt::{Interruption, signal},
        limitations,
        progress::Progress,
        run::{self, RunError},
        select::{self, Selected},
        serve::{
            self, SEEDED_PASSWORD, ServeError, ServePlan,
            mock::{self, MockPlan, ServeMockError},
        },
    },
};
use kmspec_model::{
    catalogue::Catalogue,
    plan::{ExpectedDeviation, FeatureSource, RunPlan, SubjectPlan},
    report::{ExitStatus, RunReport},
    rule::{NotARuleId, RuleId},
};

/// Why a command ended without a report.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    ServeMock(#[from] ServeMockError),
    #[error(transparent)]
    NotARule(#[from] NotARuleId),
    #[error(
        "no row of the catalogue is called `{0}`\nhint: `kmspec requirements` lists the rows of the seed documents"
    )]
    NoSuchRow(RuleId),
}

impl CommandError {
    fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Run(error) => error.exit_status(),
            Self::Report(ReportError::Unusable { .. }) => ExitStatus::WrongPlan,
            Self::Serve(error) => error.exit_status(),
            Self::ServeMock(error) => error.exit_status(),
            Self::Report(_) => ExitStatus::CouldNotTest,
            Self::Plan(_) | Self::NotARule(_) | Self::NoSuchRow(_) => ExitStatus::WrongPlan,
        }
    }
}

/// Carries out a command and says what the process ends with.
pub async fn execute(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Run(arguments) => {
            let list = arguments.selection.list;
            match RunPlan::try_from(arguments) {
                Ok(plan) => test(plan, "run", list).await,
                Err(error) => Err(error.into()),
            }
        }
        Command::Certify(arguments) => {
            let list = arguments.selection.list;
            match RunPlan::try_from(*arguments) {
                Ok(plan) => test(plan, "certify", list).await,
                Err(error) => Err(error.into()),
            }
        }
        Command::Platform(arguments) => serve_platform(arguments).await,
        Command::Mock(arguments) => serve_mock(arguments).await,
        Command::Explain(arguments) => print_explanation(&arguments),
        Command::Requirements(arguments) => print_requirements(&arguments),
    };
    ExitCode::from(
        done.unwrap_or_else(|error| {
            eprintln!("error: {}", told(&error));
            error.exit_status()
        })
        .code(),
    )
}

/// Carries out a plan, or only lists what it selects.
async fn test(mut plan: RunPlan, command: &str, list: bool) -> Result<ExitStatus, CommandError> {
    let catalogue = run::catalogue(&plan.features)?;
    check_names(&plan, &catalogue)?;
    let mocks = select::certified_mocks(&plan, &catalogue);
    let declared = deviations_file::of_mocks(&mocks, &plan.features, run_plan::today())?;
    run_plan::declare(&mut plan.expected, declared);
    let selection = run::prepare(&plan)?;
    if list {
        for scenario in selection.scenarios.values() {
            say(&format!("{}  {}\n", scenario.id, scenario.title));
        }
        return Ok(ExitStatus::Conforms);
    }
    folder::prepare(&plan.report_dir)?;
    let report = run::run(&plan, selection, command, Interruption::listen(), Progress::new).await?;
    tell(&report, &catalogue, &plan.expected, &plan)
}

/// Names that only the catalogue knows: key manager types.
fn check_names(plan: &RunPlan, catalogue: &Catalogue) -> Result<(), PlanError> {
    if let SubjectPlan::AuthorizationServer(certify) = &plan.subject {
        let types: std::collections::BTreeSet<_> = catalogue.vendors.iter().map(|vendor| &vendor.wire_type).collect();
        if !types.contains(&certify.key_manager_type) {
            let known = types.into_iter().cloned().collect::<Vec<_>>().join(", ");
            return Err(PlanError::UnknownType { wanted: certify.key_manager_type.clone(), known });
        }
    }
    Ok(())
}

/// Writes the report and prints the summary.
fn tell(
    report: &RunReport,
    catalogue: &Catalogue,
    expected: &[ExpectedDeviation],
    plan: &RunPlan,
) -> Result<ExitStatus, CommandError> {
    let findings = Findings { report, catalogue, expected };
    let written = folder::write_all(&plan.report_dir, findings);
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        say(&annotations(findings));
    }
    let place = written.is_ok().then_some(plan.report_dir.as_path());
    say(&summary(findings, place, Colour::of_stdout()));
    written?;
    Ok(report.exit_status())
}

/// Serves a platform until somebody stops it.
async fn serve_platform(arguments: PlatformArguments) -> Result<ExitStatus, CommandError> {
    let plan = ServePlan {
        port: arguments.port,
        gateway_port: arguments.gateway_port,
        http_port: arguments.http_port,
        deployment_toml: arguments.deployment_toml,
        data: arguments.data,
        trust: arguments.trust,
        folder: arguments.folder,
    };
    let served = serve::serve(&plan).await?;
    let plain = served.plain_gateway_url().map(|url| format!("plain       {url}\n")).unwrap_or_default();
    say(&format!(
        "management  {}\ngateway     {}\n{plain}ca          {}\ntarget      {}\n",
        served.management_url(),
        served.gateway_url(),
        served.ca_file().display(),
        served.target_file().display()
    ));
    eprintln!(
        "a reference platform for tests on this machine; Ctrl-C stops it\n\
         try: KMSPEC_PASSWORD={SEEDED_PASSWORD} kmspec run --target {}",
        served.target_file().display()
    );
    signal().await;
    let panics = served.stop().await;
    panics.iter().for_each(|panic| eprintln!("error: the platform panicked: {panic}"));
    Ok(if panics.is_empty() { ExitStatus::Conforms } else { ExitStatus::Deviates })
}

/// Serves a mock until somebody stops it.
async fn serve_mock(arguments: MockArguments) -> Result<ExitStatus, CommandError> {
    let plan = MockPlan {
        vendor: arguments.vendor,
        port: arguments.port,
        control_port: arguments.control_port,
        host: arguments.host,
        base_path: arguments.base_path,
        issuer_host: arguments.issuer_host,
        folder: arguments.ca_dir,
        client_certificates: mock::client_certificates(&arguments.client_certificates),
        defects: arguments.defect,
        embedded_keys: arguments.embedded_keys,
        deployment_toml: arguments.deployment_toml,
    };
    let served = mock::serve(&plan).await?;
    say(&served.told());
    eprintln!("a mock for tests on this machine; Ctrl-C stops it\ntry: {}", served.first_call());
    signal().await;
    let panics = served.panics();
    panics.iter().for_each(|panic| eprintln!("error: the mock panicked: {panic}"));
    Ok(if panics.is_empty() { ExitStatus::Conforms } else { ExitStatus::Deviates })
}

fn print_explanation(arguments: &ExplainArguments) -> Result<ExitStatus, CommandError> {
    let id: RuleId = arguments.id.parse()?;
    let (catalogue, scenarios) = everything(features(arguments.features.clone()))?;
    let text = explain::explain(&id, &catalogue, &scenarios).ok_or(CommandError::NoSuchRow(id))?;
    say(&text);
    Ok(ExitStatus::Conforms)
}

fn print_requirements(arguments: &RequirementsArguments) -> Result<ExitStatus, CommandError> {
    let from = features(arguments.features.clone());
    let declared = limitations::all(&from).map_err(RunError::from)?;
    let (catalogue, scenarios) = everything(from)?;
    let text = match arguments.unbroken {
        true => explain::unbroken(&scenarios),
        false => explain::requirements(&catalogue, &scenarios, &declared, arguments.missing),
    };
    say(&text);
    Ok(ExitStatus::Conforms)
}

/// The catalogue and every scenario, whatever its area.
fn everything(from: FeatureSource) -> Result<(Catalogue, Vec<Selected>), RunError> {
    let catalogue = run::catalogue(&from)?;
    let scenarios = run::everything(&from, &catalogue)?;
    Ok((catalogue, scenarios))
}

/// Prints data. A reader that went away, as `head` does, is no failure.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
