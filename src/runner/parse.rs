//! Feature texts into features with their outlines expanded, and the id of each scenario.
//! Which of them run is decided by [`super::select`].

use cucumber::{
    feature::Ext as _,
    gherkin::{Feature, GherkinEnv, Scenario, StepType},
};

use super::source::SourceFile;
use kmspec_model::{catalogue::SERVER_TAG, scenario_id::ScenarioId};

/// A feature that cannot be understood: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read feature `{path}`: line {line}, column {column}: {problem}\n{excerpt}\nhint: {hint}")]
pub struct FeatureError {
    /// Path below `features/`.
    pub path: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// The line with a mark below the column.
    pub excerpt: String,
    /// What to do about it.
    pub hint: String,
}

/// Reads one feature and turns each example row into a scenario of its own.
///
/// # Errors
///
/// [`FeatureError`] when the text is no Gherkin, or a placeholder names no column.
pub fn feature(file: &SourceFile) -> Result<Feature, FeatureError> {
    let parsed = Feature::parse(&file.text, GherkinEnv::default()).map_err(|error| refuse(file, &error.to_string()))?;
    let mut feature = parsed.expand_examples().map_err(|error| {
        at(
            file,
            (error.pos.line, error.pos.col),
            format!("the placeholder <{}> names no column of the examples", error.name),
            "every <placeholder> of an outline needs a column of that name in each of its Examples",
        )
    })?;
    feature.path = Some(file.path.clone().into());
    let mut scenarios = feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios));
    match scenarios.find_map(|scenario| Some((scenario, missing(scenario)?))) {
        None => Ok(feature),
        Some((scenario, keyword)) => Err(at(
            file,
            (scenario.position.line, scenario.position.col),
            format!("the scenario `{}` has no {keyword}", scenario.name),
            "without an act (When) and an observation (Then) nothing is found out; what stands ready is a Given",
        )),
    }
}

/// The keyword of the first kind of step that a scenario cannot do without and has not got.
fn missing(scenario: &Scenario) -> Option<&'static str> {
    let has = |kind| scenario.steps.iter().any(|step| step.ty == kind);
    [(StepType::When, "When"), (StepType::Then, "Then")].into_iter().find(|(kind, _)| !has(*kind)).map(|(_, word)| word)
}

/// The stable id of a scenario whose outline is expanded: a pure function of what cucumber hands to a hook.
pub fn id_of(feature: &Feature, scenario: &Scenario) -> ScenarioId {
    let row =
        scenario.examples.first().and_then(|examples| examples.table.as_ref()).and_then(|table| table.rows.get(1));
    let id = ScenarioId::new(&path_of(feature), &scenario.name, row.map(Vec::as_slice));
    server_of(&feature.tags).map_or_else(|| id.clone(), |server| id.at(server))
}

/// The authorization server that selection made these tags' scenario about.
pub fn server_of(tags: &[String]) -> Option<&str> {
    tags.iter().find_map(|tag| tag.strip_prefix(SERVER_TAG))
}

/// The feature's path below `features/`.
pub fn path_of(feature: &Feature) -> String {
    feature.path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The parser backtracks, so the place where it gave up is seldom the one to blame: look for that first.
fn refuse(file: &SourceFile, message: &str) -> FeatureError {
    if let Some((line, problem, hint)) = culprit(&file.text) {
        let text = file.text.lines().nth(line - 1).unwrap_or_default();
        let column = 1 + text.chars().take_while(|c| c.is_whitespace()).count();
        return at(file, (line, column), problem.to_owned(), hint);
    }
    // The parser says its position only in its message: `Error at 3:5: {…}`.
    let position = message
        .strip_prefix("Error at ")
        .and_then(|rest| rest.split_once(": "))
        .and_then(|(position, _)| position.split_once(':'))
        .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)))
        .unwrap_or((1, 1));
    let hint = "a feature has a title, and scenarios with a title and steps; features/README.md shows one";
    at(file, position, "the feature cannot be understood from here on".to_owned(), hint)
}

const STEPS: [&str; 6] = ["Given ", "When ", "Then ", "And ", "But ", "* "];
const HEADS: [&str; 9] = [
    "Feature:",
    "Background:",
    "Rule:",
    "Scenario:",
    "Scenario Outline:",
    "Scenario Template:",
    "Example:",
    "Examples:",
    "Scenarios:",
];

