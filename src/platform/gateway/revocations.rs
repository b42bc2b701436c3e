//! What was revoked: single tokens, all tokens of a client, all tokens of a user.
//! Telling the gateway so is the event intake's work; keeping it over a restart the store's.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::store::Revocation;

/// Everything revoked. Tokens are looked up by their id alone (REV-05, REV-06); clients and users count in the tenant where
/// they were revoked, or everywhere when no tenant is named.
#[derive(Debug, Default)]
pub(super) struct Revocations(RwLock<Lists>);

#[derive(Debug)]
struct Lists {
    /// By `jti`, signature or opaque text.
    tokens: HashMap<String, Entry>,
    /// By tenant and consumer key: tokens issued before this moment do not count.
    consumers: HashMap<(String, String), u64>,
    /// By tenant and user or client.
    subjects: HashMap<(String, String), u64>,
    /// With so many tokens, those that have ended are thrown away.
    prune_at: usize,
}

#[derive(Debug)]
struct Entry {
    tenant: Box<str>,
    /// When it may be forgotten, in milliseconds since 1970.
    ends_ms: u64,
}

/// From this many tokens on, ended ones are thrown away.
const PRUNE_FROM: usize = 10_000;

/// How long entries are kept beyond their end: what was announced may have been rounded.
const MARGIN_MS: u64 = 300_000;

impl Default for Lists {
    fn default() -> Self {
        let (tokens, consumers, subjects) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { tokens, consumers, subjects, prune_at: PRUNE_FROM }
    }
}

impl Revocations {
    /// Takes note of one of a tenant, or of none in particular when `tenant` is empty. `now_ms_of` tells a tenant's time.
    pub(super) fn add(&self, tenant: &str, revocation: Revocation, now_ms_of: impl Fn(&str) -> u64) {
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_tenant = |name: String| (tenant.to_owned(), name);
        match revocation {
            Revocation::Token { token, expires_at_ms } => {
                if lists.tokens.len() >= lists.prune_at {
                    lists.prune(now_ms_of);
                }
                lists.tokens.insert(token, Entry { tenant: tenant.into(), ends_ms: expires_at_ms });
            }
            Revocation::Consumer { consumer_key, revoked_at_ms } => {
                later(&mut lists.consumers, of_tenant(consumer_key), revoked_at_ms);
            }
            Revocation::Subject { entity_id, revoked_at_ms, .. } => {
                later(&mut lists.subjects, of_tenant(entity_id), revoked_at_ms);
            }
        }
    }

    /// Whether a token of this name (`jti`, signature or opaque text) was revoked.
    pub(super) fn has_token(&self, name: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).tokens.contains_key(name)
    }

    /// Whether all tokens of the client or subject that were issued in a tenant at this time (seconds) were revoked. A
    /// token that does not say when it was issued counts as issued before.
    pub(super) fn has_owner(
        &self,
        tenant: &str,
        consumer_key: Option<&str>,
        subject: Option<&str>,
        issued_at: Option<u64>,
    ) -> bool {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if lists.consumers.is_empty() && lists.subjects.is_empty() {
            return false;
        }
        let issued_ms = issued_at.unwrap_or(0).saturating_mul(1000);
        let moment = |list: &HashMap<(String, String), u64>, tenant: &str, name: &str| {
            list.get(&(tenant.to_owned(), name.to_owned())).is_some_and(|moment| issued_ms < *moment)
        };
        let revoked =
            |list, name: Option<&str>| name.is_some_and(|name| moment(list, tenant, name) || moment(list, "", name));
        revoked(&lists.consumers, consumer_key)
            || revoked(&lists.subjects, subject)
            || revoked(&lists.subjects, consumer_key)
    }
}

impl Lists {
    /// Throws ended tokens away, and waits for twice as many before it looks again.
    fn prune(&mut self, now_ms_of: impl Fn(&str) -> u64) {
        let mut times: HashMap<Box<str>, u64> = HashMap::new();
        self.tokens.retain(|_, entry| {
            let now = *times.entry(entry.tenant.clone()).or_insert_with(|| now_ms_of(&entry.tenant));
            entry.ends_ms.saturating_add(MARGIN_MS) > now
        });
        self.prune_at = PRUNE_FROM.max(2 * self.tokens.len());
    }
}

fn later(list: &mut HashMap<(String, String), u64>, name: (String, String), moment: u64) {
    let known = list.entry(name).or_default();
    *known = moment.max(*known);
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "t.example";

    fn consumer(revoked_at_ms: u64) -> Revocation {
        Revocation::Consumer { consumer_key: "ck".into(), revoked_at_ms }
    }

    #[test]
    fn a_client_is_revoked_up_to_a_moment_and_tokens_issued_later_count() {
        let revocations = Revocations::default();
        revocations.add(T, consumer(10_500), |_| 0);
        assert!(revocations.has_owner(T, Some("ck"), None, Some(10)));
        assert!(revocations.has_owner(T, Some("ck"), None, None));
        assert!(!revocations.has_owner(T, Some("ck"), None, Some(11)));
        assert!(!revocations.has_owner(T, Some("other"), None, Some(10)));
        revocations.add(T, consumer(1), |_| 0);
        assert!(revocations.has_owner(T, Some("ck"), None, Some(10)), "an older event does not take back a later one");
    }

    #[test]
    fn what_one_tenant_revoked_is_not_revoked_in_another_unless_no_tenant_is_named() {
        let revocations = Revocations::default();
        let subject = |tenant: &str| {
            let revoked =
                Revocation::Subject { entity_id: "dora".into(), entity_type: "USER_ID".into(), revoked_at_ms: 9_000 };
            revocations.add(tenant, revoked, |_| 0);
        };
        subject("other.example");
        assert!(revocations.has_owner("other.example", None, Some("dora"), Some(1)));
        assert!(!revocations.has_owner(T, None, Some("dora"), Some(1)));
        subject("");
        assert!(revocations.has_owner(T, None, Some("dora"), Some(1)));
    }

    #[test]
    fn a_token_is_revoked_by_its_name_whatever_the_tenant() {
        let revocations = Revocations::default();
        revocations.add("other.example", Revocation::Token { token: "t".into(), expires_at_ms: u64::MAX }, |_| 0);
        assert!(revocations.has_token("t") && !revocations.has_token("u"));
    }

    #[test]
    fn ended_tokens_are_forgotten_by_the_clock_of_their_tenant() {
        let revocations = Revocations::default();
        let token = |name: String| Revocation::Token { token: name, expires_at_ms: 1_000 };
        let clock = |tenant: &str| if tenant == "fast.example" { 1_000 + MARGIN_MS } else { 0 };
        revocations.add("slow.example", token("slow".into()), clock);
        for number in 0..PRUNE_FROM {
            revocations.add("fast.example", token(format!("fast-{number}")), clock);
        }
        assert!(revocations.has_token("slow"));
        assert!(!revocations.has_token("fast-0"));
        assert!(
            revocations.has_token(&format!("fast-{}", PRUNE_FROM - 1)),
            "added after the others were looked through"
        );
    }
}
