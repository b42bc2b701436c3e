//! Selecting by tags, by part and by name, and the house rules of the features that are embedded.
//! Reading features is tested in `parse`.

use super::*;
use crate::runner::{parse, run, source::SourceFile};
use kmspec_model::plan::{FeatureSource, SubjectPlan};

const TAGS: &str = "[[area]]\nname = \"keys\"\ntext = \"Keys\"\n[[level]]\nname = \"core\"\ntext = \"All\"\n[[kind]]\nname = \"slow\"\ntext = \"Time\"\n";

fn plan(tags: Option<&str>, shard: Option<(u32, u32)>) -> RunPlan {
    RunPlan {
        subject: SubjectPlan::Embedded,
        features: FeatureSource::Embedded,
        area: "platform",
        tags: tags.map(str::to_owned),
        jobs: 1,
        shard,
        expected: Vec::new(),
        defect: None,
        report_dir: "unused".into(),
        arguments: Vec::new(),
    }
}

fn selected(text: &str, plan: &RunPlan) -> Result<Selection, SelectionError> {
    let catalogue = Catalogue::parse([("tags.toml", TAGS)]).unwrap();
    let files = [("platform/a.feature", text), ("authorization_server/b.feature", text)];
    let parse =
        |(path, text): (&str, &str)| parse::feature(&SourceFile { path: path.into(), text: text.into() }).unwrap();
    select(files.into_iter().map(parse).collect(), plan, &catalogue)
}

const FEATURE: &str = "@keys\nFeature: A\n  Background:\n    Given a\n  @core\n  Scenario: One\n    When b\n    Then d\n  Rule: R\n    @slow @needs:restart\n    Scenario: Two\n      When c\n      Then d\n";

fn titles(selection: &Selection) -> Vec<&str> {
    selection.scenarios.values().map(|each| each.title.as_str()).collect()
}

#[test]
fn a_tag_expression_sees_the_tags_of_feature_rule_and_scenario() {
    let all = selected(FEATURE, &plan(None, None)).unwrap();
    assert_eq!(titles(&all), ["One", "Two"]);
    assert_eq!(titles(&selected(FEATURE, &plan(Some("@keys and not @slow"), None)).unwrap()), ["One"]);
    let two = selected(FEATURE, &plan(Some("@needs:restart"), None)).unwrap();
    let scenario = two.scenarios.values().next().unwrap();
    assert_eq!((scenario.rule.as_deref(), scenario.needs.as_slice()), (Some("R"), &[Capability::Restart][..]));
    assert_eq!(scenario.steps.iter().map(|step| step.text.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert_eq!((two.features.len(), two.features[0].scenarios.len(), two.known.len()), (1, 0, 2));
}

#[test]
fn selecting_nothing_is_an_error_that_repeats_what_was_asked() {
    let error = selected(FEATURE, &plan(Some("@no-such-tag"), None)).unwrap_err();
    assert!(error.to_string().starts_with("`--tags @no-such-tag` selects none of 2 scenarios"), "{error}");
    assert!(matches!(selected(FEATURE, &plan(Some("@core and"), None)), Err(SelectionError::Expression { .. })));
}

#[test]
fn an_unknown_tag_names_its_scenario() {
    let error = selected(&FEATURE.replace("@core", "@cores"), &plan(None, None)).unwrap_err();
    assert!(error.to_string().starts_with("the tag `@cores` on `platform/a/one`"), "{error}");
}

#[test]
fn ids_are_unique() {
    let error = selected(&FEATURE.replace("Two", "One!"), &plan(None, None)).unwrap_err();
    assert!(matches!(error, SelectionError::DuplicateId { .. }), "{error}");
}

#[test]
fn beside_the_embedded_platform_each_mock_server_gets_the_scenarios_about_servers() {
    let vendors = "[[vendor]]\ntype = \"Okta\"\nconnector = \"okta\"\nmock = \"okta\"\nname = \"Okta\"\nscopes_claim = \"scp\"\n\
                   [[vendor]]\ntype = \"custom\"\nconnector = \"custom\"\nmock = \"custom\"\nname = \"Custom\"\nscopes_claim = \"scope\"\n";
    let catalogue = Catalogue::parse([("tags.toml", TAGS), ("vendors.toml", vendors)]).unwrap();
    let features = || {
        ["platform/a.feature", "authorization_server/b.feature"]
            .map(|path| parse::feature(&SourceFile { path: path.into(), text: FEATURE.into() }).unwrap())
            .to_vec()
    };
    let ids = |plan: &RunPlan| {
        let selection = select(features(), plan, &catalogue).unwrap();
        let ids: Vec<_> = selection.scenarios.keys().map(ToString::to_string).collect();
        (ids.join(" "), selection.servers.iter().map(|mock| mock.mock.clone()).collect::<Vec<_>>().join(" "))
    };
    let (all, servers) = ids(&plan(None, None));
    assert_eq!(
        all,
        "authorization_server/b/one@custom authorization_server/b/one@okta authorization_server/b/two@custom \
         authorization_server/b/two@okta platform/a/one platform/a/two"
    );
    assert_eq!(servers, "okta custom");
    let of_okta = ids(&plan(Some("@server:okta and not @slow"), None));
    assert_eq!(of_okta, ("authorization_server/b/one@okta".to_owned(), "okta".to_owned()));
    let written = FEATURE.replace("@core", "@core @server:okta");
    let feature = parse::feature(&SourceFile { path: "platform/a.feature".into(), text: written }).unwrap();
    let error = select(vec![feature], &plan(None, None), &catalogue).unwrap_err();
    assert!(error.to_string().contains("stands in no feature"), "{error}");
}

#[test]
fn shards_part_the_scenarios_without_loss_or_overlap() {
    let rows: String = (0..40).map(|row| format!("      | {row} |\n")).collect();
    let text = format!(
        "@keys\nFeature: A\n  Scenario Outline: O\n    When <n>\n    Then d\n    Examples:\n      | n |\n{rows}"
    );
    let parts: Vec<_> = (1..=3).map(|part| selected(&text, &plan(None, Some((part, 3)))).unwrap()).collect();
    let ids: BTreeSet<_> = parts.iter().flat_map(|part| part.scenarios.keys()).collect();
    assert_eq!((ids.len(), parts.iter().map(|part| part.scenarios.len()).sum::<usize>()), (40, 40));
    assert!(parts.iter().all(|part| part.scenarios.len() < 40));
}

#[test]
fn a_shard_stays_the_same_for_ever() {
    assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
}

/// The features that ship: every tag known, every id unique over all areas, one area and one level a scenario.
#[test]
fn the_embedded_features_keep_the_house_rules() {
    let catalogue = run::catalogue(&FeatureSource::Embedded).unwrap();
    let scenarios = run::everything(&FeatureSource::Embedded, &catalogue).unwrap();
    let ids: BTreeSet<_> = scenarios.iter().map(|scenario| &scenario.id).collect();
    assert_eq!(ids.len(), scenarios.len());
    for scenario in &scenarios {
        for (word, list) in [("area", &catalogue.tags.areas), ("level", &catalogue.tags.levels)] {
            let held = scenario.tags.iter().filter(|tag| list.iter().any(|each| each.name == **tag)).count();
            assert_eq!(held, 1, "{} carries {held} tags of the list `{word}`", scenario.id);
        }
    }
}
