//! The realm of each tenant: made on first use from what the store keeps, dropped with the tenant.
//! What is asked of a realm over HTTP is left to [`super::endpoints`].

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::Router;
use kmspec_mocks::realm::{
    KeyChest, KeyPurpose, KeyRing, OAuthError, Policy, Realm, RealmSpec, Snapshot, TokenFormat, TokenKind, TokenRow,
    jwt::{self, Object},
    key_ring::{KidStyle, StoredKeys},
    policy::Rotation,
    test_keys::KeyFamily,
};
use serde_json::{Value, json};

use super::{
    endpoints,
    kept::{KeptKeys, KeptToken, ended_elsewhere, forget_waiting},
    scopes::ResidentScopes,
    shape::{ResidentShape, key_set},
    sync,
    trust::KeySets,
};
use crate::{
    clocks::Clocks,
    deployment::Deployment,
    domain::{SUPER_TENANT, Tenant},
    events::Event,
    gateway::{LocalIntrospection, LocalKeyManager},
    identity,
    panics::Panics,
    plane_tokens::{PlaneCaller, VerifyPlaneToken},
    resident_key_manager::grant_types,
    signer::Signer,
    site::tenant_url,
    store::{Documents, Store, StoreError},
};

/// After so many logins and codes those that ended are looked for.
const SWEEP: usize = 64;

/// Every tenant's resident key manager; clones share them.
#[derive(Clone)]
pub(crate) struct Residents(Arc<Inner>);

struct Inner {
    store: Store,
    clocks: Clocks,
    management_url: String,
    realms: RwLock<HashMap<String, Realm>>,
    /// No two tenants sign with one key.
    chest: KeyChest,
    /// Whether every realm that has tokens is in use.
    is_complete: AtomicBool,
    /// Logins and codes that were kept.
    kept: AtomicUsize,
    key_sets: KeySets,
    grant_types: Vec<String>,
    scopes: ResidentScopes,
    keeps_jwts: bool,
    several_secrets: bool,
}

impl Residents {
    /// The resident key managers of a platform that is served at `management_url`.
    /// Key sets of trusted issuers are fetched by `http`.
    pub(crate) fn new(
        store: Store,
        clocks: Clocks,
        management_url: &str,
        http: reqwest::Client,
        panics: &Panics,
        deployment: &Deployment,
    ) -> Self {
        let management_url = management_url.to_owned();
        let (realms, chest) = (RwLock::default(), KeyChest::resident());
        let key_sets = KeySets::new(http);
        let (grant_types, scopes) = (grant_types(deployment), ResidentScopes::new(deployment));
        let residents = Self(Arc::new(Inner {
            store,
            clocks,
            management_url,
            realms,
            chest,
            is_complete: AtomicBool::new(false),
            kept: AtomicUsize::new(0),
            key_sets,
            grant_types,
            scopes,
            keeps_jwts: deployment.token_persistence,
            several_secrets: deployment.several_secrets,
        }));
        residents.follow_removals(panics.clone());
        residents
    }

    /// Their endpoints, to be served beside the management planes.
    pub(crate) fn router(&self) -> Router {
        endpoints::router(self.clone())
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    /// Whether a token is kept in the store: a JWT proves itself, and need not be unless it can be refreshed, or ends when
    /// the code that it came of is presented again.
    pub(super) fn keeps(&self, row: &TokenRow) -> bool {
        let is_bound = row.refresh.is_some() || row.grant_type == "authorization_code";
        self.0.keeps_jwts || row.format == TokenFormat::Opaque || is_bound
    }

    /// Whether a client may have several secrets.
    pub(super) fn several_secrets(&self) -> bool {
        self.0.several_secrets
    }

    /// Before a login or a code is kept: now and then those of the tenant that ended are forgotten.
    pub(super) fn sweep(&self, documents: &Documents<'_>, tenant: &str) -> Result<(), StoreError> {
        if self.0.kept.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            forget_waiting(documents, tenant, self.now(tenant))?;
        }
        Ok(())
    }

    pub(super) fn key_sets(&self) -> &KeySets {
        &self.0.key_sets
    }

    /// The grant types that every realm serves.
    pub(super) fn grant_types(&self) -> &[String] {
        &self.0.grant_types
    }

    /// The time in a tenant, in seconds since 1970.
    pub(super) fn now(&self, tenant: &str) -> u64 {
        self.0.clocks.of(tenant).now()
    }

    /// `https://host:port` of the planes and of the pages of a login.
    pub(super) fn management_url(&self) -> &str {
        &self.0.management_url
    }

    /// Base of a tenant's OAuth endpoints, without a slash at the end.
    pub(super) fn base_url(&self, tenant: &str) -> String {
        tenant_url(&self.0.management_url, tenant)
    }

