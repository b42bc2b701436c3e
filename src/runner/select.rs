//! Which scenarios a run is about: area, tag expression, shard; and whether every tag means something.
//! Nothing is executed here, so `--list` and a run agree.

use std::collections::{BTreeMap, BTreeSet};

use cucumber::{
    gherkin::{Background, Feature, Rule, Scenario, Step, tagexpr::TagOperation},
    tag::Ext as _,
};

use super::parse::{id_of, path_of, server_of};
use kmspec_model::{
    capability::Capability,
    catalogue::{Catalogue, SERVER_TAG},
    plan::{MockPlan, RunPlan, SubjectPlan},
    rule::{RuleId, RuleKind},
    scenario_id::ScenarioId,
};

/// The scenarios of a run, known to be well-formed.
#[derive(Debug)]
pub struct Selection {
    /// What runs, by id.
    pub scenarios: BTreeMap<ScenarioId, Selected>,
    /// The features with only those scenarios in them.
    pub features: Vec<Feature>,
    /// Every scenario of the area, selected or not.
    pub known: BTreeSet<ScenarioId>,
    /// The mock authorization servers that some of them are about.
    pub servers: Vec<MockPlan>,
}

/// One scenario that was selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Its id.
    pub id: ScenarioId,
    /// The mock authorization server that it is about, where there are several.
    pub server: Option<String>,
    /// Title of its feature.
    pub feature: String,
    /// Path of the feature below `features/`.
    pub feature_path: String,
    /// Title of the rule it stands under, if any.
    pub rule: Option<String>,
    /// Its title.
    pub title: String,
    /// Its line in the feature file.
    pub line: usize,
    /// Every tag that applies to it, without `@`.
    pub tags: Vec<String>,
    /// What it needs of its subject.
    pub needs: Vec<Capability>,
    /// Its steps, backgrounds first.
    pub steps: Vec<PlannedStep>,
}

impl Selected {
    /// Whether nothing that is known turns it red: it carries the tag of no defect.
    pub fn is_unbroken(&self) -> bool {
        let defect = |tag: &String| tag.parse::<RuleId>().is_ok_and(|rule| rule.kind() == RuleKind::Defect);
        !self.tags.iter().any(defect)
    }
}

/// A step before it ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// Keyword without the trailing blank.
    pub keyword: String,
    /// The phrase.
    pub text: String,
    /// Its line.
    pub line: usize,
}

impl From<&Step> for PlannedStep {
    fn from(step: &Step) -> Self {
        Self { keyword: step.keyword.trim().to_owned(), text: step.value.clone(), line: step.position.line }
    }
}

/// A plan that selects nothing, or features that contradict the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// The tag expression cannot be read.
    #[error(
        "cannot read the tag expression `{expression}` near column {column}\nhint: write for example --tags '@core and not (@slow or @needs:tenants)'"
    )]
    Expression {
        /// As typed.
        expression: String,
        /// Where reading stopped.
        column: usize,
    },
    /// Nothing is left to run.
    #[error(
        "{asked} selects none of {known} scenarios\nhint: `--list` prints what a selection holds; features/README.md lists every tag"
    )]
    Nothing {
        /// What was asked for, as arguments.
        asked: String,
        /// How many there are to select from.
        known: usize,
    },
    /// There are no features at all for this command.
    #[error("there are no features under `{area}/`\nhint: `--features` takes a folder that holds `{area}/`")]
    NoFeatures {
        /// The folder below `features/`.
        area: &'static str,
    },
    /// Two scenarios would share an id.
    #[error(
        "two scenarios have the id `{id}` (lines {first} and {second})\nhint: give one of them another title, or other cells in its row"
    )]
    DuplicateId {
        /// The id.
        id: ScenarioId,
        /// Line of the one.
        first: usize,
        /// Line of the other.
        second: usize,
    },
    /// A tag is in no list.
    #[error("the tag `@{tag}` on `{id}` ({path}, line {line}) is in no list\nhint: {hint}")]
    UnknownTag {
        /// Without `@`.
        tag: String,
        /// The scenario that carries it.
        id: ScenarioId,
        /// Its feature.
        path: String,
        /// Its line.
        line: usize,
        /// Which list it should be in.
        hint: String,
    },
}

