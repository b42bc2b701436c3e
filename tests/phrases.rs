//! Every step of the features against every phrase of the binary: each means exactly one, and no phrase is left unused.
//! Nothing is executed; what a step does is found out by running the scenarios.

use std::collections::{BTreeMap, BTreeSet};

use cucumber::{
    World as _,
    codegen::{StepConstructor, WorldInventory, inventory},
    gherkin::{Feature, Step},
    step::Collection,
};
use kmspec::{
    runner::{parse, source},
    world::World,
};
use kmspec_model::plan::FeatureSource;

/// Every feature in the binary, its outlines expanded.
fn features() -> Vec<Feature> {
    let files = source::features(&FeatureSource::Embedded).unwrap();
    files.iter().map(|file| parse::feature(file).unwrap()).collect()
}

/// Steps of a feature, those of its backgrounds among them, each with its place.
fn steps(feature: &Feature) -> Vec<(String, &Step)> {
    let backgrounds = feature.background.iter().chain(feature.rules.iter().filter_map(|rule| rule.background.as_ref()));
    let scenarios = feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios));
    let steps = backgrounds.flat_map(|each| &each.steps).chain(scenarios.flat_map(|each| &each.steps));
    let path = parse::path_of(feature);
    steps.map(|step| (format!("{path}:{} {}{}", step.position.line, step.keyword, step.value), step)).collect()
}

/// The place in the code of the one phrase that a step means.
fn phrase_of(step: &Step, phrases: &Collection<World>) -> Result<String, String> {
    match phrases.find(step) {
        Ok(Some((_, _, Some(place), _))) => Ok(place.to_string()),
        Ok(Some(_)) => Err("means a phrase without a place".to_owned()),
        Ok(None) => Err("means nothing".to_owned()),
        Err(several) => Err(format!("means several phrases. {several}")),
    }
}

/// The place of every phrase in the code, with the phrase.
fn phrases() -> BTreeMap<String, String> {
    fn of<C: StepConstructor<World> + inventory::Collect>() -> impl Iterator<Item = (String, String)> {
        inventory::iter::<C>.into_iter().map(|each| {
            let (place, phrase, _) = each.inner();
            (place.to_string(), phrase().to_string())
        })
    }
    of::<<World as WorldInventory>::Given>()
        .chain(of::<<World as WorldInventory>::When>())
        .chain(of::<<World as WorldInventory>::Then>())
        .collect()
}

#[test]
fn every_step_of_every_feature_means_exactly_one_phrase() {
    let (features, phrases) = (features(), World::collection());
    let steps: Vec<_> = features.iter().flat_map(steps).collect();
    assert!(steps.len() > 1000, "only {} steps were found", steps.len());
    let wrong: BTreeSet<String> = steps
        .iter()
        .filter_map(|(place, step)| phrase_of(step, &phrases).err().map(|why| format!("{place}\n  {why}")))
        .collect();
    assert!(wrong.is_empty(), "{} steps:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_phrase_is_said_in_some_feature() {
    let (features, collection) = (features(), World::collection());
    let said: BTreeSet<String> =
        features.iter().flat_map(steps).filter_map(|(_, step)| phrase_of(step, &collection).ok()).collect();
    let mut unsaid = phrases();
    assert!(unsaid.len() > 100, "only {} phrases were found", unsaid.len());
    unsaid.retain(|place, _| !said.contains(place));
    assert!(unsaid.is_empty(), "{} phrases are in no feature: {unsaid:#?}", unsaid.len());
}

#[test]
fn a_step_that_means_nothing_and_one_that_means_two_things_are_told_apart() {
    fn thing(_: &mut World, _: cucumber::step::Context) -> futures::future::LocalBoxFuture<'_, ()> {
        Box::pin(async {})
    }
    let phrase = |text: &str| cucumber::codegen::Regex::new(text).unwrap();
    let phrases = Collection::new().given(None, phrase("^a (.*)$"), thing).given(None, phrase("^(.*) b$"), thing);
    let text = "Feature: F\n  Scenario: S\n    Given a b\n    Given c\n    When a\n";
    let feature = Feature::parse(text, cucumber::gherkin::GherkinEnv::default()).unwrap();
    let found: Vec<_> = steps(&feature).iter().map(|(_, step)| phrase_of(step, &phrases).unwrap_err()).collect();
    assert!(found[0].starts_with("means several phrases"), "{found:?}");
    assert_eq!(found[1..], ["means nothing", "means nothing"]);
}
