//! `kmspec explain` and `kmspec requirements`: the catalogue against the scenarios that hold its rows.
//! What the rows say stands in `features/catalogue/` alone.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::runner::{profile_file::Limitation, select::Selected};
use kmspec_model::{
    catalogue::{Catalogue, Measurement},
    rule::{RuleId, RuleKind},
};
use kmspec_prove as prove;

/// What one row says, who proves it and what breaks it. `None` when there is no such row.
pub fn explain(id: &RuleId, catalogue: &Catalogue, scenarios: &[Selected]) -> Option<String> {
    let rule = catalogue.rule(id)?;
    let mut text = format!("{}  ({})\n{}\n", rule.id, rule.origin, rule.text);
    let row = id.row();
    if let Some(requirement) = catalogue.requirements.iter().find(|each| each.id == row) {
        line(&mut text, "tested at", &requirement.under_test.join(", "));
        line(&mut text, "facets", &requirement.facets.join(", "));
        for each in
            requirement.measured.iter().filter(|each| id.facet().is_none() || each.facet.as_deref() == id.facet())
        {
            line(&mut text, "measured", &format!("{} in {}", each.name, each.file));
        }
    }
    if let Some(behaviour) = catalogue.behaviours.iter().find(|each| each.id == row) {
        for each in &behaviour.measured {
            line(&mut text, "measured", &format!("{} in {}", each.name, each.file));
        }
        line(&mut text, "not shown", behaviour.outside.as_deref().unwrap_or_default());
    }
    if let Some(clause) = catalogue.clauses.iter().find(|each| each.id == row) {
        line(&mut text, "binds", &clause.side.join(", "));
        for known in &clause.deviates {
            line(&mut text, "known", &format!("{}: {}", known.server, known.how));
        }
    }
    if let Some(defect) = catalogue.defects.iter().find(|each| each.id == row) {
        line(&mut text, "seen as", &defect.seen);
        line(&mut text, "sources", &defect.sources.join("; "));
        line(&mut text, "breaks", &defect.breaks.join(", "));
        line(&mut text, "never on", defect.not_switchable.as_deref().unwrap_or_default());
    }
    let word = if id.kind() == RuleKind::Defect { "noticed by" } else { "proven by" };
    let holders: Vec<_> = scenarios.iter().filter(|scenario| holds(scenario, id)).collect();
    for scenario in &holders {
        line(&mut text, word, scenario.id.as_str());
    }
    if holders.is_empty() {
        line(&mut text, word, "no scenario yet");
    }
    if id.kind() != RuleKind::Defect {
        let mut defects: Vec<_> = holders.iter().flat_map(|scenario| rules_of(scenario)).collect();
        defects.retain(|rule| rule.kind() == RuleKind::Defect);
        defects.sort();
        defects.dedup();
        for defect in defects.iter().filter_map(|defect| catalogue.rule(defect)) {
            line(&mut text, "broken by", &format!("{} {}", defect.id, defect.text));
        }
    }
    Some(text)
}

/// How many defects of the catalogue a run can switch on, and why not the others.
fn switchable(catalogue: &Catalogue) -> String {
    let is_on = |id: &str| prove::switchable().iter().any(|each| each.id == id);
    let (on, off): (Vec<_>, Vec<_>) = catalogue.defects.iter().partition(|row| is_on(&row.id));
    let mut text = format!("{} of {} defects can be switched on\n", on.len(), on.len() + off.len());
    for row in off {
        let why = row.not_switchable.as_deref().unwrap_or("no saboteur yet");
        let _ = writeln!(text, "      {:<24} {why}", row.id);
    }
    text
}