/// The first line that cannot stand where it stands, with what is wrong and what to do.
fn culprit(text: &str) -> Option<(usize, &'static str, &'static str)> {
    let (mut in_steps, mut in_text, mut cells) = (false, false, None);
    let mut titled = false;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        let quotes = line.starts_with("\"\"\"") || line.starts_with("```");
        in_text ^= quotes;
        if in_text || quotes || line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('|') {
            let count = line.replace("\\|", "").matches('|').count();
            if cells.replace(count).is_some_and(|before| before != count) {
                return Some((number, "this row has another number of cells than the row above", "align the table"));
            }
            continue;
        }
        cells = None;
        if HEADS.iter().any(|head| line.starts_with(head)) {
            (in_steps, titled) = (false, true);
        } else if STEPS.iter().any(|step| line.starts_with(step)) {
            if !titled {
                return Some((number, "a step stands outside of any scenario", "begin with `Feature:` and a title"));
            }
            in_steps = true;
        } else if !line.starts_with('@') && (in_steps || !titled) {
            let hint = "steps begin with Given, When, Then, And or But; titles with Feature:, Background:, Rule:, Scenario:, \
                        Scenario Outline: or Examples:";
            return Some((number, "this line begins with no keyword", hint));
        }
    }
    (!titled).then_some((1, "there is no feature in this file", "begin with `Feature:` and a title"))
}

fn at(file: &SourceFile, (line, column): (usize, usize), problem: String, hint: &str) -> FeatureError {
    let text = file.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let excerpt = format!("{line:>5} | {text}\n      | {}^", " ".repeat(column.saturating_sub(1)));
    FeatureError { path: file.path.clone(), line, column, problem, excerpt, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "platform/a.feature".into(), text: text.into() }
    }

    #[test]
    fn an_outline_becomes_a_scenario_per_row_with_an_id_of_its_own() {
        let feature = feature(&file(
            "Feature: F\n  Scenario Outline: A <alg> token passes\n    Given a <alg> key\n    When b\n    Then c\n    Examples:\n      | alg |\n      | RS256 |\n      | ES256 |\n",
        ))
        .unwrap();
        let ids: Vec<_> = feature.scenarios.iter().map(|each| id_of(&feature, each).to_string()).collect();
        assert_eq!(ids, ["platform/a/a-rs256-token-passes[RS256]", "platform/a/a-es256-token-passes[ES256]"]);
        assert_eq!(feature.scenarios[1].position.line, 9);
        assert_eq!(feature.scenarios[1].steps[0].value, "a ES256 key");
    }

    #[test]
    fn a_misspelt_keyword_is_shown_with_its_line_and_column() {
        let error = feature(&file("Feature: F\n  Scenario: S\n    Given a\n    Wenn b\n")).unwrap_err();
        assert_eq!((error.line, error.column), (4, 5), "{error}");
        assert!(error.excerpt.contains("    4 |     Wenn b"), "{error}");
    }

    #[test]
    fn a_scenario_that_neither_acts_nor_observes_is_refused() {
        let refusal = |steps: &str| feature(&file(&format!("Feature: F\n  Rule: R\n    Scenario: S\n{steps}")));
        let error = refusal("      Given a\n      Then c\n").unwrap_err();
        assert_eq!((error.line, error.problem.as_str()), (3, "the scenario `S` has no When"));
        let error = refusal("      When b\n      And c\n").unwrap_err();
        assert_eq!(error.problem, "the scenario `S` has no Then");
        assert!(refusal("      When b\n      Then c\n").is_ok());
    }

    #[test]
    fn a_ragged_table_is_called_one() {
        let error =
            feature(&file("Feature: F\n  Scenario: S\n    Given a\n      | a | b |\n      | c |\n")).unwrap_err();
        assert_eq!((error.line, error.column), (5, 7), "{error}");
        assert!(error.problem.contains("another number of cells"), "{error}");
    }

    #[test]
    fn a_placeholder_without_a_column_is_named() {
        let error = feature(&file(
            "Feature: F\n  Scenario Outline: S\n    Given <colour>\n    Examples:\n      | alg |\n      | RS256 |\n",
        ))
        .unwrap_err();
        assert!(error.problem.contains("<colour>"), "{error}");
        assert_eq!(error.line, 3);
    }
}
