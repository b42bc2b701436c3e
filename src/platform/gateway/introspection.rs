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
use crate::{connectors::Account, domain::ConnectorProperties};
use kmspec_validation::{ClaimValue, Claims};

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
    if let Some((name, user)) = acting_user(&document.additional_properties) {
        request = request.header(name, user);
    } else if let Some((user, password)) =
        credentials(key_manager.askers.unwrap_or_default(), &document.additional_properties)
    {
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

/// Where to ask; the word `none` means that the authorization server cannot be asked, and so do some types.
pub(super) fn introspection_url(key_manager: &RunningKeyManager) -> Option<&str> {
    key_manager.askers?;
    let url = key_manager.document.introspection_endpoint.as_deref()?.trim();
    (!url.is_empty() && !url.eq_ignore_ascii_case("none")).then_some(url)
}

/// Who asks where the platform's own certificate proves that it asks (CONN-10): the header field and the user.
fn acting_user(properties: &ConnectorProperties) -> Option<(&'static str, String)> {
    let by_certificate = properties.text("Authentication").as_deref() == Some("MutualTLS");
    by_certificate.then(|| ("WSO2-Identity-User", properties.text("IdentityUser").unwrap_or_default()))
}

/// Name and password of the first of the accounts that is filled in.
fn credentials(accounts: &[Account], properties: &ConnectorProperties) -> Option<(String, String)> {
    let filled = |name: &str| properties.text(name).filter(|text| !text.trim().is_empty());
    accounts.iter().find_map(|(user, password)| Some((filled(user)?, filled(password)?)))
}

/// The claims, when the answer says that this is an active access token of this key manager, in claims of their kinds.
fn read(text: &[u8], key_manager: &RunningKeyManager, now: u64) -> Option<Claims> {
    let claims = Claims::from_json(text).ok()?;
    let active = claims.value("active") == Some(&ClaimValue::Bool(true));
    let other_issuer = claims
        .issuer()
        .is_some_and(|issuer| !key_manager.policy.issuer.is_empty() && issuer != key_manager.policy.issuer);
    let refresh = claims.text("token_type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("refresh"));
    let is_text = |name| claims.value(name).is_none_or(|value| value.text().is_some());
    let of_kinds = is_text("client_id") && claims.check_kinds(&key_manager.policy).is_ok();
    let for_access = !refresh && !claims.say_other_kind();
    (active && !other_issuer && for_access && of_kinds && is_current(&claims, now)).then_some(claims)
}

fn is_current(claims: &Claims, now: u64) -> bool {
    claims.expiry().is_none_or(|expiry| now < expiry) && claims.not_before().is_none_or(|begin| begin <= now)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{connectors, domain::KeyManager, gateway::key_manager::TokenTerms};

    const NOW: u64 = 1_000;

    fn key_manager() -> RunningKeyManager {
        let document = KeyManager { issuer: Some("https://issuer".into()), ..KeyManager::named("first", "custom") };
        RunningKeyManager::start(Arc::new(document), TokenTerms::default()).unwrap()
    }

    #[test]
    fn every_type_says_who_asks_its_servers_and_two_are_never_asked() {
        for (kind, properties, asker) in [
            ("Okta", json!({"apiKey": "k", "client_id": "c", "client_secret": "s"}), Some(("c", "s"))),
            ("KeyCloak", json!({"client_id": "c", "client_secret": "s"}), Some(("c", "s"))),
            ("Forgerock", json!({"client_id": "c", "client_secret": "s"}), Some(("c", "s"))),
            (
                "PingFederate",
                json!({"username": "u", "password": "p", "client_id": "c", "client_secret": "s"}),
                Some(("c", "s")),
            ),
            ("Asgardeo", json!({"mgmt_client_id": "m", "mgmt_client_secret": "s"}), Some(("m", "s"))),
            ("WSO2-IS", json!({"Username": "u", "Password": "p"}), Some(("u", "p"))),
            ("WSO2-IS-7", json!({"Username": "u", "Password": "p"}), Some(("u", "p"))),
            ("ObKeyManager", json!({"Username": "u", "Password": "p"}), Some(("u", "p"))),
            (
                "custom",
                json!({"client_id": "c", "client_secret": "s", "Username": "u", "Password": "p"}),
                Some(("c", "s")),
            ),
            (
                "custom",
                json!({"client_id": "c", "client_secret": "", "Username": "u", "Password": "p"}),
                Some(("u", "p")),
            ),
            ("custom", json!({}), None),
        ] {
            let askers = connectors::find(kind).unwrap().introspection.unwrap();
            let properties = ConnectorProperties(properties.as_object().unwrap().clone());
            let asker = asker.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(credentials(askers, &properties), asker, "{kind}");
        }
        for kind in ["Auth0", "AzureAD"] {
            let told = Some("https://issuer/introspect".into());
            let document = KeyManager { introspection_endpoint: told, ..KeyManager::named("first", kind) };
            let running = RunningKeyManager::start(Arc::new(document), TokenTerms::default()).unwrap();
            assert_eq!(introspection_url(&running), None, "{kind}");
        }
    }

    fn is_taken(change: Value) -> bool {
        let mut answer = json!({"active": true, "client_id": "ck"});
        answer.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        read(answer.to_string().as_bytes(), &key_manager(), NOW).is_some()
    }

    #[test]
    fn only_an_active_access_token_of_this_issuer_that_is_good_now_is_taken() {
        for good in [
            json!({}),
            json!({"iss": "https://issuer"}),
            json!({"exp": NOW + 1, "nbf": NOW}),
            json!({"token_type": "Bearer"}),
        ] {
            assert!(is_taken(good.clone()), "{good}");
        }
        for wrong in [
            json!({"active": false}),
            json!({"active": "true"}),
            json!({"active": 1}),
            json!({"active": null}),
            json!({"iss": "https://issuer/"}),
            json!({"exp": NOW}),
            json!({"exp": "9999999999"}),
            json!({"nbf": NOW + 1}),
            json!({"token_type": "Refresh"}),
            json!({"token_type": "refresh_token"}),
            json!({"tokenName": "refresh_token"}),
            json!({"token_type": ["Bearer"]}),
            json!({"scope": 5}),
            json!({"scope": [5, "read"]}),
            json!({"client_id": ["ck"]}),
            json!({"azp": [5, "ck"]}),
        ] {
            assert!(!is_taken(wrong.clone()), "{wrong}");
        }
        for text in ["", "[]", "true", r#"{"active":false,"active":true}"#] {
            assert!(read(text.as_bytes(), &key_manager(), NOW).is_none(), "{text}");
        }
    }

    fn answer(members: Option<Value>) -> Answer {
        Answer { at: NOW, claims: members.map(|members| Claims::from_json(members.to_string().as_bytes()).unwrap()) }
    }

    #[test]
    fn an_answer_is_used_for_its_time_and_never_beyond_the_expiry() {
        let cache = Introspections::new(10, Duration::from_secs(15));
        let endless = answer(Some(json!({"active": true})));
        let short = answer(Some(json!({"active": true, "exp": NOW + 5})));
        let negative = answer(None);
        for (what, answer, last) in [("endless", &endless, 14), ("short", &short, 4), ("negative", &negative, 0)] {
            assert!(cache.is_fresh(answer, NOW + last), "{what}");
            assert!(!cache.is_fresh(answer, NOW + last + 1), "{what}");
            assert!(!cache.is_fresh(answer, NOW - 1), "{what}: a clock that was set back starts anew");
        }
    }

    #[test]
    fn answers_are_dropped_by_text_by_token_id_and_by_key_manager() {
        let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
        let filled = || {
            let cache = Introspections::new(10, Duration::from_secs(15));
            for (key_manager, token, id) in [(one, "a", "id-a"), (one, "b", "id-b"), (two, "a", "id-c")] {
                let answer = answer(Some(json!({"active": true, "jti": id})));
                cache.answers.insert(Key { key_manager, token: token.into() }, Arc::new(answer));
            }
            cache
        };
        let left = |cache: &Introspections| {
            let known = |key_manager, token| cache.answers.get(&Lookup { key_manager, token }).is_some();
            [known(one, "a"), known(one, "b"), known(two, "a")]
        };
        let cache = filled();
        assert_eq!(left(&cache), [true, true, true]);
        cache.evict("a");
        assert_eq!(left(&cache), [false, true, false]);
        cache.evict("id-b");
        assert_eq!(left(&cache), [false, false, false]);
        let cache = filled();
        cache.evict_key_manager(one);
        assert_eq!(left(&cache), [false, false, true]);
    }
}
