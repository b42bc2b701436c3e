//! Reads files of declared deviations: `[[deviation]]` with `id`, `reason`, `link`, `expires`.
//! The next such file is written by `report/`.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;

use super::error::PlanError;
use crate::model::plan::ExpectedDeviation;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviationsFile {
    #[serde(default)]
    deviation: Vec<DeviationTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviationTable {
    id: String,
    reason: String,
    link: Option<String>,
    expires: Option<String>,
}

/// Reads one file. A deviation is accepted up to and including its last day; `today` decides.
///
/// # Errors
///
/// [`PlanError`] when the file cannot be read, is not of that shape, or leaves out a reason.
pub fn read(path: &Path, today: Date) -> Result<Vec<ExpectedDeviation>, PlanError> {
    let text = std::fs::read_to_string(path).map_err(|source| PlanError::Unreadable {
        what: "the declared deviations",
        path: path.to_owned(),
        source,
        hint: "every run writes such a file as expected.next.toml beside its report",
    })?;
    let malformed = |problem: String| PlanError::Malformed {
        what: "the declared deviations",
        path: path.to_owned(),
        problem,
        hint: "each [[deviation]] has an id, a reason and, if wanted, a link and a last day: expires = \"2026-12-31\""
            .to_owned(),
    };
    let file: DeviationsFile = toml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
    let mut lines: Vec<ExpectedDeviation> = Vec::new();
    for table in file.deviation {
        if table.reason.trim().is_empty() {
            return Err(malformed(format!("`{}` gives no reason", table.id)));
        }
        if lines.iter().any(|line| line.id == table.id) {
            return Err(malformed(format!("`{}` stands twice", table.id)));
        }
        let last = table.expires.as_deref().map(str::parse::<Date>).transpose();
        let last = last.map_err(|error| malformed(format!("`{}` expires on no day: {error}", table.id)))?;
        lines.push(ExpectedDeviation {
            expired: last.is_some_and(|last| last < today),
            id: table.id,
            reason: table.reason,
            link: table.link,
            expires: table.expires,
        });
    }
    Ok(lines)
}

/// The file that declares a profile's deviations: none for `reference`, else a path or a name in `reports/profiles/`.
///
/// # Errors
///
/// [`PlanError::NoProfile`] when no file is found.
pub fn profile(name: &str) -> Result<Option<PathBuf>, PlanError> {
    if name == "reference" {
        return Ok(None);
    }
    let looked = Path::new("reports/profiles").join(format!("{name}.toml"));
    [PathBuf::from(name), looked.clone()]
        .into_iter()
        .find(|path| path.is_file())
        .map(Some)
        .ok_or_else(|| PlanError::NoProfile { name: name.to_owned(), looked })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<ExpectedDeviation>, PlanError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("expected.toml");
        std::fs::write(&path, text).unwrap();
        read(&path, Date::constant(2026, 3, 2))
    }

    #[test]
    fn a_deviation_expires_after_its_last_day() {
        let line = |day| format!("[[deviation]]\nid = \"a\"\nreason = \"r\"\nexpires = \"{day}\"\n");
        assert!(!read_text(&line("2026-03-02")).unwrap()[0].expired);
        assert!(read_text(&line("2026-03-01")).unwrap()[0].expired);
    }

    #[test]
    fn a_line_without_reason_with_a_wrong_day_or_twice_is_refused() {
        for text in [
            "[[deviation]]\nid = \"a\"\n",
            "[[deviation]]\nid = \"a\"\nreason = \" \"\n",
            "[[deviation]]\nid = \"a\"\nreason = \"r\"\nexpires = \"soon\"\n",
            "[[deviation]]\nid = \"a\"\nreason = \"r\"\n[[deviation]]\nid = \"a\"\nreason = \"s\"\n",
        ] {
            assert!(read_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_profile_without_a_file_is_an_error() {
        assert_eq!(profile("reference").unwrap(), None);
        assert!(profile("wso2-apim-0.0").unwrap_err().to_string().contains("wso2-apim-0.0"));
    }
}
