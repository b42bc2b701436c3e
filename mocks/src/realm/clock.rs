//! The time as one authorization server sees it: shared by everything that belongs to it, and movable.
//! Who moves it, and when, is the caller's affair.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const RUNNING: i64 = i64::MIN;

/// A clock that clones share: moving one moves all.
#[derive(Debug, Clone)]
pub struct Clock(Arc<State>);

#[derive(Debug)]
struct State {
    /// Milliseconds ahead of the system's clock.
    offset_ms: AtomicI64,
    /// The instant it stands still at, in milliseconds since 1970, or [`RUNNING`].
    stopped_ms: AtomicI64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// A clock that shows the system's time until it is moved.
    pub fn system() -> Self {
        Self(Arc::new(State { offset_ms: AtomicI64::new(0), stopped_ms: AtomicI64::new(RUNNING) }))
    }

    /// A clock that stands still at this many seconds since 1970.
    pub fn stopped_at(seconds: u64) -> Self {
        let clock = Self::system();
        clock.0.stopped_ms.store(milliseconds(seconds), Ordering::SeqCst);
        clock
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        let stopped = self.0.stopped_ms.load(Ordering::SeqCst);
        let now = if stopped == RUNNING {
            system_ms().saturating_add(self.0.offset_ms.load(Ordering::SeqCst))
        } else {
            stopped
        };
        u64::try_from(now).unwrap_or(0)
    }

    /// Moves the time forward; a running clock goes on running.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let moved =
            if self.0.stopped_ms.load(Ordering::SeqCst) == RUNNING { &self.0.offset_ms } else { &self.0.stopped_ms };
        // The closure always gives a value, so the update cannot fail.
        let _ = moved.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |was| Some(was.saturating_add(by)));
    }

    /// Sets the time to this many seconds since 1970; a running clock goes on running from there.
    pub fn set(&self, seconds: u64) {
        if self.0.stopped_ms.load(Ordering::SeqCst) == RUNNING {
            self.0.offset_ms.store(milliseconds(seconds).saturating_sub(system_ms()), Ordering::SeqCst);
        } else {
            self.0.stopped_ms.store(milliseconds(seconds), Ordering::SeqCst);
        }
    }

    /// Whether it stands still.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped_ms.load(Ordering::SeqCst) != RUNNING
    }

    /// Makes it run again, from where it stands.
    pub fn resume(&self) {
        let stopped = self.0.stopped_ms.swap(RUNNING, Ordering::SeqCst);
        if stopped != RUNNING {
            self.0.offset_ms.store(stopped.saturating_sub(system_ms()), Ordering::SeqCst);
        }
    }

    /// Makes it stand still where it is, so that an edge can be looked at.
    pub fn stop(&self) {
        let now = i64::try_from(self.now_ms()).unwrap_or(i64::MAX);
        self.0.stopped_ms.store(now, Ordering::SeqCst);
    }
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000)
}

fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_time() {
        let clock = Clock::stopped_at(1_000);
        let other = clock.clone();
        clock.advance(Duration::from_secs(60));
        assert_eq!(other.now(), 1_060);
        other.set(5);
        assert_eq!(clock.now(), 5);
    }

    #[test]
    fn a_running_clock_keeps_its_distance_to_the_system() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(Duration::from_secs(3_600));
        assert!((3_600..3_605).contains(&(clock.now() - before)));
        clock.set(100);
        assert!((100..105).contains(&clock.now()));
        clock.stop();
        let stopped = clock.now_ms();
        assert_eq!(clock.now_ms(), stopped);
        clock.advance(Duration::from_secs(50));
        clock.resume();
        assert!(!clock.is_stopped() && (150..155).contains(&clock.now()));
    }
}