/// Every requirement and its facets, each with the number of scenarios that hold it. What a profile declares that its
/// product cannot do is counted apart: no scenario could hold it; so is what tests find out by measuring. The defects follow.
pub fn requirements(
    catalogue: &Catalogue,
    scenarios: &[Selected],
    declared: &[(String, Limitation)],
    only_missing: bool,
) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for rule in scenarios.iter().flat_map(rules_of) {
        *counts.entry(rule.to_string()).or_default() += 1;
        if rule.facet().is_some() {
            *counts.entry(rule.row().to_owned()).or_default() += 1;
        }
    }
    let count = |id: &str| counts.get(id).copied().unwrap_or_default();
    let mut text = String::new();
    let (mut proven, mut apart, mut measured) = (0, 0, 0);
    for row in &catalogue.requirements {
        measured += usize::from(!row.measured.is_empty());
        proven += usize::from(count(&row.id) > 0);
        let declaring: Vec<_> = declared.iter().filter(|(_, each)| each.requirement == row.id).collect();
        apart += usize::from(!declaring.is_empty());
        if !declaring.is_empty() && count(&row.id) == 0 {
            if !only_missing {
                let _ = writeln!(text, "   -  {:<24} {}", row.id, row.text);
                for (profile, limitation) in declaring {
                    let _ = writeln!(text, "        not at {profile}: {}", limitation.told());
                }
            }
            continue;
        }
        let held = |id: &str, facet: Option<&str>| count(id) > 0 || row.measured_by(facet).next().is_some();
        if !only_missing || !held(&row.id, None) && row.measured.is_empty() {
            let _ = writeln!(text, "{:>4}  {:<24} {}", count(&row.id), row.id, row.text);
            text.extend(row.measured_by(None).map(measurement).filter(|_| !only_missing));
        }
        for facet in &row.facets {
            let id = format!("{}/{facet}", row.id);
            if !only_missing || !held(&id, Some(facet)) {
                let _ = writeln!(text, "{:>4}    {id}", count(&id));
                text.extend(row.measured_by(Some(facet)).map(measurement));
            }
        }
    }
    let all = catalogue.requirements.len();
    let _ = writeln!(
        text,
        "\n{proven} of {all} requirements are held by a scenario, {measured} are measured by tests, {apart} are limitations that a profile declares"
    );
    text + &behaviours(catalogue, &count, only_missing) + &switchable(catalogue)
}

/// Every behaviour that was observed at API Manager with the number of scenarios that hold it, and how many those are.
fn behaviours(catalogue: &Catalogue, count: &dyn Fn(&str) -> usize, only_missing: bool) -> String {
    let rows = &catalogue.behaviours;
    let mut text = String::new();
    for row in rows {
        let shown = count(&row.id) > 0 || !row.measured.is_empty() || row.outside.is_some();
        if !only_missing || !shown {
            let _ = writeln!(text, "{:>4}  {:<24} {}", count(&row.id), row.id, row.text);
            text.extend(row.measured.iter().map(measurement));
            text.extend(row.outside.iter().map(|why| format!("        not shown: {why}\n")));
        }
    }
    let held = rows.iter().filter(|row| count(&row.id) > 0).count();
    let measured = rows.iter().filter(|row| !row.measured.is_empty()).count();
    let outside = rows.iter().filter(|row| row.outside.is_some()).count();
    let _ = writeln!(
        text,
        "{held} of {} observed behaviours are held by a scenario, {measured} are measured by tests, {outside} are outside of what is tested",
        rows.len()
    );
    text
}

/// A line under what is measured.
fn measurement(by: &Measurement) -> String {
    format!("        measured by {} in {}\n", by.name, by.file)
}

/// The scenarios that name no defect: nothing known turns them red.
pub fn unbroken(scenarios: &[Selected]) -> String {
    let mut text = String::new();
    let unbroken: Vec<_> = scenarios.iter().filter(|scenario| scenario.is_unbroken()).collect();
    for scenario in &unbroken {
        let _ = writeln!(text, "{}  {}", scenario.id, scenario.title);
    }
    let _ = writeln!(text, "\n{} of {} scenarios name no defect", unbroken.len(), scenarios.len());
    text
}

/// A row is held by scenarios that name it or one of its facets; a facet only by those that name it.
fn holds(scenario: &Selected, id: &RuleId) -> bool {
    rules_of(scenario).any(|rule| rule.row() == id.row() && (id.facet().is_none() || rule.facet() == id.facet()))
}

fn rules_of(scenario: &Selected) -> impl Iterator<Item = RuleId> + '_ {
    scenario.tags.iter().filter_map(|tag| tag.parse().ok())
}

fn line(text: &mut String, label: &str, said: &str) {
    if !said.is_empty() {
        let _ = writeln!(text, "  {label:<10} {said}");
    }
}