/// Selects what the plan asks for.
///
/// # Errors
///
/// [`SelectionError`] for a tag expression that cannot be read, tags that mean nothing, ids that are not unique, and
/// a selection that is empty.
pub fn select(features: Vec<Feature>, plan: &RunPlan, catalogue: &Catalogue) -> Result<Selection, SelectionError> {
    let wanted = plan.tags.as_deref().map(expression).transpose()?;
    let mocks = certified_mocks(plan, catalogue);
    let mut known: BTreeMap<ScenarioId, usize> = BTreeMap::new();
    let mut selection =
        Selection { scenarios: BTreeMap::new(), features: Vec::new(), known: BTreeSet::new(), servers: Vec::new() };
    let editions = features.into_iter().map(|feature| editions(feature, plan.area, &mocks, catalogue));
    for mut feature in editions.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        for (rule, scenario) in scenarios(&feature) {
            let candidate = describe(&feature, rule, scenario);
            if let Some(first) = known.insert(candidate.id.clone(), candidate.line) {
                return Err(SelectionError::DuplicateId { id: candidate.id, first, second: candidate.line });
            }
            let tagged = wanted.as_ref().is_none_or(|wanted| wanted.eval(&candidate.tags));
            if tagged && in_shard(&candidate.id, plan.shard) {
                selection.scenarios.insert(candidate.id.clone(), candidate);
            }
        }
        retain(&mut feature, &|id| selection.scenarios.contains_key(id));
        if scenarios(&feature).next().is_some() {
            selection.features.push(feature);
        }
    }
    if known.is_empty() {
        return Err(SelectionError::NoFeatures { area: plan.area });
    }
    if selection.scenarios.is_empty() {
        return Err(SelectionError::Nothing { asked: asked(plan), known: known.len() });
    }
    let about = |mock: &MockPlan| {
        selection.scenarios.values().any(|scenario| scenario.server.as_deref() == Some(mock.mock.as_str()))
    };
    selection.servers = mocks.into_iter().filter(about).collect();
    selection.known = known.into_keys().collect();
    Ok(selection)
}

/// Folder of the scenarios about authorization servers.
const SERVERS: &str = "authorization_server";

/// The mock servers that are certified beside the subject: beside the embedded platform all of them, unless a defect is
/// switched on that no authorization server has.
pub fn certified_mocks(plan: &RunPlan, catalogue: &Catalogue) -> Vec<MockPlan> {
    let of_a_server =
        |id: &RuleId| catalogue.defects.iter().any(|row| row.id == id.row() && row.side == "authorization server");
    match plan.subject {
        SubjectPlan::Embedded if plan.defect.as_ref().is_none_or(of_a_server) => catalogue.mocks(),
        _ => Vec::new(),
    }
}

/// The feature as often as it is to be run: once when it is of the plan's own area, once a mock server when it is about
/// authorization servers. Such an edition says in its tags which server it is about, and so do the ids in it.
///
/// # Errors
///
/// [`SelectionError::UnknownTag`], for features of neither kind excepted.
fn editions(
    feature: Feature,
    area: &str,
    mocks: &[MockPlan],
    catalogue: &Catalogue,
) -> Result<Vec<Feature>, SelectionError> {
    let path = path_of(&feature);
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    if below(area) {
        check_tags(&feature, catalogue)?;
        return Ok(vec![feature]);
    }
    if !below(SERVERS) || mocks.is_empty() {
        return Ok(Vec::new());
    }
    check_tags(&feature, catalogue)?;
    let about = |mock: &MockPlan| {
        let mut edition = feature.clone();
        edition.tags.push(format!("{SERVER_TAG}{}", mock.mock));
        edition
    };
    Ok(mocks.iter().map(about).collect())
}