    /// The tenant's realm; `None` when there is no such tenant. Its keys are kept with the first token they sign.
    pub(super) fn realm(&self, documents: &Documents<'_>, tenant: &str) -> Result<Option<Realm>, StoreError> {
        if let Some(realm) = self.known(tenant) {
            return Ok(Some(realm));
        }
        if documents.find_anywhere::<Tenant>(tenant)?.is_none() {
            return Ok(None);
        }
        let made = self.restore(documents, tenant)?;
        let mut realms = self.0.realms.write().unwrap_or_else(PoisonError::into_inner);
        match realms.entry(tenant.to_owned()) {
            Entry::Vacant(free) => Ok(Some(free.insert(made).clone())),
            // Two asked at once; one realm is enough.
            Entry::Occupied(first) => {
                let kept = first.get().keys().published();
                let spare =
                    made.keys().published_keys().into_iter().filter(|key| !kept.iter().any(|kid| kid == key.kid()));
                spare.for_each(|key| self.0.chest.put_back(&key));
                Ok(Some(first.get().clone()))
            }
        }
    }

    fn known(&self, tenant: &str) -> Option<Realm> {
        self.0.realms.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    /// The same without waiting for a thread that may block: only a tenant's first use touches the store.
    fn realm_now(&self, tenant: &str) -> Option<Realm> {
        self.known(tenant).or_else(|| {
            let made = self.0.store.write_now(|documents| self.realm(documents, tenant));
            made.unwrap_or_else(|error| {
                tracing::error!(?error, tenant, "a realm could not be restored");
                None
            })
        })
    }

    fn restore(&self, documents: &Documents<'_>, tenant: &str) -> Result<Realm, StoreError> {
        let keys = match documents.find::<KeptKeys>(tenant, tenant)? {
            Some(kept) => kept.keys,
            None => self.fresh_keys(documents)?,
        };
        let ring = readable(&keys)?;
        let clock = self.0.clocks.of(tenant);
        let now = clock.now();
        let tokens = documents.all::<KeptToken>(tenant)?.into_iter().map(|kept| kept.0);
        let tokens = tokens.filter(|row| row.is_active(now) || row.is_refreshable(now)).collect();
        let snapshot = Snapshot { clients: vec![], users: vec![], scopes: vec![], tokens, keys };
        let spec = RealmSpec {
            clock,
            policy: policy(format!("{}/oauth2/token", self.base_url(tenant)), self.0.grant_types.clone()),
            shape: Arc::new(ResidentShape { keys: ring.clone() }),
            scope_rule: Arc::new(self.0.scopes.clone()),
            keys: ring,
            ..RealmSpec::new(format!("{}/oauth2/token", self.base_url(tenant)))
        };
        Realm::restore(spec, &snapshot)
            .map_err(|error| StoreError::Unreadable { kind: "resident-keys", source: serde::de::Error::custom(error) })
    }

    /// Keys that no other tenant has, whether its realm is in use by now or not.
    fn fresh_keys(&self, documents: &Documents<'_>) -> Result<StoredKeys, StoreError> {
        for (_, kept) in documents.everywhere::<KeptKeys>()? {
            readable(&kept.keys)?.published_keys().iter().for_each(|key| self.0.chest.claim(key));
        }
        Ok(KeyRing::drawn(&self.0.chest, KeyFamily::Rsa, KidStyle::CertificateHex).stored())
    }

    fn follow_removals(&self, panics: Panics) {
        let mut events = self.0.store.bus().subscribe();
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let follow = async {
                use tokio::sync::broadcast::error::RecvError;
                loop {
                    let event = events.recv().await;
                    let Some(inner) = inner.upgrade() else { break };
                    let mut realms = inner.realms.write().unwrap_or_else(PoisonError::into_inner);
                    match event {
                        Ok(Event::TenantRemoved { tenant }) => {
                            let removed = realms.remove(&tenant);
                            let keys = removed.map(|realm| realm.keys().published_keys()).unwrap_or_default();
                            keys.iter().for_each(|key| inner.chest.put_back(key));
                        }
                        Ok(_) => {}
                        // What was lost may have been a removal; everything can be made again from the store.
                        Err(RecvError::Lagged(_)) => {
                            realms.clear();
                            inner.is_complete.store(false, Ordering::Relaxed);
                        }
                        Err(RecvError::Closed) => break,
                    }
                }
            };
            panics.catch("resident key manager events", follow).await;
        });
    }

    /// The tenant whose resident key manager issued a JWT, by its unverified issuer; opaque ones are looked for in
    /// every realm.
    fn realm_of_token(&self, token: &str) -> Option<(String, Realm)> {
        match kmspec_mocks::realm::jwt::read(token) {
            Some((_, claims)) => {
                let tenant = self.tenant_of_issuer(claims.get("iss")?.as_str()?)?;
                let realm = self.realm_now(&tenant)?;
                Some((tenant, realm))
            }
            None => self.in_use(token).or_else(|| {
                self.use_all();
                self.in_use(token)
            }),
        }
    }

    fn in_use(&self, opaque: &str) -> Option<(String, Realm)> {
        let realms = self.0.realms.read().unwrap_or_else(PoisonError::into_inner);
        let found = realms.iter().find(|(_, realm)| realm.token(opaque).is_some());
        found.map(|(tenant, realm)| (tenant.clone(), realm.clone()))
    }

    /// Puts every realm that ever signed anything in use, once: after a restart an opaque token may be of any of them.
    fn use_all(&self) {
        if self.0.is_complete.swap(true, Ordering::Relaxed) {
            return;
        }
        let all = self.0.store.write_now(|documents| {
            let kept = documents.everywhere::<KeptKeys>()?;
            kept.iter().try_for_each(|(tenant, _)| self.realm(documents, tenant).map(drop))
        });
        if let Err(error) = all {
            let error: StoreError = error;
            tracing::error!(?error, "realms could not be restored");
            self.0.is_complete.store(false, Ordering::Relaxed);
        }
    }

    fn tenant_of_issuer(&self, issuer: &str) -> Option<String> {
        let inner = issuer.strip_prefix(&self.0.management_url)?.strip_suffix("/oauth2/token")?;
        if inner.is_empty() { Some(SUPER_TENANT.to_owned()) } else { inner.strip_prefix("/t/").map(str::to_owned) }
    }
}

