//! What a World hands over when its scenario is done: the raw material of an outcome.
//! What becomes of it, declared deviations included, is decided by the runner.

use super::{capability::Capability, exchange::Exchange, redactor::Redactor, report::TimeToEffect, verdict::Deviation};

/// Why a scenario did not go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Something it says did not hold.
    Deviates(Deviation),
    /// The subject lacks what it needs.
    NotApplicable(Capability),
    /// The harness could not find out; the message says what failed, with a hint.
    Error(String),
}

/// Everything a scenario leaves behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScenarioRecord {
    /// The first failure, if there was one.
    pub failure: Option<Failure>,
    /// When the times of the exchanges count from, in microseconds since 1970.
    pub began_at_us: u64,
    /// What went over the wire, in order, redacted.
    pub exchanges: Vec<Exchange>,
    /// How long changes took to bite.
    pub times_to_effect: Vec<TimeToEffect>,
    /// How many requests reached out to the subject itself, set-up through other parties not counted.
    pub subject_requests: usize,
    /// Remarks for the reader: a proposed correction, an object that could not be deleted.
    pub notes: Vec<String>,
    /// What is secret, for whoever adds to the record.
    pub secrets: Redactor,
}
