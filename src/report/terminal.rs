//! The summary printed at the end of a run: failures in full, then totals, then where to read on.
//! It is plain text first; colour is added only where a terminal shows it.

use std::{fmt::Write as _, io::IsTerminal, path::Path};

use super::{
    format::Findings,
    reader::{detection, effects, finding, is_failure, rules, servers, time, totals},
};
use kmspec_model::report::{ExitStatus, ScenarioReport};

/// Whether text may carry colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI sequences.
    Ansi,
}

impl Colour {
    /// Colour for stdout, unless it is no terminal or `NO_COLOR` is set (to anything but nothing: no-color.org).
    pub fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if std::io::stdout().is_terminal() && !refused { Self::Ansi } else { Self::Never }
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Never => text.to_owned(),
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// The summary as text.
/// `folder` holds the report; `None` when it could not be written.
pub fn summary(findings: Findings<'_>, folder: Option<&Path>, colour: Colour) -> String {
    let report = findings.report;
    let mut text = String::new();
    for scenario in report.scenarios.iter().filter(|scenario| is_failure(&scenario.outcome)) {
        failure(&mut text, scenario, findings, colour);
    }
    for problem in &report.problems {
        line(&mut text, &colour.paint("31", "problem"), &problem.message);
        text.push('\n');
    }
    for effect in effects(report) {
        let [p50, p99, bound] = [effect.p50_us, effect.p99_us, effect.bound_us].map(time);
        let said = format!("{}: p50 {p50}, p99 {p99}, bound {bound} ({} samples)", effect.change, effect.samples);
        line(&mut text, "took effect", &said);
    }
    if let Some(said) = detection(report) {
        line(&mut text, "defect", &said);
    }
    for note in &report.notes {
        line(&mut text, "note", note);
    }
    let code = if report.exit_status() == ExitStatus::Conforms { "32" } else { "31" };
    let subject = format!("{} {}", report.subject.name, report.subject.version);
    let cut = if report.interrupted { ", interrupted" } else { "" };
    line(
        &mut text,
        "subject",
        &format!("{} ({}, profile {})", subject.trim(), report.subject.kind, report.subject.profile),
    );
    for (server, count) in servers(report) {
        line(&mut text, "server", &format!("{} (mock, profile {}): {}", server.name, server.profile, totals(&count)));
    }
    let said = format!("{} in {}{cut}", totals(&report.totals()), time(report.took_us));
    line(&mut text, "scenarios", &colour.paint(code, &said));
    if let Some(folder) = folder {
        line(&mut text, "report", &folder.join("report.html").display().to_string());
    }
    text
}

fn failure(text: &mut String, scenario: &ScenarioReport, findings: Findings<'_>, colour: Colour) {
    let word = colour.paint("1;31", scenario.outcome.word());
    let _ = writeln!(text, "{word}: {}", colour.paint("1", &scenario.title));
    line(text, "  id", scenario.id.as_str());
    if let Some(finding) = finding(&scenario.outcome) {
        line(text, "  expected", &finding.expected);
        line(text, "  observed", &finding.observed);
        if let Some(clause) = finding.clause {
            line(text, "  clause", &clause);
        }
    }
    for rule in rules(scenario, findings.catalogue) {
        line(text, "  rule", &format!("{} ({}): {}", rule.id, rule.origin, rule.text));
    }
    if let Some(last) = scenario.exchanges.last() {
        line(text, "  repeat", &last.curl());
    }
    text.push('\n');
}

/// A label and a text whose further lines stand below its first.
fn line(text: &mut String, label: &str, said: &str) {
    let said = said.trim_end().replace('\n', "\n              ");
    let _ = writeln!(text, "{label:<13} {said}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    fn text(colour: Colour) -> String {
        let (report, catalogue, expected) = (report(), catalogue(), expected());
        let findings = Findings { report: &report, catalogue: &catalogue, expected: &expected };
        summary(findings, Some(Path::new("reports/latest")), colour)
    }

    #[test]
    fn the_summary_reads_without_colour() {
        insta::assert_snapshot!(text(Colour::Never));
    }

    #[test]
    fn colour_adds_nothing_but_sequences() {
        let coloured = text(Colour::Ansi);
        let plain = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().replace_all(&coloured, "");
        assert_ne!(coloured, plain);
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&plain), squeezed(&text(Colour::Never)));
    }
}
