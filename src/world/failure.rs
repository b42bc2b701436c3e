//! How a scenario ends badly, and the one way to say so from a step.
//! A [`StepError`] can be made by the world alone, so none leaves a step without having been recorded.

use std::fmt;

use kmspec_model::{capability::Capability, record::Failure, verdict::Deviation};

use super::World;

/// The failure as one sentence.
pub(super) fn told(failure: &Failure) -> String {
    match failure {
        Failure::Deviates(deviation) => format!("expected {}, observed {}", deviation.expected, deviation.observed),
        Failure::NotApplicable(missing) => format!("not applicable: the subject lacks `{missing}`"),
        Failure::Error(message) => message.clone(),
    }
}

/// A step did not hold. It carries its text for cucumber; what counts was recorded in the world when it was made.
///
/// Only [`World::fail`] and what stands on it ([`World::deviates`], [`World::error`], [`World::not_applicable`],
/// [`OrFail::or_fail`]) can make one: a step cannot forget to record it.
#[derive(Clone)]
pub struct StepError(String);

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StepError {}

impl World {
    /// Records the failure and makes the error that the step returns. The first failure of a scenario counts, and a
    /// scenario with one cannot pass, even when the step swallows the error.
    pub fn fail(&self, failure: impl Into<Failure>) -> StepError {
        let failure = failure.into();
        let text = told(&failure);
        self.record_failure(failure);
        StepError(text)
    }

    /// The subject deviates: what the rule asks for, and what was seen instead.
    pub fn deviates(&self, expected: impl Into<String>, observed: impl Into<String>) -> StepError {
        self.fail(Failure::Deviates(Deviation { expected: expected.into(), observed: observed.into(), clause: None }))
    }

    /// The subject deviates from this clause, where the scenario's tags do not say it.
    pub fn deviates_from(
        &self,
        clause: impl Into<String>,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> StepError {
        self.fail(Failure::Deviates(Deviation {
            expected: expected.into(),
            observed: observed.into(),
            clause: Some(clause.into()),
        }))
    }

    /// The harness could not find out.
    pub fn error(&self, why: impl fmt::Display) -> StepError {
        self.fail(Failure::Error(why.to_string()))
    }

    /// The subject lacks what the step needs.
    pub fn not_applicable(&self, missing: Capability) -> StepError {
        self.fail(Failure::NotApplicable(missing))
    }

    /// Deviates unless this holds.
    ///
    /// # Errors
    ///
    /// The recorded deviation.
    pub fn expect(
        &self,
        holds: bool,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> Result<(), StepError> {
        if holds { Ok(()) } else { Err(self.deviates(expected, observed)) }
    }

    /// Deviates unless the two are equal; both are shown with `Debug`, which hides secrets.
    ///
    /// # Errors
    ///
    /// The recorded deviation.
    pub fn expect_eq<T: PartialEq + fmt::Debug>(
        &self,
        what: &str,
        expected: &T,
        observed: &T,
    ) -> Result<(), StepError> {
        self.expect(expected == observed, format!("{what} is {expected:?}"), format!("{observed:?}"))
    }
}

/// Turns errors of other rooms into recorded step errors: `driver.call().await.or_fail(world)?`.
pub trait OrFail<T> {
    /// The value, or the recorded error.
    ///
    /// # Errors
    ///
    /// The recorded failure.
    fn or_fail(self, world: &World) -> Result<T, StepError>;
}

impl<T, E: Into<Failure>> OrFail<T> for Result<T, E> {
    fn or_fail(self, world: &World) -> Result<T, StepError> {
        self.map_err(|error| world.fail(error))
    }
}
