//! Whose assertions the resident key manager believes: key managers whose tokens are to be exchanged (TT-10, TX-16).
//! What an assertion must look like is decided by the grants.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, Jwk, JwkSet},
};
use kmspec_mocks::realm::{Realm, TrustedIssuer, TrustedKeys, jwt};
use kmspec_validation::Certificate;
use serde_json::Value;
use tokio::sync::Mutex as Turn;

use super::{endpoints::Asked, realms::Residents};
use crate::{
    domain::{KeyManager, TokenType},
    outbound::{self, KEY_SET_COOLDOWN},
    store::{Documents, StoreError},
};

/// Grant types that take an assertion, and the parameter that holds it.
const ASSERTIONS: [(&str, &str); 2] = [
    ("urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion"),
    ("urn:ietf:params:oauth:grant-type:token-exchange", "subject_token"),
];

/// Beyond this a fetched key set is fetched again before it is used.
const FRESH: Duration = Duration::from_secs(300);

/// Key sets of issuers by their URL.
#[derive(Debug)]
pub(super) struct KeySets {
    http: reqwest::Client,
    sources: Mutex<HashMap<String, Arc<Source>>>,
}

/// One URL: what it served last, and when it may be asked again.
#[derive(Debug, Default)]
struct Source {
    served: Mutex<Option<(Instant, JwkSet)>>,
    /// The end of the last fetch that began the cooldown; who holds it is fetching.
    tried: Turn<Option<Instant>>,
}

impl Source {
    /// The set, unless it is old.
    fn fresh(&self) -> Option<JwkSet> {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, keys)| keys.clone())
    }

    /// The set, if it is fresh and has the key that is named.
    fn fitting(&self, kid: Option<&str>) -> Option<JwkSet> {
        self.fresh().filter(|keys| kid.is_none_or(|kid| keys.find(kid).is_some()))
    }
}

/// A key set that was fetched for a request, and from where.
#[derive(Debug)]
pub(super) struct Found {
    url: String,
    keys: JwkSet,
}

impl KeySets {
    pub(super) fn new(http: reqwest::Client) -> Self {
        Self { http, sources: Mutex::default() }
    }

    /// The set of that URL, fetched when there is none yet, when it is old, and when it lacks the key that is named: one at a
    /// time, and not again within the cooldown, as at the gateway.
    async fn get(&self, url: &str, kid: Option<&str>) -> Option<JwkSet> {
        let source = {
            let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
            sources.entry(url.to_owned()).or_default().clone()
        };
        if let Some(keys) = source.fitting(kid) {
            return Some(keys);
        }
        let mut tried = source.tried.lock().await;
        if let Some(keys) = source.fitting(kid) {
            return Some(keys);
        }
        let known = source.fresh();
        if tried.is_some_and(|at| at.elapsed() < KEY_SET_COOLDOWN) {
            return known;
        }
        let fetched = self.fetch(url).await;
        // The first fetch is nobody's allowance; one that fails stands for all that are in line here.
        if known.is_some() || fetched.is_none() {
            *tried = Some(Instant::now());
        }
        let keys = fetched?;
        let served = Some((Instant::now(), keys.clone()));
        *source.served.lock().unwrap_or_else(PoisonError::into_inner) = served;
        Some(keys)
    }

    /// What of the set can verify a signature; anything else in it is passed over.
    async fn fetch(&self, url: &str) -> Option<JwkSet> {
        let answer = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|error| tracing::info!(%error, "no key set")).ok()?;
        let text = outbound::body(answer).await.ok().flatten()?;
        let told: Value = serde_json::from_slice(&text).ok()?;
        let keys = told.get("keys")?.as_array()?.iter();
        let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok()).filter(verifies);
        Some(JwkSet { keys: keys.collect() })
    }
}

fn verifies(key: &Jwk) -> bool {
    !matches!(key.algorithm, AlgorithmParameters::OctetKey(_)) && DecodingKey::from_jwk(key).is_ok()
}

