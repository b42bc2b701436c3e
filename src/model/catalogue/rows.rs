//! The rows of the catalogue as its files hold them: requirements, behaviour, clauses, defects, key manager types.
//! Reading the files and looking ids up belong to the catalogue itself.

use serde::Deserialize;

/// A row of the seed documents.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// For example `SEED-IS7-14`.
    pub id: String,
    /// Number of the document.
    pub document: String,
    /// Which subjects are tested for it.
    pub under_test: Vec<String>,
    /// What must hold.
    pub text: String,
    /// The several things it names, if it does.
    #[serde(default)]
    pub facets: Vec<String>,
    /// What is found out by measuring, which no scenario does.
    #[serde(default)]
    pub measured: Vec<Measurement>,
}

/// A test or bench that holds a requirement, or one facet of it, by measuring.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// The facet; the whole row without it.
    #[serde(default)]
    pub facet: Option<String>,
    /// File in the repository.
    pub file: String,
    /// Name of the test or bench in it.
    pub name: String,
}

impl Requirement {
    /// What measures the row as a whole, or this facet of it.
    pub fn measured_by(&self, facet: Option<&str>) -> impl Iterator<Item = &Measurement> {
        self.measured.iter().filter(move |each| each.facet.as_deref() == facet)
    }
}

/// What API Manager was seen to do with key managers, and its users count on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// For example `APIM-TX-04`.
    pub id: String,
    /// What holds.
    pub text: String,
    /// What is found out by a test of the platform, which no scenario does.
    #[serde(default)]
    pub measured: Vec<Measurement>,
    /// Why neither a scenario nor a test shows it, where that is so.
    #[serde(default)]
    pub outside: Option<String>,
}

/// A clause of a standard.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// For example `OAUTH-7662-2.2-a`.
    pub id: String,
    /// Number of the RFC, or the short name of the specification.
    pub rfc: String,
    /// Section in it.
    pub section: String,
    /// `must`, `should` or `may`.
    pub level: String,
    /// Whom it binds.
    pub side: Vec<String>,
    /// What must hold.
    pub text: String,
    /// The several things it names, if it does.
    #[serde(default)]
    pub facets: Vec<String>,
    /// Servers known to do otherwise.
    #[serde(default)]
    pub deviates: Vec<KnownDeviation>,
}

/// A server that is known to do otherwise than a clause says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDeviation {
    /// The server.
    pub server: String,
    /// What it does instead.
    pub how: String,
}

/// A defect that a suite must notice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// For example `DEF-044`.
    pub id: String,
    /// A short name.
    pub name: String,
    /// Where it sits.
    pub side: String,
    /// What goes wrong.
    pub wrong: String,
    /// How that shows over HTTP.
    pub seen: String,
    /// Where such a defect was found, or is ruled out.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Requirements it breaks, where it was made for them.
    #[serde(default)]
    pub breaks: Vec<String>,
    /// Why no run can switch it on, where none can.
    #[serde(default)]
    pub not_switchable: Option<String>,
}

/// A type of key manager.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Type as on the wire.
    #[serde(rename = "type")]
    pub wire_type: String,
    /// Name of its connector in tags.
    pub connector: String,
    /// Mock that plays it, if one does.
    pub mock: Option<String>,
    /// Name as shown.
    pub name: String,
    /// Claim that carries the consumer key unless configured otherwise.
    pub consumer_key_claim: Option<String>,
    /// Claim that carries the scopes unless configured otherwise.
    pub scopes_claim: String,
    /// Connector properties that the form asks for.
    #[serde(default)]
    pub properties: Vec<String>,
    /// Which of those are masked.
    #[serde(default)]
    pub secrets: Vec<String>,
}
