//! Tokens that were verified before, so that a signature is checked once.
//! Only the signature is spared: time, revocation, subscription and scopes are checked on every use by the caller.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::Verified;

/// A bounded, concurrent store of verified tokens by their full text, so two tokens can never share an entry.
///
/// An entry holds only for the key set that verified it: a `generation` that changes with the keys (or the rules) of
/// the key manager makes older entries worthless.
#[derive(Debug)]
pub struct VerifiedTokens {
    entries: Cache<Box<str>, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    generation: u64,
    /// By the same clock as `now`.
    until: u64,
    verified: Arc<Verified>,
}

impl VerifiedTokens {
    /// Room for about `capacity` tokens; the least used leave first.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Cache::new(capacity) }
    }

    /// The token and the generation that verified it. Allocates nothing; the caller compares the generation with the
    /// key manager's present one.
    pub fn find(&self, token: &str) -> Option<(u64, Arc<Verified>)> {
        self.entries.get(token).map(|entry| (entry.generation, entry.verified))
    }

    /// The same, as long as it was to be kept.
    pub fn find_at(&self, token: &str, now: u64) -> Option<(u64, Arc<Verified>)> {
        self.entries.get(token).filter(|entry| now < entry.until).map(|entry| (entry.generation, entry.verified))
    }

    /// Keeps a verified token.
    pub fn keep(&self, token: &str, generation: u64, verified: Arc<Verified>) {
        self.keep_until(token, generation, verified, u64::MAX);
    }

    /// Keeps a verified token up to a moment.
    pub fn keep_until(&self, token: &str, generation: u64, verified: Arc<Verified>, until: u64) {
        self.entries.insert(token.into(), Entry { generation, until, verified });
    }

    /// Drops a token.
    pub fn forget(&self, token: &str) {
        self.entries.remove(token);
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
