//! `summary.md`: what a job summary shows. Totals, failures with their findings, time to effect.
//! The same for a terminal is in [`super::terminal`].

use std::fmt::Write as _;

use super::{
    format::{Findings, RenderError, ReportFormat},
    reader::{command_line, detection, effects, finding, is_failure, rules, servers, time, totals},
};
use kmspec_model::report::ScenarioReport;

/// `summary.md`.
#[derive(Debug)]
pub struct Summary;

impl ReportFormat for Summary {
    fn file_name(&self) -> &'static str {
        "summary.md"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        let mut text = String::new();
        write(&mut text, findings).map_err(RenderError::new)?;
        Ok(text)
    }
}

fn write(text: &mut String, findings: Findings<'_>) -> std::fmt::Result {
    let report = findings.report;
    let subject = &report.subject;
    writeln!(text, "# {} {}: {}\n", subject.name, subject.version, totals(&report.totals()))?;
    writeln!(
        text,
        "`{}`, profile {}, {} scenarios in {}, started {}.",
        command_line(report),
        subject.profile,
        report.scenarios.len(),
        time(report.took_us),
        report.started_at
    )?;
    if let Some(said) = detection(report) {
        writeln!(text, "\n**Rehearsal:** {said}.")?;
    }
    if report.interrupted {
        writeln!(text, "\n**Interrupted:** this report is partial.")?;
    }
    for problem in &report.problems {
        writeln!(text, "\n**Problem:** {}", problem.message)?;
    }
    for scenario in report.scenarios.iter().filter(|scenario| is_failure(&scenario.outcome)) {
        failure(text, scenario, findings)?;
    }
    let servers = servers(report);
    if !servers.is_empty() {
        writeln!(text, "\n## Authorization servers\n\n| server | profile | scenarios |\n| --- | --- | --- |")?;
    }
    for (server, count) in servers {
        writeln!(text, "| {} | {} | {} |", server.name, server.profile, totals(&count))?;
    }
    let effects = effects(report);
    if !effects.is_empty() {
        writeln!(
            text,
            "\n## Time to effect\n\n| change | samples | p50 | p99 | max | bound |\n| --- | ---: | ---: | ---: | ---: | ---: |"
        )?;
    }
    for effect in effects {
        let [p50, p99, max, bound] = [effect.p50_us, effect.p99_us, effect.max_us, effect.bound_us].map(time);
        writeln!(text, "| {} | {} | {p50} | {p99} | {max} | {bound} |", effect.change, effect.samples)?;
    }
    if !report.notes.is_empty() {
        writeln!(text, "\n## Notes\n")?;
    }
    report.notes.iter().try_for_each(|note| writeln!(text, "- {note}"))
}

fn failure(text: &mut String, scenario: &ScenarioReport, findings: Findings<'_>) -> std::fmt::Result {
    writeln!(text, "\n## {}: {}\n\n`{}`\n", scenario.outcome.word(), scenario.title, scenario.id)?;
    if let Some(finding) = finding(&scenario.outcome) {
        writeln!(text, "- expected: {}\n- observed: {}", finding.expected, finding.observed.replace('\n', "\n  "))?;
        if let Some(clause) = finding.clause {
            writeln!(text, "- clause: {clause}")?;
        }
    }
    for rule in rules(scenario, findings.catalogue) {
        writeln!(text, "- {} ({}): {}", rule.id, rule.origin, rule.text)?;
    }
    if let Some(last) = scenario.exchanges.last() {
        writeln!(text, "\n```sh\n{}\n```", last.curl())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    #[test]
    fn failures_come_with_findings_rules_and_a_line_to_repeat_them() {
        let (report, catalogue, expected) = (report(), catalogue(), expected());
        let findings = Findings { report: &report, catalogue: &catalogue, expected: &expected };
        insta::assert_snapshot!(Summary.render(findings).unwrap());
    }
}
