//! `expected.next.toml`: the deviations file that would fit what the run found, reasons kept.
//! It is a proposal: a new line carries a reason that a person has to replace.

use serde::Serialize;

use super::format::{Findings, RenderError, ReportFormat};
use kmspec_model::{
    plan::ExpectedDeviation,
    report::{Outcome, ScenarioReport},
};

/// `expected.next.toml`.
#[derive(Debug)]
pub struct NextExpected;

#[derive(Serialize)]
struct Next<'a> {
    deviation: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    reason: String,
    observed: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<&'a str>,
}

impl ReportFormat for NextExpected {
    fn file_name(&self) -> &'static str {
        "expected.next.toml"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        let selected =
            |line: &&ExpectedDeviation| findings.report.scenarios.iter().any(|each| each.id.as_str() == line.id);
        let found = findings.report.scenarios.iter().filter_map(|scenario| found(scenario, findings.expected));
        // Lines about scenarios that this run left out are none of its business.
        let others = findings.expected.iter().filter(|line| line.profile.is_none() && !selected(line)).map(kept);
        let mut deviation: Vec<Line<'_>> = found.chain(others).collect();
        deviation.sort_by_key(|line| line.id);
        let head = "# Deviations as the last run found them. Give each new one its reason, put * in `observed` for what differs from\n# run to run, then pass the file as --expected.\n";
        if deviation.is_empty() {
            return Ok(head.to_owned());
        }
        toml::to_string(&Next { deviation }).map(|lines| format!("{head}\n{lines}")).map_err(RenderError::new)
    }
}

/// The line that a scenario needs: its own where it has one, none where it conforms.
fn found<'a>(scenario: &'a ScenarioReport, expected: &'a [ExpectedDeviation]) -> Option<Line<'a>> {
    let own = expected.iter().find(|line| line.id == scenario.id.as_str());
    match &scenario.outcome {
        Outcome::Conforms | Outcome::UnexpectedlyConforms { .. } => None,
        Outcome::Deviates { deviation } if own.is_none() => Some(Line {
            id: scenario.id.as_str(),
            reason: format!("TO BE ARGUED: expected {}; observed {}", deviation.expected, deviation.observed),
            observed: &deviation.observed,
            link: None,
            expires: None,
        }),
        // What a profile declares it will declare again. A line that expired, or under which something else was observed,
        // stays as it is: what became of it is for a person to say.
        _ => own.filter(|line| line.profile.is_none()).map(kept),
    }
}

fn kept(line: &ExpectedDeviation) -> Line<'_> {
    Line {
        id: &line.id,
        reason: line.reason.clone(),
        observed: &line.observed,
        link: line.link.as_deref(),
        expires: line.expires.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    #[test]
    fn the_next_file_keeps_reasons_and_proposes_new_lines() {
        let (report, catalogue, mut expected) = (report(), catalogue(), expected());
        expected.push(ExpectedDeviation {
            id: "platform/elsewhere".into(),
            reason: "not part of this run".into(),
            observed: "it was granted".into(),
            link: None,
            expires: None,
            expired: false,
            profile: None,
        });
        expected.push(ExpectedDeviation { id: "platform/validation/a-mended-rule".into(), ..expected[1].clone() });
        let findings = Findings { report: &report, catalogue: &catalogue, expected: &expected };
        insta::assert_snapshot!(NextExpected.render(findings).unwrap());
    }
}
