//! `cucumber.json`: the run as Cucumber's own JSON, for tools that read nothing else.
//! What that form has no word for is said as near as it can: a declared deviation is `pending`, a guard an after hook.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    format::{Findings, RenderError, ReportFormat},
    reader::{declared, feature_title, finding},
};
use kmspec_model::report::{Outcome, ScenarioReport, StepReport, StepState};

/// `cucumber.json`.
#[derive(Debug)]
pub struct CucumberJson;

/// Server, if it is about one, and path of a feature.
type Place<'a> = (Option<&'a str>, &'a str);

impl ReportFormat for CucumberJson {
    fn file_name(&self) -> &'static str {
        "cucumber.json"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        let mut features: BTreeMap<Place<'_>, (String, Vec<Value>)> = BTreeMap::new();
        for scenario in &findings.report.scenarios {
            let of = (scenario.server.as_deref(), scenario.feature_path.as_str());
            let entry = features.entry(of).or_insert_with(|| (feature_title(scenario, findings.report), Vec::new()));
            entry.1.push(element(scenario));
        }
        let feature = |(place, (title, elements)): (Place<'_>, (String, Vec<Value>))| {
            let (server, path) = place;
            let server = server.map(|server| format!("@{server}")).unwrap_or_default();
            let id = format!("{}{server}", path.trim_end_matches(".feature"));
            json!({
                "uri": format!("features/{path}"), "id": id, "keyword": "Feature",
                "name": title, "description": "", "line": 1, "elements": elements,
            })
        };
        let features: Vec<Value> = features.into_iter().map(feature).collect();
        serde_json::to_string(&features).map(|text| text + "\n").map_err(RenderError::new)
    }
}

fn element(scenario: &ScenarioReport) -> Value {
    let tag = |tag: &String| json!({ "name": format!("@{tag}"), "line": scenario.line });
    let failed = scenario.steps.iter().any(|step| step.state == StepState::Failed);
    let mut element = json!({
        "id": scenario.id.as_str(), "keyword": "Scenario", "type": "scenario", "name": scenario.title,
        "description": scenario.rule.as_deref().unwrap_or_default(), "line": scenario.line,
        "tags": scenario.tags.iter().map(tag).collect::<Vec<_>>(),
        "steps": scenario.steps.iter().map(|each| step(each, scenario)).collect::<Vec<_>>(),
    });
    // Its steps may all have passed, or never have begun: what is wrong then is told by a hook.
    if let (Some(message), false) = (message(&scenario.outcome), failed) {
        let status = if matches!(scenario.outcome, Outcome::NotRun) { "skipped" } else { "failed" };
        let result = json!({ "status": status, "duration": 0, "error_message": message });
        element["after"] = json!([{ "match": { "location": "kmspec" }, "result": result }]);
    }
    element
}

fn step(step: &StepReport, scenario: &ScenarioReport) -> Value {
    let status = match (step.state, &scenario.outcome) {
        (StepState::Failed, Outcome::DeclaredDeviation { .. }) => "pending",
        (StepState::Failed, Outcome::NotApplicable { .. }) | (StepState::Skipped, _) => "skipped",
        (StepState::Failed, _) => "failed",
        (StepState::Passed, _) => "passed",
    };
    // Steps are not timed one by one; the scenario's time stands at its first.
    let first = scenario.steps.first().is_some_and(|first| std::ptr::eq(first, step));
    let mut result = json!({ "status": status, "duration": if first { scenario.took_us * 1_000 } else { 0 } });
    if let (StepState::Failed, Some(message)) = (step.state, message(&scenario.outcome)) {
        result["error_message"] = json!(message);
    }
    json!({
        "keyword": format!("{} ", step.keyword), "name": step.text, "line": step.line,
        "match": { "location": format!("features/{}:{}", scenario.feature_path, step.line) }, "result": result,
    })
}

fn message(outcome: &Outcome) -> Option<String> {
    let finding = finding(outcome)?;
    let reason = declared(outcome).map_or_else(String::new, |why| format!("\ndeclared: {why}"));
    Some(format!("expected {}\nobserved {}{reason}", finding.expected, finding.observed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    #[test]
    fn every_outcome_has_its_status() {
        let (report, catalogue, expected) = (report(), catalogue(), expected());
        let findings = Findings { report: &report, catalogue: &catalogue, expected: &expected };
        let text = CucumberJson.render(findings).unwrap();
        let features: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(features[0]["uri"], "features/platform/validation.feature");
        let elements = features[0]["elements"].as_array().unwrap();
        let told = |element: &Value| {
            let hook = element["after"][0]["result"]["status"].as_str().unwrap_or("-").to_owned();
            (element["steps"][0]["result"]["status"].as_str().unwrap().to_owned(), hook)
        };
        let told: Vec<_> = elements.iter().map(told).collect();
        let told: Vec<_> = told.iter().map(|(step, hook)| (step.as_str(), hook.as_str())).collect();
        // Of the rehearsed report: conforms, deviates, declared, not applicable, conforms unexpectedly, error, not run.
        assert_eq!(
            told,
            [
                ("passed", "-"),
                ("failed", "-"),
                ("passed", "failed"),
                ("passed", "-"),
                ("failed", "-"),
                ("failed", "-"),
                ("passed", "skipped")
            ]
        );
        assert!(text.contains("401 with code 900901"));
    }
}