/// Describes every scenario of every feature.
///
/// # Errors
///
/// [`SelectionError::UnknownTag`].
pub fn describe_all(features: &[Feature], catalogue: &Catalogue) -> Result<Vec<Selected>, SelectionError> {
    features.iter().try_for_each(|feature| check_tags(feature, catalogue))?;
    let all =
        features.iter().flat_map(|feature| scenarios(feature).map(move |(rule, scenario)| (feature, rule, scenario)));
    Ok(all.map(|(feature, rule, scenario)| describe(feature, rule, scenario)).collect())
}

/// Leaves only the scenarios in a feature whose id passes.
pub fn retain(feature: &mut Feature, keep: &dyn Fn(&ScenarioId) -> bool) {
    let shell = Feature { scenarios: Vec::new(), rules: Vec::new(), ..feature.clone() };
    feature.scenarios.retain(|scenario| keep(&id_of(&shell, scenario)));
    for rule in &mut feature.rules {
        rule.scenarios.retain(|scenario| keep(&id_of(&shell, scenario)));
    }
    feature.rules.retain(|rule| !rule.scenarios.is_empty());
}

/// Every tag that applies to a scenario, without `@`, each once.
pub fn tags_of(feature: &Feature, rule: Option<&Rule>, scenario: &Scenario) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in feature.tags.iter().chain(rule.into_iter().flat_map(|rule| &rule.tags)).chain(&scenario.tags) {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

fn scenarios(feature: &Feature) -> impl Iterator<Item = (Option<&Rule>, &Scenario)> {
    let ruled = feature.rules.iter().flat_map(|rule| rule.scenarios.iter().map(move |scenario| (Some(rule), scenario)));
    feature.scenarios.iter().map(|scenario| (None, scenario)).chain(ruled)
}

/// Every tag that stands in a feature is in a list.
fn check_tags(feature: &Feature, catalogue: &Catalogue) -> Result<(), SelectionError> {
    for (rule, scenario) in scenarios(feature) {
        for tag in tags_of(feature, rule, scenario) {
            catalogue.check_tag(&tag).map_err(|hint| SelectionError::UnknownTag {
                tag,
                id: id_of(feature, scenario),
                path: path_of(feature),
                line: scenario.position.line,
                hint,
            })?;
        }
    }
    Ok(())
}

fn describe(feature: &Feature, rule: Option<&Rule>, scenario: &Scenario) -> Selected {
    let tags = tags_of(feature, rule, scenario);
    let backgrounds = [feature.background.as_ref(), rule.and_then(|rule| rule.background.as_ref())];
    let before = backgrounds.into_iter().flatten().flat_map(|background: &Background| &background.steps);
    Selected {
        id: id_of(feature, scenario),
        server: server_of(&tags).map(str::to_owned),
        feature: feature.name.clone(),
        feature_path: path_of(feature),
        rule: rule.map(|rule| rule.name.clone()),
        title: scenario.name.clone(),
        line: scenario.position.line,
        needs: tags.iter().filter_map(|tag| tag.strip_prefix("needs:")?.parse().ok()).collect(),
        tags,
        steps: before.chain(&scenario.steps).map(PlannedStep::from).collect(),
    }
}

fn expression(text: &str) -> Result<TagOperation, SelectionError> {
    text.trim().parse().map_err(|error: <TagOperation as std::str::FromStr>::Err| SelectionError::Expression {
        expression: text.to_owned(),
        column: error.location.column,
    })
}

fn asked(plan: &RunPlan) -> String {
    let mut asked = Vec::new();
    asked.extend(plan.tags.as_ref().map(|tags| format!("`--tags {tags}`")));
    asked.extend(plan.shard.map(|(part, parts)| format!("`--shard {part}/{parts}`")));
    if asked.is_empty() { "the plan".to_owned() } else { asked.join(" with ") }
}

/// Whether an id falls into a part. The same id falls into the same part on every machine.
fn in_shard(id: &ScenarioId, shard: Option<(u32, u32)>) -> bool {
    shard.is_none_or(|(part, parts)| fnv1a(id.as_str()) % u64::from(parts) == u64::from(part - 1))
}

/// FNV-1a, 64 bits: the hash of the standard library promises nothing across releases.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
