//! Ids of rules as tags write them: requirements of the seed documents, observed behaviour, OAuth clauses, defects.
//! What an id means stands in `features/catalogue/`; here is only its grammar.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which table of the catalogue an id belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleKind {
    /// A row of the seed documents, `SEED-…`.
    Requirement,
    /// What API Manager was seen to do, `APIM-…`.
    Behaviour,
    /// A clause of a standard, `OAUTH-…`.
    Clause,
    /// A defect that can be switched on, `DEF-…`.
    Defect,
}

/// The id of one rule, with the facet of it where the row names several things.
///
/// Shapes: `SEED-IS7-14`, `SEED-KM-06/saml`, `APIM-IS7-TOK-03`, `OAUTH-7662-2.2-a`, `DEF-044`, `DEF-SEED-OOB-05`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleId {
    kind: RuleKind,
    row: String,
    facet: Option<String>,
}

impl RuleId {
    /// Which table it belongs to.
    pub fn kind(&self) -> RuleKind {
        self.kind
    }

    /// The id of the row, without the facet.
    pub fn row(&self) -> &str {
        &self.row
    }

    /// The facet of the row, if one is named.
    pub fn facet(&self) -> Option<&str> {
        self.facet.as_deref()
    }
}

/// The text is not the id of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a rule id\nhint: ids look like SEED-IS7-14, SEED-KM-06/saml, APIM-TX-04, OAUTH-7662-2.2-a or DEF-044"
)]
pub struct NotARuleId(pub String);

impl FromStr for RuleId {
    type Err = NotARuleId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotARuleId(text.to_owned());
        let (row, facet) = match text.split_once('/') {
            Some((_, "")) => return Err(refuse()),
            Some((row, facet)) => (row, Some(facet.to_owned())),
            None => (text, None),
        };
        let kind = if row.starts_with("SEED-") {
            RuleKind::Requirement
        } else if row.starts_with("APIM-") {
            RuleKind::Behaviour
        } else if row.starts_with("OAUTH-") {
            RuleKind::Clause
        } else if row.starts_with("DEF-") {
            RuleKind::Defect
        } else {
            return Err(refuse());
        };
        let well_formed = row.split('-').count() >= if kind == RuleKind::Defect { 2 } else { 3 }
            && row
                .split('-')
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '.'));
        well_formed.then(|| Self { kind, row: row.to_owned(), facet }).ok_or_else(refuse)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row)?;
        self.facet.as_ref().map_or(Ok(()), |facet| write!(f, "/{facet}"))
    }
}

impl TryFrom<String> for RuleId {
    type Error = NotARuleId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RuleId> for String {
    fn from(id: RuleId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_as_they_were_written() {
        for text in [
            "SEED-IS7-14",
            "SEED-KM-06/saml",
            "OAUTH-7662-2.2-a",
            "OAUTH-OIDCD-4.3-a",
            "APIM-IS7-TOK-03",
            "DEF-044",
            "DEF-SEED-OOB-05",
        ] {
            assert_eq!(text.parse::<RuleId>().unwrap().to_string(), text);
        }
        let facet: RuleId = "SEED-KM-06/saml".parse().unwrap();
        assert_eq!((facet.kind(), facet.row(), facet.facet()), (RuleKind::Requirement, "SEED-KM-06", Some("saml")));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "core",
            "SEED-",
            "SEED-IS7-",
            "SEED-IS7-14/",
            "DEF",
            "DEF-",
            "OAUTH-7662",
            "APIM-TX",
            "seed-is7-14",
            "DEF-0 4",
        ] {
            assert!(text.parse::<RuleId>().is_err(), "{text}");
        }
    }
}
