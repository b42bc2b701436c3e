//! What the ids mean: rows of `features/catalogue/`, read from the texts of its files, and what a tag may say.
//! Where the texts come from is the runner's business; the numbers stand in the files only.

use std::collections::BTreeSet;

use serde::{Deserialize, de::DeserializeOwned};

mod rows;

pub use rows::{Behaviour, Clause, Defect, KnownDeviation, Measurement, Requirement, Vendor};

use super::{
    capability::Capability,
    plan::MockPlan,
    rule::{RuleId, RuleKind},
};

/// How the tag begins that a scenario carries when it is about one of several authorization servers.
pub const SERVER_TAG: &str = "server:";

/// Every table of the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// What the seed documents require.
    pub requirements: Vec<Requirement>,
    /// What API Manager was seen to do with key managers.
    pub behaviours: Vec<Behaviour>,
    /// Clauses of the standards.
    pub clauses: Vec<Clause>,
    /// Defects that a suite must notice.
    pub defects: Vec<Defect>,
    /// Key manager types.
    pub vendors: Vec<Vendor>,
    /// The closed lists of tags.
    pub tags: Tags,
}

/// The closed lists of tags.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// What is under test.
    #[serde(default, rename = "area")]
    pub areas: Vec<Tag>,
    /// Whether every product must pass.
    #[serde(default, rename = "level")]
    pub levels: Vec<Tag>,
    /// Which quick subset, and how it may run.
    #[serde(default, rename = "kind")]
    pub kinds: Vec<Tag>,
    /// For which type of key manager.
    #[serde(default, rename = "connector")]
    pub connectors: Vec<Tag>,
}

/// One tag of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Without `@`, and without `connector:`.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// A catalogue that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// A file is no TOML of its shape.
    #[error("cannot read the catalogue file `{path}`: {problem}\nhint: the head of each file says what its rows hold")]
    Malformed {
        /// The file.
        path: String,
        /// Where and why.
        problem: String,
    },
    /// No table goes by the file's name.
    #[error(
        "`{0}` is no file of the catalogue\nhint: there are requirements, behaviour, clauses, defects, vendors and tags"
    )]
    UnknownFile(String),
    /// Two rows share an id, or an id is of another table.
    #[error(
        "the catalogue row `{0}` stands twice or in the wrong file\nhint: ids are unique, and their prefix names their file"
    )]
    Misplaced(String),
}

/// What a rule says, for a reader of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// The row's id.
    pub id: String,
    /// Where it comes from: a document, a section, the seat of a defect.
    pub origin: String,
    /// What it says.
    pub text: String,
}

