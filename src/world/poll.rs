//! Waiting for a change to bite: polls to a declared bound, and keeps how long it took as a result.
//! Which bound applies is the caller's choice, from the stage's bounds.

use std::{
    fmt,
    time::{Duration, Instant},
};

use kmspec_drivers::exchange_log::micros;
use kmspec_model::report::TimeToEffect;

use super::{StepError, World};

/// First pause between two looks; each pause is half as long again as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// Longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look<T> {
    /// The change has bitten.
    Seen(T),
    /// Not yet; this is what was seen instead.
    NotYet(String),
}

impl<T> Look<T> {
    /// Seen when `holds`, otherwise not yet, with what was seen instead.
    pub fn when(holds: bool, value: T, instead: impl fmt::Display) -> Self {
        if holds { Self::Seen(value) } else { Self::NotYet(instead.to_string()) }
    }
}

impl World {
    /// Looks until the change has bitten or the bound has passed since the act (the end of the last When), and keeps how long it took under the change's name
    /// (`key-manager-added`, `token-revoked`, …). `expected` says what should be seen, for the deviation.
    ///
    /// # Errors
    ///
    /// A recorded deviation with the last look once the bound has passed; an error of the look itself at once.
    pub async fn eventually<T, L>(
        &self,
        change: &str,
        bound: Duration,
        expected: impl fmt::Display,
        look: L,
    ) -> Result<T, StepError>
    where
        L: AsyncFnMut() -> Result<Look<T>, StepError>,
    {
        let (seen, took) =
            self.poll(self.acted.as_ref().map_or_else(Instant::now, |(at, _)| *at), bound, expected, look).await?;
        self.keep_time(TimeToEffect { change: change.to_owned(), took_us: micros(took), bound_us: micros(bound) });
        Ok(seen)
    }

    /// The same without keeping the time: for set-up that the scenario is not about.
    ///
    /// # Errors
    ///
    /// As [`World::eventually`].
    pub async fn until<T, L>(&self, bound: Duration, expected: impl fmt::Display, look: L) -> Result<T, StepError>
    where
        L: AsyncFnMut() -> Result<Look<T>, StepError>,
    {
        Ok(self.poll(Instant::now(), bound, expected, look).await?.0)
    }

    async fn poll<T, L>(
        &self,
        started: Instant,
        bound: Duration,
        expected: impl fmt::Display,
        mut look: L,
    ) -> Result<(T, Duration), StepError>
    where
        L: AsyncFnMut() -> Result<Look<T>, StepError>,
    {
        let mut pause = FIRST_PAUSE;
        loop {
            let instead = match look().await? {
                Look::Seen(value) => return Ok((value, started.elapsed())),
                Look::NotYet(instead) => instead,
            };
            let left = bound.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(
                    self.deviates(format!("{expected} within {bound:?}"), format!("{instead}, at the last look"))
                );
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }
}
