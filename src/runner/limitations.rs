//! What a profile declares that its product cannot do at all: requirements that no scenario can hold or refute there.
//! Scenarios that end otherwise there are declared deviations, and stand elsewhere in the same file.

use super::{
    profile_file::{self, Limitation},
    source::{self, SourceError},
};
use kmspec_model::plan::FeatureSource;

/// The limitations of the profiles cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The files cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file is no profile.
    #[error(
        "`{path}` is no profile: {problem}\nhint: a profile has [[deviation]] and [[limitation]] tables, each with a reason"
    )]
    Malformed {
        /// Path below `features/`.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Every limitation that the profiles of a source declare, each with the profile's name.
///
/// # Errors
///
/// [`ProfileError`] when a profile cannot be read, or is none.
pub fn all(from: &FeatureSource) -> Result<Vec<(String, Limitation)>, ProfileError> {
    let mut declared = Vec::new();
    for file in source::profiles(from)? {
        let malformed = |problem| ProfileError::Malformed { path: file.path.clone(), problem };
        let profile = profile_file::read(&file.text).map_err(malformed)?;
        declared.extend(profile.limitations.into_iter().map(|each| (file.stem().to_owned(), each)));
    }
    Ok(declared)
}

/// What the profile of this name declares, as notes of a report.
///
/// # Errors
///
/// As [`all`].
pub fn notes(profile: &str, from: &FeatureSource) -> Result<Vec<String>, ProfileError> {
    let of_it = all(from)?.into_iter().filter(|(name, _)| name == profile);
    Ok(of_it.map(|(name, each)| format!("limitation of {name}, {}: {}", each.requirement, each.told())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_tells_its_own_limitations_and_no_others() {
        let told = notes("wso2-apim-4.3", &FeatureSource::Embedded).unwrap();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("SEED-IS7-02") && told[1].contains("SEED-IS7-03"), "{told:?}");
        assert!(told.iter().all(|note| note.ends_with("(https://apim.docs.wso2.com/en/4.3.0/)")), "{told:?}");
        assert!(notes("wso2-apim-4.7", &FeatureSource::Embedded).unwrap().is_empty());
    }

    #[test]
    fn a_profile_that_is_none_is_named_and_not_passed_over() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("profiles")).unwrap();
        for (text, problem) in [
            ("[[limitation]]\nrequirement = \"SEED-IS7-02\"\n", "missing field `reason`"),
            ("[[limitation]]\nrequirement = \"SEED-IS7-02\"\nreason = \" \"\n", "gives no reason"),
            ("[[limits]]\n", "unknown field `limits`"),
        ] {
            std::fs::write(root.path().join("profiles/acme.toml"), text).unwrap();
            let error = notes("reference", &FeatureSource::Folder(root.path().to_owned())).unwrap_err().to_string();
            assert!(error.contains("`profiles/acme.toml`") && error.contains(problem), "{error}");
        }
    }
}
