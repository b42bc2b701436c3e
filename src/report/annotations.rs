//! Annotations for GitHub Actions: a workflow command per failure, printed among the log.
//! Whether the run is one of GitHub's is asked by the command, not here.

use super::{
    format::Findings,
    reader::{finding, is_failure},
};

/// One workflow command a line.
pub fn annotations(findings: Findings<'_>) -> String {
    let failures = findings.report.scenarios.iter().filter(|scenario| is_failure(&scenario.outcome));
    let of_scenarios = failures.filter_map(|scenario| {
        let finding = finding(&scenario.outcome)?;
        let title = format!("{}: {}", scenario.outcome.word(), scenario.title);
        let said = format!("expected {}\nobserved {}\n{}", finding.expected, finding.observed, scenario.id);
        let file = property(&format!("features/{}", scenario.feature_path));
        Some(format!("::error file={file},line={},title={}::{}\n", scenario.line, property(&title), message(&said)))
    });
    let of_problems =
        findings.report.problems.iter().map(|problem| format!("::error::{}\n", message(&problem.message)));
    of_scenarios.chain(of_problems).collect()
}

/// Escapes a message as workflow commands want it.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property, in which colons and commas have a meaning too.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    #[test]
    fn failures_become_workflow_commands() {
        let (report, catalogue, expected) = (report(), catalogue(), expected());
        let findings = Findings { report: &report, catalogue: &catalogue, expected: &expected };
        insta::assert_snapshot!(annotations(findings));
    }
}
