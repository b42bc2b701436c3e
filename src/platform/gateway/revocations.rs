//! What was revoked: single tokens, all tokens of a client, all tokens of a user.
//! Telling the gateway so is the event intake's work; keeping it over a restart the store's.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::platform::store::Revocation;

/// Everything revoked, looked up by token id and not by tenant.
#[derive(Debug, Default)]
pub(super) struct Revocations(RwLock<Lists>);

#[derive(Debug, Default)]
struct Lists {
    /// By `jti`, signature or opaque text: when the entry may be forgotten, in milliseconds since 1970.
    tokens: HashMap<String, u64>,
    /// By consumer key: tokens issued before this moment do not count.
    consumers: HashMap<String, u64>,
    /// By user or client.
    subjects: HashMap<String, u64>,
}

/// From this many tokens on, ended ones are thrown away.
const PRUNE_FROM: usize = 10_000;

/// How long entries are kept beyond their end, as tenants' clocks may be behind.
const MARGIN_MS: u64 = 86_400_000;

impl Revocations {
    /// Takes note of one.
    pub(super) fn add(&self, revocation: Revocation) {
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match revocation {
            Revocation::Token { token, expires_at_ms } => {
                if lists.tokens.len() >= PRUNE_FROM {
                    let now = system_ms();
                    lists.tokens.retain(|_, ends| ends.saturating_add(MARGIN_MS) > now);
                }
                lists.tokens.insert(token, expires_at_ms);
            }
            Revocation::Consumer { consumer_key, revoked_at_ms } => {
                later(&mut lists.consumers, consumer_key, revoked_at_ms)
            }
            Revocation::Subject { entity_id, revoked_at_ms, .. } => {
                later(&mut lists.subjects, entity_id, revoked_at_ms)
            }
        }
    }

    /// Whether a token of this name (`jti`, signature or opaque text) was revoked.
    pub(super) fn has_token(&self, name: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).tokens.contains_key(name)
    }

    /// Whether all tokens of the client or subject that were issued at this time (seconds) were revoked. A token that
    /// does not say when it was issued counts as issued before.
    pub(super) fn has_owner(&self, consumer_key: Option<&str>, subject: Option<&str>, issued_at: Option<u64>) -> bool {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let issued_ms = issued_at.unwrap_or(0).saturating_mul(1000);
        let revoked = |list: &HashMap<String, u64>, name: Option<&str>| {
            name.and_then(|name| list.get(name)).is_some_and(|moment| issued_ms < *moment)
        };
        revoked(&lists.consumers, consumer_key)
            || revoked(&lists.subjects, subject)
            || revoked(&lists.subjects, consumer_key)
    }
}

fn later(list: &mut HashMap<String, u64>, name: String, moment: u64) {
    let known = list.entry(name).or_default();
    *known = moment.max(*known);
}

fn system_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_revoked_up_to_a_moment_and_tokens_issued_later_count() {
        let revocations = Revocations::default();
        revocations.add(Revocation::Consumer { consumer_key: "ck".into(), revoked_at_ms: 10_500 });
        assert!(revocations.has_owner(Some("ck"), None, Some(10)));
        assert!(revocations.has_owner(Some("ck"), None, None));
        assert!(!revocations.has_owner(Some("ck"), None, Some(11)));
        assert!(!revocations.has_owner(Some("other"), None, Some(10)));
        revocations.add(Revocation::Consumer { consumer_key: "ck".into(), revoked_at_ms: 1 });
        assert!(revocations.has_owner(Some("ck"), None, Some(10)), "an older event does not take back a later one");
    }

    #[test]
    fn a_token_is_revoked_by_its_name() {
        let revocations = Revocations::default();
        revocations.add(Revocation::Token { token: "t".into(), expires_at_ms: u64::MAX });
        assert!(revocations.has_token("t") && !revocations.has_token("u"));
    }
}
