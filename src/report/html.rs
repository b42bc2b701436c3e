//! `report.html`: one file that needs nothing else, to be filtered and read by people.
//! The layout stands in `report.html.jinja`; here is only what it is given.

use std::collections::BTreeMap;

use minijinja::{Environment, value::Serde};
use serde::Serialize;

use super::{
    format::{Findings, RenderError, ReportFormat},
    reader::{
        Effect, Finding, command_line, declared, detection, effects, feature_title, finding, is_failure, rules,
        servers, time, totals,
    },
    wire_data::WireData,
};
use kmspec_model::{
    catalogue::{Catalogue, RuleText},
    exchange::Exchange,
    report::{ExitStatus, Outcome, RunReport, ScenarioReport, StepState},
    rule::{RuleId, RuleKind},
};

/// `report.html`.
#[derive(Debug)]
pub struct Html;

#[derive(Serialize)]
struct Page<'a> {
    report: &'a RunReport,
    status: String,
    verdict: &'static str,
    totals_line: String,
    outcomes: Vec<(&'static str, String, usize)>,
    effects: Vec<Effect>,
    failed: Vec<ScenarioView<'a>>,
    features: Vec<FeatureView<'a>>,
    servers: Vec<(&'a str, String)>,
    detection: Option<String>,
    command: String,
    wire: String,
}

#[derive(Serialize)]
struct FeatureView<'a> {
    title: String,
    path: &'a str,
    failed: Vec<(&'a str, &'a str)>,
    scenarios: Vec<ScenarioView<'a>>,
}

#[derive(Serialize)]
struct ScenarioView<'a> {
    id: &'a str,
    title: &'a str,
    rule: Option<&'a str>,
    line: usize,
    word: &'static str,
    class: String,
    open: bool,
    tags: &'a [String],
    time: String,
    finding: Option<Finding>,
    remark: Option<String>,
    rules: Vec<RuleView>,
    steps: Vec<StepView<'a>>,
    exchanges: usize,
    repeat: Option<String>,
    effects: Vec<String>,
}

#[derive(Serialize)]
struct RuleView {
    id: String,
    origin: String,
    text: String,
    defect: bool,
}

#[derive(Serialize)]
struct StepView<'a> {
    keyword: &'a str,
    text: &'a str,
    line: usize,
    state: StepState,
}

impl ReportFormat for Html {
    fn file_name(&self) -> &'static str {
        "report.html"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        let report = findings.report;
        let mut environment = Environment::new();
        environment.add_filter("time", |microseconds: u64| time(microseconds));
        environment.add_template("report.html", include_str!("report.html.jinja")).map_err(RenderError::new)?;
        let template = environment.get_template("report.html").map_err(RenderError::new)?;
        let page = Page {
            report,
            status: format!("{:?}", report.exit_status()).to_lowercase(),
            verdict: verdict(report.exit_status()),
            totals_line: totals(&report.totals()),
            outcomes: outcomes(&report.scenarios),
            effects: effects(report),
            failed: failed(&report.scenarios).map(|each| scenario_view(each, findings.catalogue)).collect(),
            features: features(report, findings.catalogue),
            servers: servers(report)
                .into_iter()
                .map(|(server, count)| (server.name.as_str(), totals(&count)))
                .collect(),
            detection: detection(report),
            wire: WireData::of(report).to_json().map_err(RenderError::new)?,
            command: command_line(report),
        };
        template.render(Serde(page)).map_err(RenderError::new)
    }
}

/// The whole run in a word or two.
fn verdict(status: ExitStatus) -> &'static str {
    match status {
        ExitStatus::Conforms => "conforms",
        ExitStatus::Deviates => "deviates",
        ExitStatus::WrongPlan => "nothing was selected",
        ExitStatus::CouldNotTest => "could not be tested in full",
        ExitStatus::BudgetBroken => "a budget is broken",
        ExitStatus::Interrupted => "interrupted",
    }
}

/// The outcomes that occur, with their class and how many there are, in the order of urgency.
fn outcomes(scenarios: &[ScenarioReport]) -> Vec<(&'static str, String, usize)> {
    let order =
        ["deviates", "unexpectedly conforms", "error", "not run", "declared deviation", "conforms", "not applicable"];
    let count = |word: &str| scenarios.iter().filter(|scenario| scenario.outcome.word() == word).count();
    let counted = order.into_iter().map(|word| (word, class(word), count(word)));
    counted.filter(|(_, _, count)| *count > 0).collect()
}

