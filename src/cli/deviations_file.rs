//! Reads files of declared deviations: `[[deviation]]` with `id`, `reason`, `observed`, `link`, `expires`.
//! The next such file is written by `report/`.

use std::path::Path;

use jiff::civil::Date;

use super::error::PlanError;
use crate::runner::{
    profile_file,
    source::{self, SourceFile},
};
use kmspec_model::{
    plan::{ExpectedDeviation, FeatureSource, MockPlan},
    scenario_id::ScenarioId,
};

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
    parse(&text, path, None, today)
}

/// Reads the text of one file; `profile` names the profile that it is, if it is one.
fn parse(text: &str, path: &Path, profile: Option<&str>, today: Date) -> Result<Vec<ExpectedDeviation>, PlanError> {
    let malformed = |problem: String| {
        PlanError::Malformed {
        what: "the declared deviations",
        path: path.to_owned(),
        problem,
        hint: "each [[deviation]] has an id, a reason, what is observed (observed = \"status 403 with code invalid_grant (*)\") and, \
               if wanted, a link and a last day: expires = \"2026-12-31\""
            .to_owned(),
    }
    };
    let file = profile_file::read(text).map_err(malformed)?;
    if let (None, Some(limitation)) = (profile, file.limitations.first()) {
        return Err(malformed(format!("the limitation `{}` belongs into a profile", limitation.requirement)));
    }
    let mut lines: Vec<ExpectedDeviation> = Vec::new();
    for table in file.deviations {
        let last = table.expires.as_deref().map(str::parse::<Date>).transpose();
        let last = last.map_err(|error| malformed(format!("`{}` expires on no day: {error}", table.id)))?;
        lines.push(ExpectedDeviation {
            expired: last.is_some_and(|last| last < today),
            id: table.id,
            reason: table.reason,
            observed: table.observed,
            link: table.link,
            expires: table.expires,
            profile: profile.map(str::to_owned),
        });
    }
    Ok(lines)
}

/// The deviations that a profile declares: none for `reference`, those of `features/profiles/<name>.toml`, or of a file.
///
/// # Errors
///
/// [`PlanError::NoProfile`] with the names that there are, and what [`read`] says of a file.
pub fn profile(name: &str, from: &FeatureSource, today: Date) -> Result<Vec<ExpectedDeviation>, PlanError> {
    if name == REFERENCE {
        return Ok(Vec::new());
    }
    let profiles = source::profiles(from)?;
    if let Some(file) = profiles.iter().find(|file| file.stem() == name) {
        return parse(&file.text, Path::new(&file.path), Some(name), today);
    }
    let path = Path::new(name);
    if path.is_file() {
        return Ok(read(path, today)?.into_iter().map(|line| declared_by(line, name)).collect());
    }
    let known = profiles.iter().map(SourceFile::stem).collect::<Vec<_>>().join(", ");
    Err(PlanError::NoProfile { name: name.to_owned(), known })
}

/// The deviations that the profiles of these mock servers declare, each at its server. A server without a profile
/// conforms in all.
///
/// # Errors
///
/// As [`profile`].
pub fn of_mocks(mocks: &[MockPlan], from: &FeatureSource, today: Date) -> Result<Vec<ExpectedDeviation>, PlanError> {
    let profiles = source::profiles(from)?;
    let mut lines = Vec::new();
    for mock in mocks {
        let Some(file) = profiles.iter().find(|file| file.stem() == mock.mock) else { continue };
        let declared = parse(&file.text, Path::new(&file.path), Some(&mock.mock), today)?;
        lines.extend(declared.into_iter().map(|line| ExpectedDeviation {
            id: ScenarioId::from(line.id.clone()).at(&mock.mock).to_string(),
            ..line
        }));
    }
    Ok(lines)
}

fn declared_by(line: ExpectedDeviation, profile: &str) -> ExpectedDeviation {
    ExpectedDeviation { profile: Some(profile.to_owned()), ..line }
}

/// The profile that declares nothing.
pub const REFERENCE: &str = "reference";

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
        let line = |day| format!("[[deviation]]\nid = \"a\"\nreason = \"r\"\nobserved = \"o\"\nexpires = \"{day}\"\n");
        assert!(!read_text(&line("2026-03-02")).unwrap()[0].expired);
        assert!(read_text(&line("2026-03-01")).unwrap()[0].expired);
    }

    #[test]
    fn a_line_without_reason_with_a_wrong_day_or_twice_is_refused() {
        for text in [
            "[[deviation]]\nid = \"a\"\nobserved = \"o\"\n",
            "[[deviation]]\nid = \"a\"\nreason = \" \"\nobserved = \"o\"\n",
            "[[deviation]]\nid = \"a\"\nreason = \"r\"\nobserved = \"o\"\nexpires = \"soon\"\n",
            "[[deviation]]\nid = \"a\"\nreason = \"r\"\nobserved = \"o\"\n[[deviation]]\nid = \"a\"\nreason = \"s\"\nobserved = \"o\"\n",
            "[[limitation]]\nrequirement = \"SEED-IS7-02\"\nreason = \"r\"\n",
        ] {
            assert!(read_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_that_does_not_say_what_is_observed_is_refused_and_told_how() {
        let told = |observed: &str| {
            read_text(&format!("[[deviation]]\nid = \"a\"\nreason = \"r\"\n{observed}")).unwrap_err().to_string()
        };
        let missing = told("");
        assert!(missing.contains("missing field `observed`") && missing.contains("observed = "), "{missing}");
        let anything = told("observed = \"*\"\n");
        assert!(anything.contains("`a` accepts whatever is observed"), "{anything}");
    }

    #[test]
    fn an_unknown_profile_is_an_error_that_lists_the_known_ones() {
        let today = Date::constant(2026, 3, 2);
        let profile = |name: &str| profile(name, &FeatureSource::Embedded, today);
        assert_eq!(profile("reference").unwrap(), []);
        let error = profile("wso2-apim-0.0").unwrap_err().to_string();
        assert!(error.contains("`wso2-apim-0.0`") && error.contains("is7"), "{error}");
        assert!(profile("is7").unwrap().iter().all(|line| line.profile.as_deref() == Some("is7")));
    }

    #[test]
    fn every_embedded_profile_reads_and_gives_its_reasons() {
        for file in source::profiles(&FeatureSource::Embedded).unwrap() {
            parse(&file.text, Path::new(&file.path), Some(file.stem()), Date::constant(2026, 3, 2)).unwrap();
        }
    }
}
