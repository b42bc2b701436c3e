//! `report.html`: one file that needs nothing else, to be filtered and read by people.
//! The layout stands in `report.html.jinja`; here is only what it is given.

use minijinja::{Environment, value::Serde};
use serde::Serialize;

use super::{
    format::{Findings, RenderError, ReportFormat},
    reader::{Effect, Finding, command_line, effects, finding, is_failure, rules, time, totals},
};
use crate::model::{
    catalogue::{Catalogue, RuleText},
    exchange::{Answer, Exchange},
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
    features: Vec<FeatureView<'a>>,
    command: String,
}

#[derive(Serialize)]
struct FeatureView<'a> {
    title: &'a str,
    path: &'a str,
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
    exchanges: Vec<ExchangeView<'a>>,
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

#[derive(Serialize)]
struct ExchangeView<'a> {
    role: String,
    plane: String,
    step: &'a str,
    at: String,
    took: String,
    method: &'a str,
    url: &'a str,
    status: String,
    request_headers: &'a [(String, String)],
    request_body: Option<String>,
    answer_headers: &'a [(String, String)],
    answer_body: Option<String>,
    curl: String,
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
            features: features(&report.scenarios, findings.catalogue),
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

/// Scenarios come ordered by id, so those of one feature stand together.
fn features<'a>(scenarios: &'a [ScenarioReport], catalogue: &Catalogue) -> Vec<FeatureView<'a>> {
    let chunks = scenarios.chunk_by(|a, b| a.feature_path == b.feature_path);
    chunks
        .map(|chunk| FeatureView {
            title: &chunk[0].feature,
            path: &chunk[0].feature_path,
            scenarios: chunk.iter().map(|scenario| scenario_view(scenario, catalogue)).collect(),
        })
        .collect()
}

fn scenario_view<'a>(scenario: &'a ScenarioReport, catalogue: &Catalogue) -> ScenarioView<'a> {
    let remark = match &scenario.outcome {
        Outcome::DeclaredDeviation { reason, .. } => Some(format!("Declared: {reason}")),
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
        exchanges: scenario.exchanges.iter().map(exchange_view).collect(),
        effects: effects
            .map(|each| format!("{} after {} (bound {})", each.change, time(each.took_us), time(each.bound_us)))
            .collect(),
    }
}

fn exchange_view(exchange: &Exchange) -> ExchangeView<'_> {
    let (status, answer_headers, answer_body) = match &exchange.answer {
        Answer::Replied { status, headers, body } => (status.to_string(), headers.as_slice(), body.as_deref()),
        Answer::Failed(reason) => (format!("no answer: {reason}"), &[][..], None),
    };
    ExchangeView {
        role: exchange.role.to_string(),
        plane: serde_json::to_value(exchange.plane)
            .ok()
            .and_then(|it| it.as_str().map(str::to_owned))
            .unwrap_or_default(),
        step: &exchange.step,
        at: time(exchange.at_us),
        took: time(exchange.took_us),
        method: &exchange.method,
        url: &exchange.url,
        status,
        request_headers: &exchange.request_headers,
        request_body: exchange.request_body.as_deref().map(pretty),
        answer_headers,
        answer_body: answer_body.map(pretty),
        curl: exchange.curl(),
    }
}

/// JSON with line breaks; anything else as it is.
fn pretty(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .ok()
        .filter(|json| json.is_object() || json.is_array())
        .and_then(|json| serde_json::to_string_pretty(&json).ok())
        .unwrap_or_else(|| body.to_owned())
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
        assert!(page.contains("q=&lt;script&gt;"));
        assert!(page.contains("it was &lt;accepted&gt;"));
        assert!(!page.contains("q=<script>"));
    }

    #[test]
    fn a_failure_shows_its_finding_its_rules_and_a_line_to_repeat_it() {
        let page = page();
        for part in ["401 with code 900901", "SEED-KM-29", "past its `exp` is refused", "curl -ki -X GET", "p99"] {
            assert!(page.contains(part), "{part}");
        }
    }
}
