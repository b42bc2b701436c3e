//! The catalogue as embedded in the binary: every row that was promised, and the tags that the features may use.
//! How tags are checked while a plan is made belongs to the runner.

use std::collections::BTreeSet;

use kmspec::runner::{limitations, run};
use kmspec_model::{capability::Capability, catalogue::Catalogue, plan::FeatureSource, rule::RuleId};
use kmspec_prove as prove;

fn catalogue() -> Catalogue {
    run::catalogue(&FeatureSource::Embedded).unwrap()
}

fn ids(catalogue: &Catalogue) -> Vec<String> {
    let requirements = catalogue.requirements.iter().map(|row| row.id.clone());
    let behaviours = catalogue.behaviours.iter().map(|row| row.id.clone());
    let clauses = catalogue.clauses.iter().map(|row| row.id.clone());
    requirements.chain(behaviours).chain(clauses).chain(catalogue.defects.iter().map(|row| row.id.clone())).collect()
}

#[test]
fn every_row_is_there_once_and_has_the_id_of_a_rule() {
    let catalogue = catalogue();
    let ours = catalogue.defects.iter().filter(|defect| defect.id.starts_with("DEF-SEED-")).count();
    assert_eq!((catalogue.requirements.len(), catalogue.defects.len() - ours), (117, 192));
    assert!(catalogue.clauses.len() >= 181, "{}", catalogue.clauses.len());
    assert!(catalogue.behaviours.len() >= 307, "{}", catalogue.behaviours.len());
    let ids = ids(&catalogue);
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    for id in &ids {
        assert_eq!(id.parse::<RuleId>().unwrap().to_string(), *id);
    }
}

#[test]
fn every_defect_of_our_own_says_which_rule_it_breaks() {
    let catalogue = catalogue();
    for defect in catalogue.defects.iter().filter(|defect| defect.id.starts_with("DEF-SEED-")) {
        assert!(!defect.breaks.is_empty(), "{}", defect.id);
        for broken in &defect.breaks {
            let rule = broken.parse().unwrap();
            assert!(catalogue.rule(&rule).is_some_and(|_| !broken.starts_with("DEF-")), "{broken}");
        }
    }
}

/// Defects that a run could switch on, once somebody builds them.
const NOT_BUILT: [&str; 2] = ["DEF-149", "DEF-152"];

#[test]
fn every_defect_can_be_switched_on_or_says_why_not() {
    for defect in catalogue().defects {
        let switchable = prove::switchable().iter().any(|each| each.id == defect.id);
        let explained = defect.not_switchable.is_some_and(|why| why.split_whitespace().count() >= 10);
        let open = NOT_BUILT.contains(&defect.id.as_str());
        assert!(switchable || explained || open, "{} can neither be switched on nor says why not", defect.id);
    }
}

#[test]
fn what_a_profile_declares_as_a_limitation_is_a_requirement_with_a_reason() {
    let catalogue = catalogue();
    for (profile, each) in limitations::all(&FeatureSource::Embedded).unwrap() {
        assert!(catalogue.requirements.iter().any(|row| row.id == each.requirement), "{profile}: {}", each.requirement);
        assert!(!each.reason.trim().is_empty(), "{profile}: {}", each.requirement);
    }
}

#[test]
fn what_is_measured_is_measured_by_a_test_that_there_is() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let catalogue = catalogue();
    let requirements = catalogue.requirements.iter().map(|row| (&row.id, &row.facets[..], &row.measured));
    let behaviours = catalogue.behaviours.iter().map(|row| (&row.id, &[][..], &row.measured));
    let measured: Vec<_> = requirements
        .chain(behaviours)
        .flat_map(|(id, facets, measured)| measured.iter().map(move |each| (id, facets, each)))
        .collect();
    assert!(measured.len() >= 2);
    for (id, facets, each) in measured {
        let text = std::fs::read_to_string(root.join(&each.file)).unwrap();
        assert!(text.contains(&format!("fn {}(", each.name)), "{id}: there is no {} in {}", each.name, each.file);
        assert!(each.facet.as_ref().is_none_or(|facet| facets.contains(facet)), "{id}");
    }
}

#[test]
fn the_readme_of_the_features_names_every_tag() {
    let readme = include_str!("../features/README.md");
    let tags = catalogue().tags;
    let plain = [&tags.areas, &tags.levels, &tags.kinds].into_iter().flatten().map(|tag| format!("`@{}`", tag.name));
    let connectors = tags.connectors.iter().map(|tag| format!("`{}`", tag.name));
    let capabilities = Capability::ALL.into_iter().map(|capability| format!("`{capability}`"));
    let missing: Vec<String> =
        plain.chain(connectors).chain(capabilities).filter(|tag| !readme.contains(tag)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
