//! What a check found about the subject. Whether the harness itself failed is an error, not a verdict.

use serde::{Deserialize, Serialize};

use super::capability::Capability;

/// What we make of the subject's replies in one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything the scenario says held.
    Conforms,
    /// Something it says did not hold.
    Deviates(Deviation),
    /// The subject lacks what the scenario needs.
    NotApplicable {
        /// The capability that is missing.
        missing: Capability,
    },
}

/// What should have been seen, and what was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    /// What the rule asks for, as a phrase: "401 with code 900901".
    pub expected: String,
    /// What was seen instead, with the likely slip where one is known. Never a whole token or secret.
    pub observed: String,
    /// Where the rule comes from: an RFC section, or the id of a catalogue row. Empty when the scenario's tags say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
}
