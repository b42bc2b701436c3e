//! `certificate.html`, `certificate.md` and `key-manager.json`: can this server be a key manager, and how is it entered?
//! What was found out stands in the run report; here it is weighed by what a platform would use it for.

use std::fmt::Write as _;

use minijinja::{Environment, value::Serde};
use serde::Serialize;

mod posting;
mod weighing;

use self::weighing::{Ability, Mode, abilities, area_of, deviates, has, headline};
use super::{
    format::{Findings, RenderError, ReportFormat},
    reader::{Finding, finding, rules, totals},
};
use kmspec_model::{
    catalogue::Catalogue,
    proposal::KeyManagerProposal,
    report::{RunReport, ScenarioReport},
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

#[derive(Serialize)]
struct Certificate<'a> {
    report: &'a RunReport,
    headline: String,
    totals: String,
    mode: [(&'static str, &'static str); 2],
    abilities: Vec<Ability>,
    proposal: &'a KeyManagerProposal,
    deviations: Vec<DeviationView<'a>>,
    document: String,
    posting: String,
}

#[derive(Serialize)]
struct DeviationView<'a> {
    title: &'a str,
    id: &'a str,
    level: &'static str,
    bearing: &'static str,
    finding: Finding,
    rules: Vec<String>,
}

impl<'a> Certificate<'a> {
    fn of(findings: Findings<'a>) -> Option<Self> {
        let report = findings.report;
        let proposal = report.key_manager.as_ref()?;
        let (abilities, mode) = (abilities(report), Mode::of(proposal));
        Some(Self {
            report,
            headline: headline(&abilities, mode),
            mode: mode.words(),
            totals: totals(&report.totals()),
            abilities,
            proposal,
            deviations: deviations(report, findings.catalogue, mode),
            document: serde_json::to_string_pretty(&proposal.document).unwrap_or_default(),
            posting: posting::lines(proposal),
        })
    }
}

fn deviations<'a>(report: &'a RunReport, catalogue: &Catalogue, mode: Mode) -> Vec<DeviationView<'a>> {
    let view = |scenario: &'a ScenarioReport| {
        deviates(&scenario.outcome).then_some(())?;
        Some(DeviationView {
            title: &scenario.title,
            id: scenario.id.as_str(),
            level: if has(scenario, "core") { "core" } else { "extended" },
            bearing: mode.bearing(area_of(scenario)),
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
    certificate.mode.iter().try_for_each(|(what, how)| writeln!(text, "- {what}: {how}"))?;
    writeln!(text)?;
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
        "\n`key-manager.json` holds the same as a document for `POST /key-managers` of the Admin interface. To send it, with \
         an administrator's name and password:\n\n```sh\n{}```",
        certificate.posting
    )?;
    let notes: Vec<&String> = certificate.report.notes.iter().chain(&certificate.proposal.notes).collect();
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
            "- expected: {}\n- observed: {}\n- why it matters: {}",
            deviation.finding.expected,
            deviation.finding.observed.replace('\n', " "),
            deviation.bearing
        )?;
        deviation.rules.iter().try_for_each(|rule| writeln!(text, "- {rule}"))?;
        writeln!(text)?;
    }
    Ok(())
}
