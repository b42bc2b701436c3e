//! `result.json`: the run report itself, for programs. Its schema version is inside.
//! Texts for readers are the other formats'.

use super::format::{Findings, RenderError, ReportFormat};

/// `result.json`.
#[derive(Debug)]
pub struct Json;

impl ReportFormat for Json {
    fn file_name(&self) -> &'static str {
        "result.json"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        serde_json::to_string_pretty(findings.report).map(|text| text + "\n").map_err(RenderError::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};
    use kmspec_model::report::RunReport;

    #[test]
    fn the_file_reads_back_as_the_report() {
        let (report, catalogue, expected) = (report(), catalogue(), expected());
        let findings = Findings { report: &report, catalogue: &catalogue, expected: &expected };
        let text = Json.render(findings).unwrap();
        assert_eq!(serde_json::from_str::<RunReport>(&text).unwrap(), report);
    }
}
