//! What a report format is, and the list of them.
//! How each looks stands in its own file; writing them down is the business of [`super::folder`].

use super::{
    certificate::{CertificatePage, CertificateText, KeyManagerDocument},
    cucumber::CucumberJson,
    expected::NextExpected,
    html::Html,
    json::Json,
    junit::Junit,
    summary::Summary,
};
use kmspec_model::{catalogue::Catalogue, plan::ExpectedDeviation, report::RunReport};

/// What formats may look at.
#[derive(Debug, Clone, Copy)]
pub struct Findings<'a> {
    /// What the run found out.
    pub report: &'a RunReport,
    /// What the rule ids mean.
    pub catalogue: &'a Catalogue,
    /// The deviations that were declared.
    pub expected: &'a [ExpectedDeviation],
}

/// One way to write findings down.
pub trait ReportFormat {
    /// Name of the file in the report folder.
    fn file_name(&self) -> &'static str;

    /// The text of the file.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when the format's own library refuses.
    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError>;
}

/// A library refused to write a format.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(#[source] Box<dyn std::error::Error>);

impl RenderError {
    /// Keeps the cause.
    pub fn new(cause: impl std::error::Error + 'static) -> Self {
        Self(Box::new(cause))
    }
}

/// Every format that goes into the report folder.
pub const FORMATS: [&dyn ReportFormat; 6] = [&Json, &Junit, &CucumberJson, &Html, &Summary, &NextExpected];

/// What a certification writes beside them.
pub const CERTIFICATE_FORMATS: [&dyn ReportFormat; 3] = [&CertificatePage, &CertificateText, &KeyManagerDocument];
