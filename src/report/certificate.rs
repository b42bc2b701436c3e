//! `certificate.html`, `certificate.md` and `key-manager.json`: can this server be a key manager, and how is it entered?
//! What was found out stands in the run report; here it is weighed by what a platform would use it for.

use std::fmt::Write as _;

use minijinja::{Environment, value::Serde};
use serde::Serialize;

use super::{
    format::{Findings, RenderError, ReportFormat},
    reader::{Finding, finding, rules, totals},
};
use crate::model::{
    catalogue::Catalogue,
    proposal::KeyManagerProposal,
    report::{Outcome, RunReport, ScenarioReport},
};

/// `certificate.html`.
#[derive(Debug)]
pub struct CertificatePage;

/// `certificate.md`.
#[derive(Debug)]
pub struct CertificateText;

/// `key-manager.json`.
#[derive(Debug)]
pub struct KeyManagerDocument;

/// Abilities of a key manager: the area of scenarios that is about each, and what a platform uses it for.
const ABILITIES: &[(&str, &str, &str)] = &[
    ("discovery", "Discovery", "the form is filled by importing the well-known URL"),
    ("keys", "Self-contained tokens", "gateways validate its tokens without asking it"),
    ("token-endpoint", "Tokens", "clients get tokens, and errors they can act on"),
    ("introspection", "Introspection", "gateways ask it about opaque tokens"),
    ("revocation", "Revocation", "tokens are ended before they expire"),
    ("client-registration", "Client registration", "the platform creates clients itself"),
    ("userinfo", "User profile", "profile data of users"),
    ("out-of-band", "Out-of-band provisioning", "existing clients are attached to applications"),
];

#[derive(Serialize)]
struct Certificate<'a> {
    report: &'a RunReport,
    headline: String,
    totals: String,
    abilities: Vec<Ability>,
    proposal: &'a KeyManagerProposal,
    deviations: Vec<DeviationView<'a>>,
    document: String,
}

#[derive(Serialize)]
struct Ability {
    area: &'static str,
    name: &'static str,
    purpose: &'static str,
    verdict: Verdict,
    remark: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Verdict {
    #[serde(rename = "yes")]
    Yes,
    #[serde(rename = "yes, with deviations")]
    WithDeviations,
    #[serde(rename = "no")]
    No,
    #[serde(rename = "not offered or not known")]
    NotOffered,
    #[serde(rename = "not found out")]
    NotFoundOut,
}

impl Verdict {
    fn words(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::WithDeviations => "yes, with deviations",
            Self::No => "no",
            Self::NotOffered => "not offered or not known",
            Self::NotFoundOut => "not found out",
        }
    }

    fn is_usable(self) -> bool {
        matches!(self, Self::Yes | Self::WithDeviations)
    }
}

#[derive(Serialize)]
struct DeviationView<'a> {
    title: &'a str,
    id: &'a str,
    level: &'static str,
    finding: Finding,
    rules: Vec<String>,
}

impl<'a> Certificate<'a> {
    fn of(findings: Findings<'a>) -> Option<Self> {
        let report = findings.report;
        let proposal = report.key_manager.as_ref()?;
        let abilities: Vec<Ability> = ABILITIES.iter().filter_map(|ability| weigh(report, ability)).collect();
        Some(Self {
            report,
            headline: headline(&abilities),
            totals: totals(&report.totals()),
            abilities,
            proposal,
            deviations: deviations(report, findings.catalogue),
            document: serde_json::to_string_pretty(&proposal.document).unwrap_or_default(),
        })
    }
}

