//! What a report format is, the list of them, and writing all of them into a folder.
//! How each looks stands in its own file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    certificate::{CertificatePage, CertificateText, KeyManagerDocument},
    expected::NextExpected,
    html::Html,
    json::Json,
    junit::Junit,
    summary::Summary,
};
use crate::model::{catalogue::Catalogue, plan::ExpectedDeviation, report::RunReport};

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

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder or a file in it cannot be written.
    #[error("cannot write the report to `{}`: {source}\nhint: `--report-dir` takes a folder that can be made and written", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A format refused.
    #[error("cannot render `{file}`: {source}\nhint: the other formats may still tell; please report this")]
    Unrendered {
        /// Its file.
        file: &'static str,
        /// Why.
        source: RenderError,
    },
}

/// Every format that goes into the report folder.
pub const FORMATS: [&dyn ReportFormat; 5] = [&Json, &Junit, &Html, &Summary, &NextExpected];

/// What a certification writes beside them.
pub const CERTIFICATE_FORMATS: [&dyn ReportFormat; 3] = [&CertificatePage, &CertificateText, &KeyManagerDocument];

/// Writes every format into `folder`, making it where needed.
///
/// # Errors
///
/// [`ReportError`], naming the file.
pub fn write_all(folder: &Path, findings: Findings<'_>) -> Result<(), ReportError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::Unwritable { path, source }
    };
    fs::create_dir_all(folder).map_err(unwritable(folder))?;
    let certificate = if findings.report.key_manager.is_some() { &CERTIFICATE_FORMATS[..] } else { &[] };
    for format in FORMATS.iter().chain(certificate) {
        let file = format.file_name();
        let text = format.render(findings).map_err(|source| ReportError::Unrendered { file, source })?;
        let path = folder.join(file);
        fs::write(&path, text).map_err(unwritable(&path))?;
    }
    Ok(())
}