/// Fetches the key set that an assertion is to be verified with, if there is an assertion and it needs one. The store is
/// not held up by that.
pub(super) async fn look(residents: &Residents, asked: &Asked) -> Result<Option<Found>, StoreError> {
    let Some((issuer, kid)) = issuer_of_assertion(asked) else { return Ok(None) };
    let named = (asked.tenant.clone(), asked.claimed_client());
    let url = residents
        .store()
        .read(move |documents| {
            let tenant = match named {
                (Some(tenant), _) => tenant,
                (None, Some((id, _))) => super::endpoints::tenant_of_client(documents, &id)?,
                (None, None) => return Ok::<_, StoreError>(None),
            };
            let trusted = trusted(documents, &tenant)?.into_iter();
            let named = trusted.filter(|one| one.issuer.as_deref() == Some(issuer.as_str()));
            let certificates = named.filter_map(|one| one.certificates).next();
            Ok(certificates.and_then(|each| each.jwks_url().map(str::to_owned)))
        })
        .await?;
    let Some(url) = url else { return Ok(None) };
    Ok(residents.key_sets().get(&url, kid.as_deref()).await.map(|keys| Found { url, keys }))
}

/// Who issued the assertion of a request, and the key it says it was signed with; neither is proven.
fn issuer_of_assertion(asked: &Asked) -> Option<(String, Option<String>)> {
    let grant_type = asked.value("grant_type")?;
    let (_, parameter) = ASSERTIONS.iter().find(|(known, _)| *known == grant_type)?;
    let (header, claims) = jwt::read(asked.value(parameter)?)?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    Some((text(claims.get("iss"))?, text(header.get("kid"))))
}

/// Has a realm trust the tenant's key managers as they are configured now, and nobody else.
pub(super) fn install(
    documents: &Documents<'_>,
    realm: &Realm,
    tenant: &str,
    found: Option<&Found>,
) -> Result<(), StoreError> {
    let now = realm.now();
    let issuers: Vec<TrustedIssuer> =
        trusted(documents, tenant)?.iter().filter_map(|one| as_issuer(one, found, now)).collect();
    for known in realm.trusted_issuers() {
        realm.distrust(&known.name);
    }
    for issuer in issuers {
        if let Err(error) = realm.trust(issuer) {
            tracing::info!(%error, "a key manager's tokens cannot be exchanged");
        }
    }
    Ok(())
}

/// The enabled key managers whose tokens are to be exchanged.
fn trusted(documents: &Documents<'_>, tenant: &str) -> Result<Vec<KeyManager>, StoreError> {
    let all = documents.all::<KeyManager>(tenant)?.into_iter();
    Ok(all.filter(|one| one.enabled && one.token_type != TokenType::Direct && !one.is_resident()).collect())
}

/// A key manager as a trusted issuer, by its id: no name of a user can begin with that. One whose key set was not fetched
/// for this request is not needed for it, and a certificate outside its validity vouches for nothing, as at the gateway.
fn as_issuer(key_manager: &KeyManager, found: Option<&Found>, now: u64) -> Option<TrustedIssuer> {
    let issuer = key_manager.issuer.as_deref().filter(|issuer| !issuer.is_empty())?;
    let certificates = key_manager.certificates.as_ref()?;
    let keys = match (certificates.pem(), certificates.jwks_url(), found) {
        (Some(pem), _, _) if is_valid_at(&pem, now) => TrustedKeys::Pem(pem),
        (Some(_), _, _) => TrustedKeys::Nothing,
        (None, Some(url), Some(found)) if found.url == url && !found.keys.keys.is_empty() => {
            TrustedKeys::Set(found.keys.clone())
        }
        _ => return None,
    };
    let trusted = TrustedIssuer::new(key_manager.id.to_string(), issuer, keys);
    Some(match key_manager.alias.as_deref().filter(|alias| !alias.trim().is_empty()) {
        Some(alias) => trusted.alias(alias),
        None => trusted,
    })
}

fn is_valid_at(pem: &str, now: u64) -> bool {
    Certificate::from_pem(pem).is_ok_and(|certificate| certificate.is_valid_at(now))
}