/// What the scenarios of an area say together: `no` when one of the few that tell at once (`@smoke`) deviates.
fn weigh(report: &RunReport, (area, name, purpose): &(&'static str, &'static str, &'static str)) -> Option<Ability> {
    let scenarios: Vec<_> = report.scenarios.iter().filter(|scenario| has(scenario, area)).collect();
    let count = |test: fn(&Outcome) -> bool| scenarios.iter().filter(|scenario| test(&scenario.outcome)).count();
    let checked = scenarios.len() - count(|outcome| matches!(outcome, Outcome::NotApplicable { .. }));
    let unknown = count(|outcome| matches!(outcome, Outcome::Error { .. } | Outcome::NotRun));
    let deviating: Vec<_> = scenarios.iter().filter(|scenario| deviates(&scenario.outcome)).collect();
    let missing = scenarios.iter().find_map(|scenario| match &scenario.outcome {
        Outcome::NotApplicable { missing } => Some(missing.name()),
        _ => None,
    });
    let (verdict, remark) = if scenarios.is_empty() {
        return None;
    } else if checked == 0 {
        (Verdict::NotOffered, format!("missing: {}", missing.unwrap_or_default()))
    } else if unknown > 0 {
        (Verdict::NotFoundOut, format!("{unknown} of {checked} could not be tested"))
    } else if deviating.iter().any(|scenario| has(scenario, "smoke")) {
        (Verdict::No, format!("{} of {checked} deviate, one of the basic ones among them", deviating.len()))
    } else if !deviating.is_empty() {
        (Verdict::WithDeviations, format!("{} of {checked} deviate", deviating.len()))
    } else {
        (Verdict::Yes, format!("{checked} of {checked} conform"))
    };
    Some(Ability { area, name, purpose, verdict, remark })
}

fn has(scenario: &ScenarioReport, tag: &str) -> bool {
    scenario.tags.iter().any(|each| each == tag)
}

fn deviates(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deviates { .. } | Outcome::DeclaredDeviation { .. })
}

fn headline(abilities: &[Ability]) -> String {
    let verdict = |area: &str| abilities.iter().find(|ability| ability.area == area).map(|ability| ability.verdict);
    let usable = |area: &str| verdict(area).is_some_and(Verdict::is_usable);
    let validates = usable("keys") || usable("introspection");
    let clean = abilities.iter().all(|ability| matches!(ability.verdict, Verdict::Yes | Verdict::NotOffered));
    let but = if clean { "" } else { ", with the deviations below" };
    if abilities.iter().any(|ability| ability.verdict == Verdict::NotFoundOut) {
        "Not everything could be found out: see below what failed.".to_owned()
    } else if validates && usable("token-endpoint") && usable("client-registration") {
        format!("This server can be a key manager whose clients the platform registers itself{but}.")
    } else if validates && usable("token-endpoint") {
        format!("This server can be a key manager with clients made elsewhere (out-of-band provisioning){but}.")
    } else if usable("keys") || usable("discovery") {
        "What was checked does not suffice to call this server a key manager: see below what is missing.".to_owned()
    } else {
        "This server cannot be a key manager as it is.".to_owned()
    }
}

fn deviations<'a>(report: &'a RunReport, catalogue: &Catalogue) -> Vec<DeviationView<'a>> {
    let view = |scenario: &'a ScenarioReport| {
        deviates(&scenario.outcome).then_some(())?;
        Some(DeviationView {
            title: &scenario.title,
            id: scenario.id.as_str(),
            level: if has(scenario, "core") { "core" } else { "extended" },
            finding: finding(&scenario.outcome)?,
            rules: rules(scenario, catalogue).iter().map(|rule| format!("{}: {}", rule.id, rule.text)).collect(),
        })
    };
    report.scenarios.iter().filter_map(view).collect()
}

fn certificate(findings: Findings<'_>) -> Result<Certificate<'_>, RenderError> {
    Certificate::of(findings).ok_or_else(|| RenderError::new(std::io::Error::other("the run certified nothing")))
}

impl ReportFormat for CertificatePage {
    fn file_name(&self) -> &'static str {
        "certificate.html"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        let mut environment = Environment::new();
        environment
            .add_template("certificate.html", include_str!("certificate.html.jinja"))
            .map_err(RenderError::new)?;
        let template = environment.get_template("certificate.html").map_err(RenderError::new)?;
        template.render(Serde(certificate(findings)?)).map_err(RenderError::new)
    }
}

impl ReportFormat for CertificateText {
    fn file_name(&self) -> &'static str {
        "certificate.md"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        let mut text = String::new();
        write(&mut text, &certificate(findings)?).map_err(RenderError::new)?;
        Ok(text)
    }
}

impl ReportFormat for KeyManagerDocument {
    fn file_name(&self) -> &'static str {
        "key-manager.json"
    }

    fn render(&self, findings: Findings<'_>) -> Result<String, RenderError> {
        Ok(certificate(findings)?.document + "\n")
    }
}

