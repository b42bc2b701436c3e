//! Asking a key manager about a token it alone understands (RFC 7662), and remembering the answer for a while.
//! Which key manager is asked is decided by [`super::authenticate`].

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use quick_cache::{Equivalent, sync::Cache};
use uuid::Uuid;

use super::{key_manager::RunningKeyManager, keys::Fetcher};
use crate::{
    platform::domain::ConnectorProperties,
    validation::{ClaimValue, Claims},
};

/// How long a negative answer is used again, in seconds: long enough against floods, short enough for a token that
/// becomes good.
const NEGATIVE_SECONDS: u64 = 1;

/// Answers are small; a longer one is not read.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Introspection with its cache.
#[derive(Debug)]
pub(super) struct Introspections {
    answers: Cache<Key, Arc<Answer>>,
    positive_seconds: u64,
}

/// What a key manager said, and when by the tenant's clock.
#[derive(Debug)]
struct Answer {
    at: u64,
    /// What it said of an active access token.
    claims: Option<Claims>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    key_manager: Uuid,
    token: Box<str>,
}

struct Lookup<'a> {
    key_manager: Uuid,
    token: &'a str,
}

impl Hash for Lookup<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key_manager.hash(state);
        self.token.hash(state);
    }
}

impl Equivalent<Key> for Lookup<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.key_manager == key.key_manager && *self.token == *key.token
    }
}

impl Introspections {
    /// With room for this many answers.
    pub(super) fn new(capacity: usize, positive: Duration) -> Self {
        Self { answers: Cache::new(capacity), positive_seconds: positive.as_secs() }
    }

    /// What the key manager says of the token at `now`; `None` when it is not an active access token, or when the key
    /// manager could not be asked.
    pub(super) async fn ask(
        &self,
        key_manager: &RunningKeyManager,
        token: &str,
        fetcher: &Fetcher<'_>,
        now: u64,
    ) -> Option<Claims> {
        let id = key_manager.document.id;
        if let Some(answer) = self.answers.get(&Lookup { key_manager: id, token })
            && self.is_fresh(&answer, now)
        {
            return answer.claims.clone();
        }
        let text = match introspect(key_manager, token, fetcher).await {
            Ok(text) => text,
            Err(problem) => {
                tracing::warn!(key_manager = key_manager.document.name, problem, "introspection failed");
                return None;
            }
        };
        let claims = read(&text, key_manager, now);
        let answer = Arc::new(Answer { at: now, claims: claims.clone() });
        self.answers.insert(Key { key_manager: id, token: token.into() }, answer);
        claims
    }

    /// Forgets what was said of a revoked token, by its text or its `jti`.
    pub(super) fn evict(&self, name: &str) {
        self.answers.retain(|key, answer| {
            *key.token != *name && answer.claims.as_ref().and_then(Claims::token_id) != Some(name)
        });
    }

    /// Forgets everything that one key manager said.
    pub(super) fn evict_key_manager(&self, id: Uuid) {
        self.answers.retain(|key, _| key.key_manager != id);
    }

    fn is_fresh(&self, answer: &Answer, now: u64) -> bool {
        let age = now.checked_sub(answer.at);
        match &answer.claims {
            Some(claims) => age.is_some_and(|age| age < self.positive_seconds) && is_current(claims, now),
            None => age.is_some_and(|age| age < NEGATIVE_SECONDS),
        }
    }
}

async fn introspect(key_manager: &RunningKeyManager, token: &str, fetcher: &Fetcher<'_>) -> Result<Vec<u8>, String> {
    let document = &key_manager.document;
    if document.is_resident() {
        let members = fetcher.local.introspect(fetcher.tenant, token);
        return serde_json::to_vec(&members).map_err(|error| error.to_string());
    }
    let url = introspection_url(key_manager).ok_or("it has no introspection endpoint")?;
    let mut request = fetcher.http.post(url).form(&[("token", token), ("token_type_hint", "access_token")]);
    if let Some((user, password)) = credentials(&document.additional_properties) {
        request = request.basic_auth(user, Some(password));
    }
    let answer = request.header("accept", "application/json").send().await;
    let mut answer = answer.map_err(|error| error.without_url().to_string())?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(format!("status {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| error.without_url().to_string())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err("longer than an answer may be".to_owned());
        }
    }
    Ok(bytes)
}

/// Where to ask; the word `none` means that the authorization server cannot be asked.
pub(super) fn introspection_url(key_manager: &RunningKeyManager) -> Option<&str> {
    let url = key_manager.document.introspection_endpoint.as_deref()?.trim();
    (!url.is_empty() && !url.eq_ignore_ascii_case("none")).then_some(url)
}

/// What the connectors call the account that may introspect.
fn credentials(properties: &ConnectorProperties) -> Option<(String, String)> {
    let filled = |name: &str| properties.text(name).filter(|text| !text.trim().is_empty());
    [("client_id", "client_secret"), ("Username", "Password"), ("username", "password")]
        .iter()
        .find_map(|(user, password)| Some((filled(user)?, filled(password)?)))
}

/// The claims, when the answer says that this is an active access token of this key manager.
fn read(text: &[u8], key_manager: &RunningKeyManager, now: u64) -> Option<Claims> {
    let claims = Claims::from_json(text).ok()?;
    let active = claims.value("active") == Some(&ClaimValue::Bool(true));
    let other_issuer = claims
        .issuer()
        .is_some_and(|issuer| !key_manager.policy.issuer.is_empty() && issuer != key_manager.policy.issuer);
    let refresh = claims.text("token_type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("refresh"));
    (active && !other_issuer && !refresh && is_current(&claims, now)).then_some(claims)
}

fn is_current(claims: &Claims, now: u64) -> bool {
    claims.expiry().is_none_or(|expiry| now < expiry) && claims.not_before().is_none_or(|begin| begin <= now)
}
