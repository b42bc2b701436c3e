//! What the scenarios say together: which abilities of a key manager a server has, in which mode it can be one, and
//! what a deviation means there. How that is laid out belongs to the formats.

use serde::Serialize;

use kmspec_model::{
    capability::Capability,
    proposal::KeyManagerProposal,
    report::{Outcome, RunReport, ScenarioReport},
};

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
pub(super) struct Ability {
    pub(super) area: &'static str,
    pub(super) name: &'static str,
    pub(super) purpose: &'static str,
    pub(super) verdict: Verdict,
    pub(super) remark: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Verdict {
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
    pub(super) fn words(self) -> &'static str {
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

/// Every ability that scenarios were about, in a fixed order.
pub(super) fn abilities(report: &RunReport) -> Vec<Ability> {
    ABILITIES.iter().filter_map(|ability| weigh(report, ability)).collect()
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
    } else if *area == "keys" && !report.subject.capabilities.contains(&Capability::JwtAccessTokens) {
        (Verdict::NotOffered, "it publishes keys, but the access tokens that were seen are opaque".to_owned())
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

pub(super) fn has(scenario: &ScenarioReport, tag: &str) -> bool {
    scenario.tags.iter().any(|each| each == tag)
}

/// The ability that a scenario is about; empty when it is none of them.
pub(super) fn area_of(scenario: &ScenarioReport) -> &'static str {
    ABILITIES.iter().map(|(area, ..)| *area).find(|area| has(scenario, area)).unwrap_or_default()
}

pub(super) fn deviates(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deviates { .. } | Outcome::DeclaredDeviation { .. })
}

/// How the proposed key manager works: what the switches of its form come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// The platform registers clients itself; otherwise they are made elsewhere and mapped.
    registers: bool,
    /// Gateways validate tokens themselves; otherwise they ask.
    self_validates: bool,
}

impl Mode {
    pub(super) fn of(proposal: &KeyManagerProposal) -> Self {
        let on = |member: &str| proposal.document[member] == true;
        Self { registers: on("enableOAuthAppCreation"), self_validates: on("enableSelfValidationJWT") }
    }

    /// The two choices, each with what it means for people who use the platform.
    pub(super) fn words(self) -> [(&'static str, &'static str); 2] {
        [
            if self.registers {
                (
                    "Clients",
                    "registered by the platform when a developer generates keys; existing ones can be mapped, too",
                )
            } else {
                ("Clients", "made at the server and mapped to applications by hand (out-of-band provisioning)")
            },
            if self.self_validates {
                ("Tokens", "validated by the gateways themselves, with the published keys")
            } else {
                ("Tokens", "opaque: the gateways ask the introspection endpoint")
            },
        ]
    }

    /// What a deviation in an area means for a platform that uses the server in this mode.
    pub(super) fn bearing(self, area: &str) -> &'static str {
        match area {
            "discovery" => "The import of the well-known URL reads this; fields that are typed by hand do not need it.",
            "keys" if self.self_validates => "Gateways accept and refuse calls by these keys and claims.",
            "keys" => "Not on the way in this mode: gateways ask the server instead of using its keys.",
            "token-endpoint" if self.registers => "The developer portal and every client get their tokens here.",
            "token-endpoint" => "Every client gets its tokens here; the platform itself does not, in this mode.",
            "introspection" if self.self_validates => {
                "Not on the way in this mode: gateways validate tokens without asking. It matters to whoever else asks."
            }
            "introspection" => "Gateways ask here about every token: a wrong answer lets a call in or keeps it out.",
            "revocation" => "The platform ends tokens here; where that fails, they work until they expire.",
            "client-registration" if self.registers => {
                "Generating, updating and deleting keys in the portal go through this."
            }
            "client-registration" => "Not on the way in this mode: the platform registers nothing.",
            "userinfo" => "Only the profile data of users comes from here.",
            "out-of-band" => "Mapping an existing client to an application rests on this.",
            _ => "No ability of a key manager is tied to this.",
        }
    }
}

/// The one sentence to take away.
pub(super) fn headline(abilities: &[Ability], mode: Mode) -> String {
    let verdict = |area: &str| abilities.iter().find(|ability| ability.area == area).map(|ability| ability.verdict);
    let usable = |area: &str| verdict(area).is_some_and(Verdict::is_usable);
    let validates = usable(if mode.self_validates { "keys" } else { "introspection" });
    let clean = abilities.iter().all(|ability| matches!(ability.verdict, Verdict::Yes | Verdict::NotOffered));
    let but = if clean { "" } else { ", with the deviations below" };
    if abilities.iter().any(|ability| ability.verdict == Verdict::NotFoundOut) {
        "Not everything could be found out: see below what failed.".to_owned()
    } else if validates && usable("token-endpoint") && mode.registers && usable("client-registration") {
        format!("This server can be a key manager whose clients the platform registers itself{but}.")
    } else if validates && usable("token-endpoint") {
        format!("This server can be a key manager with clients made elsewhere (out-of-band provisioning){but}.")
    } else if usable("token-endpoint") && !validates {
        "This server cannot be a key manager as it is: no gateway could validate its tokens.".to_owned()
    } else if usable("keys") || usable("discovery") {
        "What was checked does not suffice to call this server a key manager: see below what is missing.".to_owned()
    } else {
        "This server cannot be a key manager as it is.".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmspec_model::{scenario_id::ScenarioId, verdict::Deviation};

    const SELF: Mode = Mode { registers: true, self_validates: true };

    fn scenario(tags: &[&str], outcome: Outcome) -> ScenarioReport {
        ScenarioReport {
            id: ScenarioId::new("a.feature", "b", None),
            server: None,
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
        report.subject.capabilities = vec![Capability::JwtAccessTokens];
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
        assert!(headline(&basic(), Mode { registers: false, ..SELF }).contains("out-of-band"));
        let mut registering = basic();
        registering.push(ability("client-registration", Verdict::WithDeviations));
        assert!(headline(&registering, SELF).contains("registers itself, with the deviations below"));
        let asking = Mode { self_validates: false, ..SELF };
        let opaque = [ability("keys", Verdict::NotOffered), ability("token-endpoint", Verdict::Yes)];
        assert!(headline(&opaque, asking).contains("no gateway could validate"));
        assert!(headline(&[ability("keys", Verdict::No)], SELF).contains("cannot"));
    }

    #[test]
    fn keys_without_self_contained_tokens_validate_nothing() {
        let mut report = crate::report::reader::tests::report();
        report.scenarios = vec![scenario(&["keys", "core"], Outcome::Conforms)];
        report.subject.capabilities.clear();
        assert_eq!(weigh(&report, &("keys", "", "")).unwrap().verdict, Verdict::NotOffered);
    }

    #[test]
    fn a_deviation_off_the_way_says_so() {
        let asking = Mode { registers: false, self_validates: false };
        for (area, mode, off) in [
            ("introspection", SELF, true),
            ("introspection", asking, false),
            ("keys", asking, true),
            ("client-registration", asking, true),
            ("client-registration", SELF, false),
        ] {
            assert_eq!(mode.bearing(area).starts_with("Not on the way"), off, "{area} {mode:?}");
        }
        for (area, ..) in ABILITIES {
            assert_ne!(SELF.bearing(area), SELF.bearing("no such area"), "{area}");
        }
    }
}