fn write(text: &mut String, certificate: &Certificate<'_>) -> std::fmt::Result {
    let subject = &certificate.report.subject;
    writeln!(text, "# {} {} as a key manager\n", subject.name, subject.version)?;
    writeln!(text, "**{}**\n", certificate.headline)?;
    writeln!(
        text,
        "{} scenarios: {}. kmspec {}.\n",
        certificate.report.scenarios.len(),
        certificate.totals,
        certificate.report.kmspec_version
    )?;
    writeln!(text, "## What it can do\n\n| ability | verdict | for what | |\n| --- | --- | --- | --- |")?;
    for ability in &certificate.abilities {
        writeln!(
            text,
            "| {} | {} | {} | {} |",
            ability.name,
            ability.verdict.words(),
            ability.purpose,
            ability.remark
        )?;
    }
    writeln!(text, "\n## The form\n\n| field | value | member | remark |\n| --- | --- | --- | --- |")?;
    for field in &certificate.proposal.fields {
        let value = if field.value.is_empty() {
            "(empty)".to_owned()
        } else {
            format!("`{}`", field.value.replace('|', "\\|"))
        };
        writeln!(text, "| {} | {value} | `{}` | {} |", field.label, field.member, field.remark)?;
    }
    writeln!(
        text,
        "\n`key-manager.json` holds the same as a document for `POST /key-managers`; replace what stands in angle brackets."
    )?;
    let notes: Vec<&String> = certificate.proposal.notes.iter().chain(&certificate.report.notes).collect();
    writeln!(text, "\n## Notes\n")?;
    notes.iter().try_for_each(|note| writeln!(text, "- {note}"))?;
    writeln!(text, "\n## Deviations, as found\n")?;
    if certificate.deviations.is_empty() {
        writeln!(text, "None.")?;
    }
    for deviation in &certificate.deviations {
        writeln!(text, "### {} ({})\n\n`{}`\n", deviation.title, deviation.level, deviation.id)?;
        writeln!(
            text,
            "- expected: {}\n- observed: {}",
            deviation.finding.expected,
            deviation.finding.observed.replace('\n', " ")
        )?;
        deviation.rules.iter().try_for_each(|rule| writeln!(text, "- {rule}"))?;
        writeln!(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{capability::Capability, scenario_id::ScenarioId, verdict::Deviation};

    fn scenario(tags: &[&str], outcome: Outcome) -> ScenarioReport {
        ScenarioReport {
            id: ScenarioId::new("a.feature", "b", None),
            feature: String::new(),
            feature_path: "a.feature".into(),
            rule: None,
            title: "b".into(),
            line: 1,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            outcome,
            steps: Vec::new(),
            began_at_us: 0,
            exchanges: Vec::new(),
            times_to_effect: Vec::new(),
            took_us: 0,
        }
    }

    fn deviation() -> Outcome {
        Outcome::Deviates { deviation: Deviation { expected: "a".into(), observed: "b".into(), clause: None } }
    }

    fn verdict_of(scenarios: Vec<ScenarioReport>) -> Verdict {
        let mut report = crate::report::reader::tests::report();
        report.scenarios = scenarios;
        weigh(&report, &("keys", "", "")).unwrap().verdict
    }

    #[test]
    fn a_basic_scenario_that_deviates_makes_an_ability_unusable() {
        let conforms = || scenario(&["keys", "core"], Outcome::Conforms);
        let missing = || scenario(&["keys", "core"], Outcome::NotApplicable { missing: Capability::Jwks });
        let error = || scenario(&["keys"], Outcome::Error { message: String::new() });
        for (scenarios, verdict) in [
            (vec![conforms(), missing()], Verdict::Yes),
            (vec![conforms(), scenario(&["keys", "core"], deviation())], Verdict::WithDeviations),
            (vec![conforms(), scenario(&["keys", "core", "smoke"], deviation())], Verdict::No),
            (vec![conforms(), error()], Verdict::NotFoundOut),
            (vec![missing()], Verdict::NotOffered),
        ] {
            assert_eq!(verdict_of(scenarios), verdict);
        }
    }

    #[test]
    fn the_headline_follows_the_ways_a_platform_could_use_the_server() {
        let ability = |area, verdict| Ability { area, name: "", purpose: "", verdict, remark: String::new() };
        let basic = || vec![ability("keys", Verdict::Yes), ability("token-endpoint", Verdict::Yes)];
        assert!(headline(&basic()).contains("out-of-band"));
        let mut registering = basic();
        registering.push(ability("client-registration", Verdict::WithDeviations));
        assert!(headline(&registering).contains("registers itself, with the deviations below"));
        let opaque = [ability("keys", Verdict::No), ability("token-endpoint", Verdict::Yes)];
        assert!(headline(&opaque).contains("cannot"));
    }
}