impl Catalogue {
    /// Reads the catalogue from its files, as pairs of path and text.
    ///
    /// # Errors
    ///
    /// [`CatalogueError`] for a file that is malformed or unknown, and for rows that stand twice or in the wrong file.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        for (path, text) in files {
            match path.rsplit('/').next().unwrap_or(path) {
                "requirements.toml" => catalogue.requirements = read::<Rows>(path, text)?.requirement,
                "behaviour.toml" => catalogue.behaviours = read::<Rows>(path, text)?.behaviour,
                "clauses.toml" => catalogue.clauses = read::<Rows>(path, text)?.clause,
                "defects.toml" => catalogue.defects = read::<Rows>(path, text)?.defect,
                "vendors.toml" => catalogue.vendors = read::<Rows>(path, text)?.vendor,
                "tags.toml" => catalogue.tags = read(path, text)?,
                _ => return Err(CatalogueError::UnknownFile(path.to_owned())),
            }
        }
        catalogue.check_ids()?;
        Ok(catalogue)
    }

    fn check_ids(&self) -> Result<(), CatalogueError> {
        let mut seen = BTreeSet::new();
        let requirements = self.requirements.iter().map(|row| (&row.id, RuleKind::Requirement));
        let behaviours = self.behaviours.iter().map(|row| (&row.id, RuleKind::Behaviour));
        let clauses = self.clauses.iter().map(|row| (&row.id, RuleKind::Clause));
        let defects = self.defects.iter().map(|row| (&row.id, RuleKind::Defect));
        for (id, kind) in requirements.chain(behaviours).chain(clauses).chain(defects) {
            let fits = id.parse::<RuleId>().is_ok_and(|rule| rule.kind() == kind && rule.facet().is_none());
            if !fits || !seen.insert(id) {
                return Err(CatalogueError::Misplaced(id.clone()));
            }
        }
        Ok(())
    }

    /// What a rule says; `None` when no row has its id.
    pub fn rule(&self, id: &RuleId) -> Option<RuleText> {
        let row = id.row();
        let text = |origin: String, text: String| RuleText { id: row.to_owned(), origin, text };
        match id.kind() {
            RuleKind::Requirement => self.requirements.iter().find(|each| each.id == row).map(|each| {
                let document = format!("seed document {}", each.document);
                text(document, each.text.clone())
            }),
            RuleKind::Behaviour => self
                .behaviours
                .iter()
                .find(|each| each.id == row)
                .map(|each| text("observed at API Manager".to_owned(), each.text.clone())),
            RuleKind::Clause => self.clauses.iter().find(|each| each.id == row).map(|each| {
                text(
                    format!("{}, section {}, {}", specification(&each.rfc), each.section, each.level),
                    each.text.clone(),
                )
            }),
            RuleKind::Defect => self
                .defects
                .iter()
                .find(|each| each.id == row)
                .map(|each| text(each.side.clone(), format!("{}: {}", each.name, each.wrong))),
        }
    }

    fn facets(&self, id: &RuleId) -> &[String] {
        let row = id.row();
        let requirement = self.requirements.iter().find(|each| each.id == row).map(|each| &each.facets);
        let clause = || self.clauses.iter().find(|each| each.id == row).map(|each| &each.facets);
        requirement.or_else(clause).map_or(&[], Vec::as_slice)
    }

    /// The mock authorization servers, each once, in the order of the file.
    pub fn mocks(&self) -> Vec<MockPlan> {
        let mut mocks: Vec<MockPlan> = Vec::new();
        for vendor in &self.vendors {
            let Some(mock) = &vendor.mock else { continue };
            if mocks.iter().all(|known| known.mock != *mock) {
                let (key_manager_type, name) = (vendor.wire_type.clone(), vendor.name.clone());
                mocks.push(MockPlan { mock: mock.clone(), key_manager_type, name });
            }
        }
        mocks
    }

    /// Whether a tag, written without `@`, is in one of the closed lists.
    ///
    /// # Errors
    ///
    /// What to do about it, as the text of a hint.
    pub fn check_tag(&self, tag: &str) -> Result<(), String> {
        let holds = |list: &[Tag], name: &str| list.iter().any(|each| each.name == name);
        let names = |list: &[Tag]| list.iter().map(|each| each.name.as_str()).collect::<Vec<_>>().join(", ");
        if let Some(capability) = tag.strip_prefix("needs:") {
            let known = Capability::ALL.map(Capability::name).join(", ");
            return capability.parse::<Capability>().map(|_| ()).map_err(|_| format!("capabilities are {known}"));
        }
        if let Some(connector) = tag.strip_prefix("connector:") {
            let known = holds(&self.tags.connectors, connector);
            return known.then_some(()).ok_or_else(|| format!("connectors are {}", names(&self.tags.connectors)));
        }
        if tag.starts_with(SERVER_TAG) {
            return Err("`@server:…` stands in no feature: selection gives each mock server its own".to_owned());
        }
        if let Ok(rule) = tag.parse::<RuleId>() {
            if self.rule(&rule).is_none() {
                return Err(format!("no row of the catalogue is called `{}`", rule.row()));
            }
            let facets = self.facets(&rule);
            return match rule.facet() {
                Some(facet) if !facets.iter().any(|each| each == facet) => {
                    Err(format!("`{}` has these facets: {}", rule.row(), facets.join(", ")))
                }
                _ => Ok(()),
            };
        }
        let lists = [&self.tags.areas, &self.tags.levels, &self.tags.kinds];
        let known = lists.iter().any(|list| holds(list, tag));
        known.then_some(()).ok_or_else(|| "features/README.md lists every tag".to_owned())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    #[serde(default)]
    requirement: Vec<Requirement>,
    #[serde(default)]
    behaviour: Vec<Behaviour>,
    #[serde(default)]
    clause: Vec<Clause>,
    #[serde(default)]
    defect: Vec<Defect>,
    #[serde(default)]
    vendor: Vec<Vendor>,
}

fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, CatalogueError> {
    toml::from_str(text)
        .map_err(|error| CatalogueError::Malformed { path: path.to_owned(), problem: error.to_string() })
}

fn specification(rfc: &str) -> String {
    if rfc.starts_with(|first: char| first.is_ascii_digit()) { format!("RFC {rfc}") } else { rfc.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIREMENTS: &str = r#"
        [[requirement]]
        id = "SEED-KM-06"
        document = "004"
        under_test = ["platform"]
        text = "Grant types can be chosen"
        facets = ["saml", "password"]
    "#;
    const TAGS: &str = r#"
        [[area]]
        name = "permissions"
        text = "Who may"
        [[connector]]
        name = "okta"
        text = "Okta"
    "#;

    fn catalogue() -> Catalogue {
        Catalogue::parse([("catalogue/requirements.toml", REQUIREMENTS), ("catalogue/tags.toml", TAGS)]).unwrap()
    }

    #[test]
    fn a_tag_must_stand_in_a_list_and_a_rule_in_a_table() {
        let catalogue = catalogue();
        for tag in ["permissions", "connector:okta", "needs:dcr", "SEED-KM-06", "SEED-KM-06/saml"] {
            assert_eq!(catalogue.check_tag(tag), Ok(()), "{tag}");
        }
        for tag in ["permission", "okta", "connector:ping", "needs:magic", "SEED-KM-99", "SEED-KM-06/jwt", "DEF-001"] {
            assert!(catalogue.check_tag(tag).is_err(), "{tag}");
        }
    }

    #[test]
    fn a_row_that_stands_twice_or_elsewhere_is_refused() {
        let twice = format!("{REQUIREMENTS}{REQUIREMENTS}");
        let misplaced = REQUIREMENTS.replace("SEED-KM-06", "DEF-006");
        for text in [twice, misplaced] {
            let error = Catalogue::parse([("requirements.toml", text.as_str())]).unwrap_err();
            assert!(matches!(error, CatalogueError::Misplaced(_)), "{error}");
        }
    }

    #[test]
    fn an_unknown_field_names_its_file_and_line() {
        let text = REQUIREMENTS.replace("document", "documnet");
        let error = Catalogue::parse([("catalogue/requirements.toml", text.as_str())]).unwrap_err().to_string();
        assert!(error.contains("catalogue/requirements.toml") && error.contains("documnet"), "{error}");
    }
}