/// The ring that was kept.
fn readable(keys: &StoredKeys) -> Result<KeyRing, StoreError> {
    KeyRing::restore(keys)
        .map_err(|error| StoreError::Unreadable { kind: "resident-keys", source: serde::de::Error::custom(error) })
}

/// Where it differs from the RFCs' plain reading: token requests may be JSON, and a wrong client is told in the
/// product's words.
fn policy(token_endpoint: String, grant_types: Vec<String>) -> Policy {
    let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect();
    Policy {
        json_requests: true,
        rotation: Rotation::Rotate,
        grant_types,
        public_grant_types: texts(&["authorization_code", "password", "refresh_token"]),
        code_challenge_methods: texts(&["S256", "plain"]),
        token_endpoint: Some(token_endpoint),
        // The product's cache of used assertions is off unless it is configured.
        assertions_used_once: false,
        dialect: |error| {
            if error.is_invalid_client() {
                OAuthError { description: "Client credentials are invalid.".to_owned(), ..error }
            } else {
                error
            }
        },
        ..Policy::default()
    }
}

impl VerifyPlaneToken for Residents {
    fn verify(&self, bearer: &str) -> Option<PlaneCaller> {
        let (tenant, realm) = self.realm_of_token(bearer)?;
        let row = realm.active_access(bearer)?;
        let principal = row.username.as_deref()?;
        let known = |documents: &Documents<'_>| {
            let is_ended = ended_elsewhere(documents, &row)?.access;
            Ok::<_, StoreError>(if is_ended { None } else { identity::find_principal(documents, principal)? })
        };
        let user = self.0.store.read_now(known).ok()??;
        (user.tenant == tenant).then_some(PlaneCaller { user: user.name, tenant, scopes: row.scopes })
    }
}

impl Signer for Residents {
    fn sign(&self, tenant: &str, header: Object, claims: &Object) -> Option<String> {
        let key = self.realm_now(tenant)?.keys().current(KeyPurpose::Access);
        Some(jwt::sign(&key, header, claims))
    }

    fn sign_to_last(&self, tenant: &str, header: Object, claims: &Object) -> Option<String> {
        let realm = self.realm_now(tenant)?;
        let kept = KeptKeys { tenant: tenant.to_owned(), keys: realm.keys().stored() };
        let kept = self.0.store.write_now(move |documents| kept.keep(documents));
        if let Err(error) = kept {
            tracing::error!(?error, tenant, "the keys of a tenant could not be kept");
            return None;
        }
        self.sign(tenant, header, claims)
    }
}

impl LocalKeyManager for Residents {
    fn jwks(&self, tenant: &str) -> Option<String> {
        Some(key_set(self.realm_now(tenant)?.keys()).to_string())
    }

    /// Access tokens only: a refresh token is not to be presented at the gateway.
    fn introspect(&self, tenant: &str, token: &str) -> LocalIntrospection {
        let prepared = self.0.store.write_now(|documents| {
            let Some(realm) = self.realm(documents, tenant)? else { return Ok::<_, StoreError>(None) };
            sync::owner_of_token(documents, &realm, tenant, token)?;
            Ok(Some(realm))
        });
        let known = prepared
            .ok()
            .flatten()
            .filter(|realm| realm.token(token).is_some_and(|(_, kind)| kind == TokenKind::Access));
        known.map_or_else(
            || LocalIntrospection::from_iter([("active".to_owned(), Value::Bool(false))]),
            |realm| realm.introspect(token),
        )
    }
}

impl std::fmt::Debug for Residents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Residents").field("management_url", &json!(self.0.management_url)).finish_non_exhaustive()
    }
}
