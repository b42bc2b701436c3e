//! What a profile declares that its product cannot do at all: requirements that no scenario can hold or refute there.
//! Scenarios that end otherwise there are declared deviations, and stand elsewhere in the same file.

use serde::Deserialize;

use super::source::{self, SourceError};
use kmspec_model::plan::FeatureSource;

/// One declared limitation: `[[limitation]]` of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limitation {
    /// The requirement that speaks of it.
    pub requirement: String,
    /// What cannot be done, and who says so.
    pub reason: String,
    /// Where it is said.
    pub link: Option<String>,
}

#[derive(Deserialize)]
struct Profile {
    #[serde(default)]
    limitation: Vec<Limitation>,
}

/// Every limitation that the profiles of a source declare, each with the profile's name.
///
/// # Errors
///
/// [`SourceError::Unreadable`] when a profile cannot be read. One that is no TOML declares none here; whoever uses that
/// profile is told.
pub fn all(from: &FeatureSource) -> Result<Vec<(String, Limitation)>, SourceError> {
    let mut declared = Vec::new();
    for file in source::profiles(from)? {
        let Ok(profile) = toml::from_str::<Profile>(&file.text) else { continue };
        declared.extend(profile.limitation.into_iter().map(|each| (file.stem().to_owned(), each)));
    }
    Ok(declared)
}

/// What the profile of this name declares, as notes of a report.
///
/// # Errors
///
/// As [`all`].
pub fn notes(profile: &str, from: &FeatureSource) -> Result<Vec<String>, SourceError> {
    let of_it = all(from)?.into_iter().filter(|(name, _)| name == profile);
    Ok(of_it.map(|(name, each)| format!("limitation of {name}, {}: {}", each.requirement, each.reason)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_tells_its_own_limitations_and_no_others() {
        let told = notes("wso2-apim-4.3", &FeatureSource::Embedded).unwrap();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("SEED-IS7-02") && told[1].contains("SEED-IS7-03"), "{told:?}");
        assert!(notes("wso2-apim-4.7", &FeatureSource::Embedded).unwrap().is_empty());
    }
}
