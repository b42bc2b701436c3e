//! Holds the features to the house style: tags from closed lists, one act a scenario, no wire in sight.
//! Whether the platform does what they say is found out by running them, not here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cucumber::gherkin::{Feature, GherkinEnv, Scenario, Step, StepType};
use kmspec_model::{capability::Capability, rule::RuleId, scenario_id::ScenarioId};
use regex::Regex;

/// One row of a scenario, with everything that applies to it.
struct Row {
    id: ScenarioId,
    place: String,
    title: String,
    tags: Vec<String>,
    steps: Vec<Step>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("features")
}

fn feature_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            feature_files(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "feature") {
            into.push(path);
        }
    }
}

/// Every row below `features/platform`.
fn rows() -> Vec<Row> {
    let mut files = Vec::new();
    feature_files(&root().join("platform"), &mut files);
    files.sort();
    files.iter().flat_map(|file| rows_of(file)).collect()
}

fn rows_of(file: &Path) -> Vec<Row> {
    let feature = Feature::parse_path(file, GherkinEnv::default()).unwrap_or_else(|error| panic!("{error}"));
    let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    let steps_before = feature.background.iter().flat_map(|each| each.steps.clone()).collect::<Vec<_>>();
    let mut rows = Vec::new();
    for scenario in &feature.scenarios {
        expand(&path, scenario, &feature.tags, &steps_before, &mut rows);
    }
    for rule in &feature.rules {
        let tags = [feature.tags.clone(), rule.tags.clone()].concat();
        let own = rule.background.iter().flat_map(|each| each.steps.clone()).collect::<Vec<_>>();
        let steps_before = [steps_before.clone(), own].concat();
        for scenario in &rule.scenarios {
            expand(&path, scenario, &tags, &steps_before, &mut rows);
        }
    }
    rows
}

fn expand(path: &str, scenario: &Scenario, above: &[String], before: &[Step], into: &mut Vec<Row>) {
    let place = format!("{path}:{}", scenario.position.line);
    let mut add = |tags: Vec<String>, cells: Option<&[String]>| {
        into.push(Row {
            id: ScenarioId::new(path, &scenario.name, cells),
            place: place.clone(),
            title: scenario.name.clone(),
            tags,
            steps: [before, &scenario.steps].concat(),
        });
    };
    let tags = [above, &scenario.tags].concat();
    if scenario.examples.is_empty() {
        add(tags, None);
        return;
    }
    for examples in &scenario.examples {
        let table = examples.table.as_ref().unwrap_or_else(|| panic!("{place} has examples without a table"));
        for cells in &table.rows[1..] {
            add([tags.clone(), examples.tags.clone()].concat(), Some(cells));
        }
    }
}

/// Names in one list of a catalogue file.
fn names(file: &str, list: &str, member: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("catalogue").join(file)).unwrap();
    let table: toml::Table = text.parse().unwrap();
    table[list].as_array().unwrap().iter().map(|row| row[member].as_str().unwrap().to_owned()).collect()
}

/// The facets of every requirement that has some.
fn facets() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("catalogue/requirements.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let listed = |row: &toml::Value| {
        let facets = row.get("facets")?.as_array()?;
        Some((
            row["id"].as_str()?.to_owned(),
            facets.iter().filter_map(|each| Some(each.as_str()?.to_owned())).collect(),
        ))
    };
    table["requirement"].as_array().unwrap().iter().filter_map(listed).collect()
}

#[test]
fn there_are_enough_rules_and_enough_rows() {
    let rows = rows();
    let titles: BTreeSet<&str> = rows.iter().map(|row| row.title.as_str()).collect();
    assert!(rows.len() >= 110, "{} scenarios", rows.len());
    assert!(titles.len() >= 65, "{} titles", titles.len());
}

#[test]
fn every_id_is_unique() {
    let mut seen = BTreeMap::new();
    for row in rows() {
        if let Some(other) = seen.insert(row.id.as_str().to_owned(), row.place.clone()) {
            panic!("`{}` stands at {other} and at {}", row.id, row.place);
        }
    }
}

#[test]
fn every_scenario_has_one_area_and_one_level() {
    let (areas, levels) = (names("tags.toml", "area", "name"), names("tags.toml", "level", "name"));
    for row in rows() {
        for (axis, list) in [("area", &areas), ("level", &levels)] {
            let found: Vec<_> = row.tags.iter().filter(|tag| list.contains(*tag)).collect();
            assert_eq!(found.len(), 1, "{}: {axis} {found:?}", row.place);
        }
    }
}

