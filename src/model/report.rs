//! The run report: the one value that every report format, the exit code and later runs read.
//! How it is written down belongs to `report/`; its JSON form is `result.json`.

use serde::{Deserialize, Serialize};

use super::{
    capability::Capability, exchange::Exchange, proposal::KeyManagerProposal, rule::RuleId, scenario_id::ScenarioId,
    verdict::Deviation,
};

/// Version of the JSON form; a change to it is in CHANGELOG.md.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything one run found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Version of this form, [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of kmspec that made it.
    pub kmspec_version: String,
    /// `run` or `certify`.
    pub command: String,
    /// Arguments that repeat the run, secrets left out.
    pub arguments: Vec<String>,
    /// When it began, RFC 3339 in UTC.
    pub started_at: String,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// What was tested.
    pub subject: Subject,
    /// The authorization servers that were certified beside it; their profiles name them in `scenarios`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Subject>,
    /// The defect that was switched on, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<RuleId>,
    /// Whether the run was cut short by Ctrl-C.
    pub interrupted: bool,
    /// One entry a selected scenario, ordered by id.
    pub scenarios: Vec<ScenarioReport>,
    /// What went wrong outside of any scenario: a panic behind the wire, an object that could not be deleted, a
    /// declared deviation that names no scenario or has expired. Each fails the run as `kind` says.
    pub problems: Vec<Problem>,
    /// Remarks for the reader that fail nothing, such as a proposed correction of an endpoint.
    pub notes: Vec<String>,
    /// The key manager that a certified authorization server would make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_manager: Option<KeyManagerProposal>,
}

/// What was tested, and under which declared rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Name: "reference platform", "WSO2 API Manager", "oidc-provider".
    pub name: String,
    /// Its version, as far as known.
    pub version: String,
    /// `embedded`, `product`, `fixed`, `authorization-server` or `mock`.
    pub kind: String,
    /// The profile whose declared deviations apply.
    pub profile: String,
    /// What it can do.
    pub capabilities: Vec<Capability>,
}

/// What became of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioReport {
    /// Its stable id.
    pub id: ScenarioId,
    /// The authorization server that it is about, where there are several: `okta`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Title of its feature.
    pub feature: String,
    /// Path of the feature below `features/`.
    pub feature_path: String,
    /// Title of the rule it stands under, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Its title, with the cells of an example row filled in.
    pub title: String,
    /// Line in the feature file.
    pub line: usize,
    /// All tags that apply to it, without `@`.
    pub tags: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Its steps, background included, as far as it came.
    pub steps: Vec<StepReport>,
    /// When the times of its exchanges count from, in microseconds since 1970; 0 when it never began.
    #[serde(default)]
    pub began_at_us: u64,
    /// What went over the wire, in order.
    pub exchanges: Vec<Exchange>,
    /// How long changes took to bite, as far as it measured any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times_to_effect: Vec<TimeToEffect>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl ScenarioReport {
    /// The rule ids among its tags.
    pub fn rules(&self) -> impl Iterator<Item = RuleId> + '_ {
        self.tags.iter().filter_map(|tag| tag.parse().ok())
    }
}

/// How a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything it says held.
    Conforms,
    /// Something did not hold.
    Deviates {
        /// What should have been seen, and what was.
        deviation: Deviation,
    },
    /// Something did not hold, and the deviations file says so.
    DeclaredDeviation {
        /// What should have been seen, and what was.
        deviation: Deviation,
        /// Why it is accepted, as the file says.
        reason: String,
        /// What the file says is observed then; `*` stands for any text. Empty in reports of earlier versions.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        declared: String,
    },
    /// It is declared as a deviation and conforms: the line must go.
    UnexpectedlyConforms {
        /// Why it was accepted, as the file says.
        reason: String,
    },
    /// The subject lacks what it needs.
    NotApplicable {
        /// The capability that is missing.
        missing: Capability,
    },
    /// The harness could not find out.
    Error {
        /// What failed, and what to do about it.
        message: String,
    },
    /// It was selected and never finished, because the run was interrupted.
    NotRun,
}

impl Outcome {
    /// The word for it in every format: `conforms`, `deviates`, …
    pub fn word(&self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Deviates { .. } => "deviates",
            Self::DeclaredDeviation { .. } => "declared deviation",
            Self::UnexpectedlyConforms { .. } => "unexpectedly conforms",
            Self::NotApplicable { .. } => "not applicable",
            Self::Error { .. } => "error",
            Self::NotRun => "not run",
        }
    }
}

