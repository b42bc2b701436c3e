//! Graceful rotation of refresh tokens (WSO2 Identity Server): one that was replaced may be used again for a short while, by
//! a client that never got the new one. Whether a request may refresh at all is decided in `grants`.

use std::{
    num::NonZeroU64,
    sync::{MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    ended::if_ended,
    state::Realm,
    token::{TokenRow, TokenState},
};

/// How long and how often a refresh token may be used again after it was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GracefulRotation {
    /// For how many seconds after the first use.
    pub window_seconds: NonZeroU64,
    /// How many times.
    pub reuses: NonZeroU64,
}

impl Default for GracefulRotation {
    /// As applications have it unless told otherwise.
    fn default() -> Self {
        Self::new(30, 5)
    }
}

impl GracefulRotation {
    /// The most that applications are given unless a server says otherwise.
    pub const AT_MOST: Self = Self::new(60, 5);

    /// For so many seconds, so many times; none of either counts as one.
    pub const fn new(window_seconds: u64, reuses: u64) -> Self {
        Self { window_seconds: one_or_more(window_seconds), reuses: one_or_more(reuses) }
    }

    /// No more than this.
    #[must_use]
    pub fn at_most(self, most: Self) -> Self {
        Self { window_seconds: self.window_seconds.min(most.window_seconds), reuses: self.reuses.min(most.reuses) }
    }
}

const fn one_or_more(number: u64) -> NonZeroU64 {
    match NonZeroU64::new(number) {
        Some(number) => number,
        None => NonZeroU64::MIN,
    }
}

/// Rotation.
impl Realm {
    /// Held from the use of a refresh token until what comes of it is kept, so that a use at the same time finds it.
    pub(crate) fn using_gracefully(&self) -> MutexGuard<'_, ()> {
        self.0.graceful_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses the refresh token of a row; whether it may be used.
    ///
    /// The first use begins its time of grace, and ends that of those before it: who has the newer pair needs no other.
    /// A later use ends whatever came of the earlier ones, and lengthens nothing.
    pub(crate) fn use_gracefully(&self, jti: &str, rules: GracefulRotation) -> bool {
        let now = self.now();
        let mut state = self.state();
        let Some(row) = state.tokens.row_mut(jti) else { return false };
        let (before, first) = (row.clone(), row.is_refreshable(now));
        if first {
            row.begin_grace(now.saturating_add(rules.window_seconds.get()));
        } else if !row.use_again(now, rules.reuses.get()) {
            return false;
        }
        let mut ended: Vec<_> = if_ended(before, row, now).into_iter().collect();
        let family = row.family.clone();
        let relative = |other: &TokenRow| other.family == family && other.jti != jti;
        if first {
            state.tokens.end_grace_where(relative);
        } else {
            ended.extend(state.tokens.end_where(relative, TokenState::Revoked, now));
        }
        drop(state);
        self.ended_tokens(ended);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_grace_is_neither_nothing_nor_longer_than_the_server_lets_it_be() {
        assert_eq!(GracefulRotation::default(), GracefulRotation::new(30, 5));
        assert_eq!(GracefulRotation::new(0, 0), GracefulRotation::new(1, 1));
        for (asked, given) in [((61, 6), (60, 5)), ((60, 5), (60, 5)), ((1, 9), (1, 5)), ((90, 1), (60, 1))] {
            let (asked, given) = (GracefulRotation::new(asked.0, asked.1), GracefulRotation::new(given.0, given.1));
            assert_eq!(asked.at_most(GracefulRotation::AT_MOST), given);
        }
    }
}
