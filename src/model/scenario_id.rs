//! The stable id of a scenario: JUnit names, deviations, shards, merge and diff all use it.
//! Making ids unique over a whole run is the runner's business.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `<path under features>/<title slug>[<row cells>]`, for example
/// `platform/token_validation/jwt/an-expired-token-is-refused[RS256]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScenarioId(String);

impl ScenarioId {
    /// Composes the id from the feature's path (with or without `.feature`), the scenario's title and the cells of
    /// its example row, if it has one.
    pub fn new(feature_path: &str, title: &str, row: Option<&[String]>) -> Self {
        let path = feature_path.trim_end_matches(".feature").replace('\\', "/");
        let mut id = format!("{path}/{}", slug(title));
        if let Some(cells) = row {
            id.push('[');
            id.push_str(&cells.join(","));
            id.push(']');
        }
        Self(id)
    }

    /// The id of the same scenario at one authorization server of several: `…@okta`.
    pub fn at(&self, server: &str) -> Self {
        Self(format!("{}@{server}", self.0))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ScenarioId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for ScenarioId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case words joined by hyphens; everything else is dropped.
fn slug(title: &str) -> String {
    title
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '\'')
        .map(|word| word.replace('\'', "").to_lowercase())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_path_title_and_row() {
        let row = ["RS256".to_owned(), "2048 bits".to_owned()];
        let id =
            ScenarioId::new("platform/token_validation/jwt.feature", "A token's `kid` selects the key", Some(&row));
        assert_eq!(id.as_str(), "platform/token_validation/jwt/a-tokens-kid-selects-the-key[RS256,2048 bits]");
    }
}