fn class(word: &str) -> String {
    word.replace(' ', "-")
}

/// The scenarios that a reader must look at.
fn failed(scenarios: &[ScenarioReport]) -> impl Iterator<Item = &ScenarioReport> {
    scenarios.iter().filter(|scenario| is_failure(&scenario.outcome))
}

/// The scenarios of one feature stand together, and those about one authorization server of several.
fn features<'a>(report: &'a RunReport, catalogue: &Catalogue) -> Vec<FeatureView<'a>> {
    let mut chunks: BTreeMap<(Option<&str>, &str), Vec<&ScenarioReport>> = BTreeMap::new();
    for scenario in &report.scenarios {
        chunks.entry((scenario.server.as_deref(), &scenario.feature_path)).or_default().push(scenario);
    }
    chunks
        .into_values()
        .map(|chunk| FeatureView {
            title: feature_title(chunk[0], report),
            path: &chunk[0].feature_path,
            failed: chunk
                .iter()
                .filter(|scenario| is_failure(&scenario.outcome))
                .map(|scenario| (scenario.id.as_str(), scenario.title.as_str()))
                .collect(),
            scenarios: chunk
                .iter()
                .copied()
                .filter(|scenario| !is_failure(&scenario.outcome))
                .map(|scenario| scenario_view(scenario, catalogue))
                .collect(),
        })
        .collect()
}

fn scenario_view<'a>(scenario: &'a ScenarioReport, catalogue: &Catalogue) -> ScenarioView<'a> {
    let remark = match &scenario.outcome {
        Outcome::DeclaredDeviation { .. } => declared(&scenario.outcome).map(|why| format!("Declared: {why}")),
        Outcome::NotApplicable { missing } => Some(format!("The subject has no capability `{missing}`.")),
        _ => None,
    };
    let rule = |rule: RuleText| RuleView {
        defect: rule.id.parse::<RuleId>().is_ok_and(|id| id.kind() == RuleKind::Defect),
        id: rule.id,
        origin: rule.origin,
        text: rule.text,
    };
    let effects = scenario.times_to_effect.iter();
    ScenarioView {
        id: scenario.id.as_str(),
        title: &scenario.title,
        rule: scenario.rule.as_deref(),
        line: scenario.line,
        word: scenario.outcome.word(),
        class: class(scenario.outcome.word()),
        open: is_failure(&scenario.outcome),
        tags: &scenario.tags,
        time: time(scenario.took_us),
        finding: finding(&scenario.outcome),
        remark,
        rules: rules(scenario, catalogue).into_iter().map(rule).collect(),
        steps: scenario
            .steps
            .iter()
            .map(|step| StepView { keyword: &step.keyword, text: &step.text, line: step.line, state: step.state })
            .collect(),
        exchanges: scenario.exchanges.len(),
        repeat: scenario.exchanges.last().filter(|_| is_failure(&scenario.outcome)).map(Exchange::curl),
        effects: effects
            .map(|each| format!("{} after {} (bound {})", each.change, time(each.took_us), time(each.bound_us)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    fn page() -> String {
        let (report, catalogue, expected) = (report(), catalogue(), expected());
        Html.render(Findings { report: &report, catalogue: &catalogue, expected: &expected }).unwrap()
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = page();
        for outward in ["<link", "src=", "@import", "url("] {
            assert!(!page.contains(outward), "{outward}");
        }
    }

    #[test]
    fn what_came_over_the_wire_is_shown_and_never_executed() {
        let page = page();
        assert!(page.contains("q=&lt;script&gt;") && page.contains("q=\\u003cscript>"));
        assert!(page.contains("it was &lt;accepted&gt;"));
        assert!(!page.contains("q=<script>"));
    }

    #[test]
    fn a_failure_shows_its_finding_its_rules_and_a_line_to_repeat_it() {
        let page = page();
        assert!(page.find("What failed") < page.find("class=\"feature\""), "what failed comes first");
        for part in ["401 with code 900901", "SEED-KM-29", "past its `exp` is refused", "curl -ki -X GET", "p99"] {
            assert!(page.contains(part), "{part}");
        }
    }
}