/// One step, as it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// Keyword as written, without the trailing blank: `Given`, `And`, …
    pub keyword: String,
    /// The phrase.
    pub text: String,
    /// Line in the feature file.
    pub line: usize,
    /// Whether it held.
    pub state: StepState,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// It held.
    Passed,
    /// It did not, or could not be carried out.
    Failed,
    /// It was not reached, or the scenario does not apply.
    Skipped,
}

/// How long a change took until it was seen to bite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeToEffect {
    /// What changed: `key-manager-added`, `key-manager-disabled`, `token-revoked`, `key-rotated`, …
    pub change: String,
    /// Microseconds from the change's answer to the first observation of its effect.
    pub took_us: u64,
    /// The bound it was polled against, in microseconds.
    pub bound_us: u64,
}

/// Something that went wrong outside of any scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind, which decides the exit code.
    pub kind: ProblemKind,
    /// What happened, with a hint.
    pub message: String,
}

/// Kinds of problems, by what they do to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The subject misbehaved where no scenario looked, a panic for example: exit code 1.
    Subject,
    /// The deviations file no longer fits: exit code 1.
    DeclaredDeviations,
    /// The harness could not do its work: exit code 3.
    Harness,
    /// Worth reading, fails nothing: an object that could not be deleted.
    Warning,
}

/// How many scenarios ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// All selected.
    pub selected: usize,
    /// Conforming.
    pub conforms: usize,
    /// Deviating without a declaration.
    pub deviates: usize,
    /// Deviating as declared.
    pub declared: usize,
    /// Declared, and conforming.
    pub unexpectedly_conforms: usize,
    /// Not applicable.
    pub not_applicable: usize,
    /// Not found out.
    pub errors: usize,
    /// Not finished.
    pub not_run: usize,
}

impl Totals {
    /// How these ended.
    pub fn of<'a>(scenarios: impl IntoIterator<Item = &'a ScenarioReport>) -> Self {
        let mut totals = Self::default();
        for scenario in scenarios {
            totals.selected += 1;
            *match scenario.outcome {
                Outcome::Conforms => &mut totals.conforms,
                Outcome::Deviates { .. } => &mut totals.deviates,
                Outcome::DeclaredDeviation { .. } => &mut totals.declared,
                Outcome::UnexpectedlyConforms { .. } => &mut totals.unexpectedly_conforms,
                Outcome::NotApplicable { .. } => &mut totals.not_applicable,
                Outcome::Error { .. } => &mut totals.errors,
                Outcome::NotRun => &mut totals.not_run,
            } += 1;
        }
        totals
    }
}

/// How a run ends for the process that started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// All conform, declared deviations included: 0.
    Conforms,
    /// A deviation, or a declared one that conforms: 1.
    Deviates,
    /// Wrong argument or plan; nothing selected is one: 2.
    WrongPlan,
    /// Could not test: 3.
    CouldNotTest,
    /// A performance budget or baseline broken: 4.
    BudgetBroken,
    /// Interrupted, with the partial report written: 130.
    Interrupted,
}

impl ExitStatus {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Conforms => 0,
            Self::Deviates => 1,
            Self::WrongPlan => 2,
            Self::CouldNotTest => 3,
            Self::BudgetBroken => 4,
            Self::Interrupted => 130,
        }
    }
}

impl RunReport {
    /// Counts the scenarios by outcome.
    pub fn totals(&self) -> Totals {
        Totals::of(&self.scenarios)
    }

    /// What the process ends with. An interruption outranks all, an error of ours outranks a deviation, and a run
    /// in which no scenario applied has tested nothing.
    pub fn exit_status(&self) -> ExitStatus {
        let totals = self.totals();
        let problem = |kind| self.problems.iter().any(|problem| problem.kind == kind);
        if self.interrupted {
            ExitStatus::Interrupted
        } else if totals.selected == 0 {
            ExitStatus::WrongPlan
        } else if totals.errors + totals.not_run > 0
            || problem(ProblemKind::Harness)
            || totals.not_applicable == totals.selected
        {
            ExitStatus::CouldNotTest
        } else if totals.deviates + totals.unexpectedly_conforms > 0
            || problem(ProblemKind::Subject)
            || problem(ProblemKind::DeclaredDeviations)
        {
            ExitStatus::Deviates
        } else {
            ExitStatus::Conforms
        }
    }
}

#[cfg(test)]
mod tests;