#[test]
fn every_tag_is_in_a_closed_list() {
    let mut known: BTreeSet<String> =
        ["area", "level", "kind"].iter().flat_map(|list| names("tags.toml", list, "name")).collect();
    known.extend(names("tags.toml", "connector", "name").into_iter().map(|name| format!("connector:{name}")));
    known.extend(Capability::ALL.map(|each| format!("needs:{each}")));
    let rules: BTreeSet<String> = names("requirements.toml", "requirement", "id")
        .into_iter()
        .chain(names("behaviour.toml", "behaviour", "id"))
        .chain(names("clauses.toml", "clause", "id"))
        .chain(names("defects.toml", "defect", "id"))
        .collect();
    let facets = facets();
    for row in rows() {
        for tag in &row.tags {
            match tag.parse::<RuleId>() {
                Ok(rule) => {
                    assert!(rules.contains(rule.row()), "{}: @{tag} is no row of the catalogue", row.place);
                    let listed = facets.get(rule.row());
                    assert!(
                        rule.facet()
                            .is_none_or(|facet| listed.is_some_and(|list| list.iter().any(|each| each == facet))),
                        "{}: @{tag} names a facet that the row does not list: {listed:?}",
                        row.place
                    );
                }
                Err(_) => assert!(known.contains(tag), "{}: @{tag} is in no list", row.place),
            }
        }
    }
}

#[test]
fn every_scenario_holds_a_rule_and_needs_something() {
    for row in rows() {
        assert!(row.tags.iter().any(|tag| tag.parse::<RuleId>().is_ok()), "{} holds no rule", row.place);
        assert!(row.tags.iter().any(|tag| tag.starts_with("needs:")), "{} needs nothing", row.place);
    }
}

#[test]
fn every_scenario_is_one_act_in_few_steps() {
    for row in rows() {
        let count = |kind| row.steps.iter().filter(|step| step.ty == kind).count();
        assert_eq!(count(StepType::When), 1, "{} has not one When", row.place);
        assert!(count(StepType::Then) >= 1, "{} observes nothing", row.place);
        assert!((2..=8).contains(&row.steps.len()), "{} has {} steps", row.place, row.steps.len());
        let order: Vec<_> = row.steps.iter().map(|step| step.ty as u8).collect();
        assert!(order.is_sorted(), "{} goes back from an observation to an act", row.place);
    }
}

#[test]
fn every_behaviour_has_a_scenario_a_test_or_a_reason() {
    let mut files = Vec::new();
    feature_files(&root(), &mut files);
    let tagged: BTreeSet<String> = files.iter().flat_map(|file| rows_of(file)).flat_map(|row| row.tags).collect();
    let text = fs::read_to_string(root().join("catalogue/behaviour.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    for row in table["behaviour"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let explained = row.get("outside").is_some_and(|why| why.as_str().unwrap().split_whitespace().count() >= 10);
        let shown = tagged.contains(id) || row.get("measured").is_some();
        assert!(shown != explained, "{id} has no scenario, no test and no reason of ten words, or a reason too many");
    }
}

#[test]
fn enough_scenarios_apply_to_a_bare_gateway() {
    let bare = |row: &&Row| row.tags.iter().filter(|tag| tag.starts_with("needs:")).all(|tag| tag == "needs:gateway");
    let count = rows().iter().filter(bare).count();
    assert!(count >= 12, "{count} scenarios need a gateway and nothing else");
}

#[test]
fn the_defects_that_can_be_switched_on_have_their_scenarios() {
    let rows = rows();
    for defect in ["DEF-008", "DEF-032", "DEF-042", "DEF-192", "DEF-148", "DEF-178", "DEF-SEED-OOB-05"] {
        let area = rows.iter().find(|row| row.tags.iter().any(|tag| tag == defect)).map(|row| &row.tags[0]);
        let area = area.unwrap_or_else(|| panic!("no scenario would notice {defect}"));
        let controls = rows.iter().filter(|row| row.tags[0] == *area && !row.tags.iter().any(|tag| tag == defect));
        assert!(controls.count() >= 3, "{defect} has too few neighbours that stay green");
    }
}

#[test]
fn no_wire_shows_in_a_feature() {
    let wire = Regex::new(
        r"(?i)https?:|\burls?\b|\bjson\b|\bwaits?\b|\bwaiting\b|\bsleeps?\b|\bstatus\b|\b(20[0-9]|40[0-9]|41[0-9]|50[0-9]|90[0-9]{4})\b",
    )
    .unwrap();
    let mut files = Vec::new();
    feature_files(&root().join("platform"), &mut files);
    for file in files {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let words = wire.find(line);
            assert!(words.is_none(), "{}:{}: {words:?} in `{line}`", file.display(), number + 1);
        }
    }
}
