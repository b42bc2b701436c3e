//! The keys of one key manager: from a certificate, from a key set's URL, or from the platform itself.
//! Fetched with time limits, refreshed behind the traffic's back, and kept when a refresh fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use super::local::LocalKeyManager;
use crate::{domain::KeyManager, outbound::KEY_SET_COOLDOWN};
use kmspec_validation::{Certificate, KeySet};

/// A key set of one issuer is a few kilobytes; more is not read.
const MAX_KEY_SET_BYTES: usize = 1 << 20;

/// Where one key manager's keys come from, and those known now.
#[derive(Debug)]
pub(super) struct KeySource {
    origin: Origin,
    known: ArcSwapOption<Keys>,
    fetches: Mutex<Fetches>,
}

#[derive(Debug)]
enum Origin {
    Nowhere,
    Certificate(Certificate),
    Url(String),
    Platform,
}

#[derive(Debug, Default)]
struct Fetches {
    /// The last one that a token asked for.
    demanded: Option<Instant>,
    /// The last one of any kind.
    begun: Option<Instant>,
}

/// Keys as they were fetched.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) set: KeySet,
    /// Another number for other keys, unique in this process.
    pub(super) generation: u64,
    text: String,
}

/// What fetching takes.
pub(super) struct Fetcher<'a> {
    pub(super) http: &'a reqwest::Client,
    pub(super) local: &'a dyn LocalKeyManager,
    pub(super) tenant: &'a str,
}

impl KeySource {
    /// As the key manager's document says.
    pub(super) fn of(document: &KeyManager) -> Self {
        let certificates = document.certificates.as_ref();
        let origin = if document.is_resident() {
            Origin::Platform
        } else if let Some(url) = certificates.and_then(|each| each.jwks_url()) {
            Origin::Url(url.to_owned())
        } else if let Some(pem) = certificates.and_then(|each| each.pem()) {
            Certificate::from_pem(&pem).map_or(Origin::Nowhere, Origin::Certificate)
        } else {
            Origin::Nowhere
        };
        let known = match &origin {
            Origin::Certificate(certificate) => Some(Arc::new(Keys::new(certificate.key_set(), String::new()))),
            _ => None,
        };
        Self { origin, known: ArcSwapOption::new(known), fetches: Mutex::default() }
    }

    /// The keys known now, for a check at `now`: a certificate that has ended has none.
    pub(super) fn known(&self, now: u64) -> Option<Arc<Keys>> {
        match &self.origin {
            Origin::Certificate(certificate) if !certificate.is_valid_at(now) => None,
            _ => self.known.load_full(),
        }
    }

    /// The keys, fetched when there are none yet.
    pub(super) async fn keys(&self, fetcher: &Fetcher<'_>, now: u64) -> Option<Arc<Keys>> {
        match self.known(now) {
            Some(keys) => Some(keys),
            None => self.demand(fetcher, None).await,
        }
    }

    /// Other keys than those of a generation that lacked the one a token names.
    pub(super) async fn newer_than(&self, fetcher: &Fetcher<'_>, generation: u64) -> Option<Arc<Keys>> {
        self.demand(fetcher, Some(generation)).await
    }

    /// Whether the keys are older than this and should be fetched again beside the traffic. Says so once per period.
    pub(super) fn wants_refresh(&self, after: Duration) -> bool {
        if !self.is_fetched() || self.known.load().is_none() {
            return false;
        }
        let Ok(mut fetches) = self.fetches.try_lock() else { return false };
        let due = fetches.begun.is_none_or(|begun| begun.elapsed() >= after);
        if due {
            fetches.begun = Some(Instant::now());
        }
        due
    }

    /// Fetches the keys again; those known stay when that fails.
    pub(super) async fn refresh(&self, fetcher: &Fetcher<'_>) {
        if let Some(text) = self.fetch(fetcher).await {
            self.learn(text);
        }
    }

    fn is_fetched(&self) -> bool {
        matches!(self.origin, Origin::Url(_) | Origin::Platform)
    }

    /// A fetch that a token waits for: one at a time, and not again within the cooldown.
    async fn demand(&self, fetcher: &Fetcher<'_>, lacking: Option<u64>) -> Option<Arc<Keys>> {
        if !self.is_fetched() {
            return None;
        }
        let mut fetches = self.fetches.lock().await;
        let known = self.known.load_full();
        if let Some(keys) = known.filter(|keys| lacking != Some(keys.generation)) {
            return Some(keys);
        }
        if fetches.demanded.is_some_and(|at| at.elapsed() < KEY_SET_COOLDOWN) {
            return None;
        }
        fetches.begun = Some(Instant::now());
        let learnt = self.fetch(fetcher).await.and_then(|text| self.learn(text));
        // The first fetch is nobody's allowance: a rotation right after it is still seen at once. One that brings no key set,
        // for whichever cause, stands for all that want one within the cooldown, also for those that are in line here.
        if lacking.is_some() || learnt.is_none() {
            fetches.demanded = Some(Instant::now());
        }
        learnt
    }

    async fn fetch(&self, fetcher: &Fetcher<'_>) -> Option<String> {
        match &self.origin {
            Origin::Platform => fetcher.local.jwks(fetcher.tenant),
            Origin::Url(url) => match fetch_text(fetcher.http, url).await {
                Ok(text) => Some(text),
                Err(problem) => {
                    tracing::warn!(url, problem, "key set not fetched");
                    None
                }
            },
            Origin::Nowhere | Origin::Certificate(_) => None,
        }
    }

    /// Takes over a key set that can be read; the same text keeps its generation, and with it what it verified.
    fn learn(&self, text: String) -> Option<Arc<Keys>> {
        if let Some(known) = self.known.load_full().filter(|known| known.text == text) {
            return Some(known);
        }
        match KeySet::from_jwks(&text) {
            Ok(set) => {
                for refusal in set.refused() {
                    tracing::warn!(%refusal, "a key of a key set is left out");
                }
                let keys = Arc::new(Keys::new(set, text));
                self.known.store(Some(keys.clone()));
                Some(keys)
            }
            Err(problem) => {
                tracing::warn!(%problem, "a key set is not taken over");
                None
            }
        }
    }
}

impl Keys {
    fn new(set: KeySet, text: String) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { set, generation: NEXT.fetch_add(1, Ordering::Relaxed), text }
    }
}

async fn fetch_text(http: &reqwest::Client, url: &str) -> Result<String, String> {
    let mut answer = http.get(url).send().await.map_err(|error| error.to_string())?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(format!("status {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_KEY_SET_BYTES {
            return Err("longer than a key set may be".to_owned());
        }
    }
    String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
}
