//! `junit.xml` in the dialect that Jenkins reads: a suite per feature and server, a case per scenario, named by its stable id.
//! A deviation is a failure, what could not be tested an error; neither is ever folded into the other.

use std::{collections::BTreeMap, time::Duration};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    format::{Findings, RenderError, ReportFormat},
    reader::{declared, finding, rules},
};
use kmspec_model::{
    catalogue::Catalogue,
    report::{Outcome, ScenarioReport},
};

/// `junit.xml`.
#[derive(Debug)]
pub struct Junit;

impl ReportFormat for Junit {
    fn file_name(&self) -> &'static str {
        "junit.xml"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        let mut suites: BTreeMap<(Option<&str>, &str), TestSuite> = BTreeMap::new();
        for scenario in &findings.report.scenarios {
            let of = (scenario.server.as_deref(), scenario.feature_path.as_str());
            let suite = suites.entry(of).or_insert_with(|| TestSuite::new(class_name(scenario)));
            suite.add_test_case(case(scenario, findings.catalogue));
        }
        let mut report = Report::new(format!("kmspec {}", findings.report.command));
        report.set_time(Duration::from_micros(findings.report.took_us));
        report.add_test_suites(suites.into_values().map(timed));
        report.to_string().map_err(RenderError::new)
    }
}

fn timed(mut suite: TestSuite) -> TestSuite {
    let total = suite.test_cases.iter().filter_map(|case| case.time).sum();
    suite.set_time(total);
    suite
}

fn case(scenario: &ScenarioReport, catalogue: &Catalogue) -> TestCase {
    let status = match &scenario.outcome {
        Outcome::Conforms => TestCaseStatus::success(),
        Outcome::Deviates { .. } | Outcome::UnexpectedlyConforms { .. } => {
            failed(scenario, NonSuccessKind::Failure, catalogue)
        }
        Outcome::Error { .. } => failed(scenario, NonSuccessKind::Error, catalogue),
        Outcome::DeclaredDeviation { .. } => {
            skipped(format!("declared deviation: {}", declared(&scenario.outcome).unwrap_or_default()))
        }
        Outcome::NotApplicable { missing } => skipped(format!("not applicable: the subject has no `{missing}`")),
        Outcome::NotRun => skipped("not run: interrupted".to_owned()),
    };
    let mut case = TestCase::new(name_of(scenario), status);
    case.set_classname(class_name(scenario));
    case.set_time(Duration::from_micros(scenario.took_us));
    case
}

/// What follows the path in the id. Cells may hold slashes, so the path decides where it begins.
fn name_of(scenario: &ScenarioReport) -> &str {
    let path = scenario.feature_path.trim_end_matches(".feature");
    scenario.id.as_str().strip_prefix(path).map_or(scenario.id.as_str(), |rest| rest.trim_start_matches('/'))
}

fn failed(scenario: &ScenarioReport, kind: NonSuccessKind, catalogue: &Catalogue) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    if let Some(finding) = finding(&scenario.outcome) {
        status.set_message(format!("expected {}; observed {}", finding.expected, finding.observed));
        let mut text =
            format!("{}\n\nexpected: {}\nobserved: {}\n", scenario.title, finding.expected, finding.observed);
        text.extend(finding.clause.map(|clause| format!("clause:   {clause}\n")));
        text.extend(
            rules(scenario, catalogue).iter().map(|rule| format!("{} ({}): {}\n", rule.id, rule.origin, rule.text)),
        );
        text.extend(scenario.exchanges.last().map(|last| format!("\n{}\n", last.curl())));
        status.set_description(text);
    }
    status.set_type(scenario.outcome.word());
    status
}

fn skipped(message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

/// `platform/token_validation/jwt.feature` as Jenkins shows packages: `platform.token_validation.jwt`; about one of
/// several authorization servers `authorization_server.okta.discovery`.
fn class_name(scenario: &ScenarioReport) -> String {
    let path = scenario.feature_path.trim_end_matches(".feature");
    match (scenario.server.as_deref(), path.split_once('/')) {
        (Some(server), Some((area, rest))) => format!("{area}.{server}.{}", rest.replace('/', ".")),
        _ => path.replace('/', "."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    #[test]
    fn each_outcome_has_its_element() {
        let (report, catalogue, expected) = (report(), catalogue(), expected());
        let findings = Findings { report: &report, catalogue: &catalogue, expected: &expected };
        insta::assert_snapshot!(Junit.render(findings).unwrap());
    }
}
