//! A file of what a product does otherwise or cannot do: `[[deviation]]` and `[[limitation]]` tables, as they are written.
//! Whether a line still holds is decided where lines are used; where files come from, in `source`.

use serde::Deserialize;

use super::observation;

/// What stands in a profile, or in a file of declared deviations.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// Scenarios that end otherwise.
    #[serde(default, rename = "deviation")]
    pub deviations: Vec<Deviation>,
    /// Requirements that no scenario can hold or refute; in profiles alone.
    #[serde(default, rename = "limitation")]
    pub limitations: Vec<Limitation>,
}

/// One declared deviation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// Id of the scenario.
    pub id: String,
    /// What the product does instead, or why.
    pub reason: String,
    /// What the scenario observes then: what its failing step tells, as a whole. `*` stands for what differs from run to run.
    pub observed: String,
    /// Where it is said.
    pub link: Option<String>,
    /// The last day on which it is accepted, such as `2026-12-31`.
    pub expires: Option<String>,
}

/// One declared limitation.
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

impl Limitation {
    /// Its reason, and where it is said.
    pub fn told(&self) -> String {
        match &self.link {
            Some(link) => format!("{} ({link})", self.reason),
            None => self.reason.clone(),
        }
    }
}

/// Reads the text of a file. Every deviation and limitation gives a reason, none stands twice, and a deviation says what
/// is observed.
///
/// # Errors
///
/// What is wrong with it, in a sentence or with its line.
pub fn read(text: &str) -> Result<ProfileFile, String> {
    let file: ProfileFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let deviations = file.deviations.iter().map(|each| (&each.id, &each.reason));
    let limitations = file.limitations.iter().map(|each| (&each.requirement, &each.reason));
    let lines: Vec<_> = deviations.chain(limitations).collect();
    for (at, (id, reason)) in lines.iter().enumerate() {
        if reason.trim().is_empty() {
            return Err(format!("`{id}` gives no reason"));
        }
        if lines[..at].iter().any(|(before, _)| before == id) {
            return Err(format!("`{id}` stands twice"));
        }
    }
    if let Some(each) = file.deviations.iter().find(|each| !observation::says_something(&each.observed)) {
        return Err(format!("`{}` accepts whatever is observed: its `observed` is `{}`", each.id, each.observed));
    }
    Ok(file)
}
