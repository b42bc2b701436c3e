//! Telling key managers of scopes: at once when a scope changes, and again until they know it (DEC-10).
//! How they are told is left to the connectors; what is wanted stands in the store, and so survives a restart.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Mutex as Turn, Notify};
use uuid::Uuid;

use super::{
    connectors::{self, Call, ConnectorError, ScopeAdministration},
    domain::{Api, KeyManager, Scope, ScopeRegistration, ScopeStanding},
    site::Site,
    store::{Documents, StoreError},
};

/// After the first failure; doubled after each one more.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What wakes the work, and whose turn it is at which key manager: reading a role and writing it back is one piece.
#[derive(Debug, Default)]
pub(super) struct ScopeWork {
    wake: Arc<Notify>,
    turns: Mutex<HashMap<Uuid, Arc<Turn<()>>>>,
}

impl ScopeWork {
    fn turn(&self, key_manager: Uuid) -> Arc<Turn<()>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(key_manager).or_default().clone()
    }

    /// Has what is due looked for.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }
}

impl Drop for ScopeWork {
    /// So that the follower sees that there is nothing to follow.
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

/// How the key manager is told of scopes; `None` where it is not: its type keeps none, it does not say where, it is switched
/// off, or clients and tokens are all made elsewhere.
fn administration(key_manager: &KeyManager) -> Option<&'static dyn ScopeAdministration> {
    let administration = connectors::find(&key_manager.kind)?.scopes?;
    let told = key_manager.enabled && !key_manager.is_out_of_band() && administration.is_configured(key_manager);
    told.then_some(administration)
}

/// The scope as the tenant has it now: a shared one, else that of an API.
fn wanted(documents: &Documents<'_>, tenant: &str, name: &str) -> Result<Option<Scope>, StoreError> {
    if let Some(shared) = documents.find_by_key::<Scope>(tenant, name)? {
        return Ok(Some(shared));
    }
    Ok(local_scopes(&documents.all::<Api>(tenant)?).into_iter().find(|scope| scope.name == name))
}

fn local_scopes(apis: &[Api]) -> Vec<Scope> {
    let own = apis.iter().flat_map(|api| &api.scopes).filter(|own| !own.shared);
    own.map(|own| own.scope.clone()).collect()
}

/// Notes that every key manager of the tenant is to be told of these scopes; which notes those are.
pub(super) fn order<'a>(
    documents: &Documents<'_>,
    tenant: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Uuid>, StoreError> {
    let mut ordered = Vec::new();
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() {
        return Ok(ordered);
    }
    let all: Vec<KeyManager> = documents.all(tenant)?;
    for key_manager in all.iter().filter(|one| administration(one).is_some()) {
        for name in &names {
            ordered.extend(order_one(documents, tenant, key_manager, name)?);
        }
    }
    Ok(ordered)
}

/// Nothing is noted of a scope that is unknown here and was never told there.
fn order_one(
    documents: &Documents<'_>,
    tenant: &str,
    key_manager: &KeyManager,
    name: &str,
) -> Result<Option<Uuid>, StoreError> {
    let key = ScopeRegistration::key(key_manager.id, name);
    let known: Option<ScopeRegistration> = documents.find_by_key(tenant, &key)?;
    if known.is_none() && wanted(documents, tenant, name)?.is_none() {
        return Ok(None);
    }
    let mut registration = known.unwrap_or_else(|| ScopeRegistration::new(key_manager.id, name));
    registration.order();
    documents.put(tenant, &registration)?;
    Ok(Some(registration.id))
}

/// Notes what a key manager is to be told that is new or was changed from `before`: the scopes that it does not know, and
/// all of them when it is another server, or another way to it, than before.
pub(super) fn order_all(
    documents: &Documents<'_>,
    tenant: &str,
    key_manager: &KeyManager,
    before: Option<&KeyManager>,
) -> Result<(), StoreError> {
    if administration(key_manager).is_none() {
        return Ok(());
    }
    let same = before.is_some_and(|before| {
        before.additional_properties == key_manager.additional_properties
            && before.scope_management_endpoint == key_manager.scope_management_endpoint
    });
    let mut names: Vec<String> = documents.all::<Scope>(tenant)?.into_iter().map(|scope| scope.name).collect();
    names.extend(local_scopes(&documents.all::<Api>(tenant)?).into_iter().map(|scope| scope.name));
    let told: Vec<ScopeRegistration> = documents.children(&key_manager.id.to_string())?;
    names.extend(told.iter().map(|known| known.scope.clone()));
    names.sort();
    names.dedup();
    let settled =
        |name: &str| told.iter().any(|known| known.scope == name && known.standing == ScopeStanding::Registered);
    for name in names.iter().filter(|name| !same || !settled(name)) {
        order_one(documents, tenant, key_manager, name)?;
    }
    Ok(())
}

/// Tells the key managers now, all at once. This waits for the answers, but no longer than for one call: what is left then
/// goes on behind, and what failed is tried again.
pub(super) async fn settle(site: &Arc<Site>, tenant: &str, ordered: Vec<Uuid>) {
    if ordered.is_empty() {
        return;
    }
    let (behind, tenant) = (site.clone(), tenant.to_owned());
    let work = tokio::spawn(async move {
        let all = ordered.iter().map(|id| attempt(&behind, &tenant, *id));
        let left = futures::future::join_all(all).await;
        if left.contains(&true) {
            behind.scope_work.wake();
        }
    });
    if let Ok(Err(cut)) = tokio::time::timeout(site.config.call_timeout, work).await
        && let Ok(panic) = cut.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

/// Tries again what is left, for as long as the platform lives; what an earlier life of it left, too.
pub(super) fn follow(site: &Arc<Site>) {
    let (wake, panics) = (site.scope_work.wake.clone(), site.panics.clone());
    let site = Arc::downgrade(site);
    wake.notify_one();
    tokio::spawn(async move {
        let follow = async {
            let mut due: HashMap<Uuid, Instant> = HashMap::new();
            loop {
                let Some(next) = due.values().min().copied() else {
                    wake.notified().await;
                    let Some(site) = site.upgrade() else { break };
                    round(&site, &mut due).await;
                    continue;
                };
                tokio::select! {
                    () = wake.notified() => {}
                    () = tokio::time::sleep_until(next.into()) => {}
                }
                let Some(site) = site.upgrade() else { break };
                round(&site, &mut due).await;
            }
        };
        panics.catch("scopes at key managers", follow).await;
    });
}

/// Attempts what is due; `due` holds when to try again what is left after it.
async fn round(site: &Arc<Site>, due: &mut HashMap<Uuid, Instant>) {
    let all: Result<Vec<(String, ScopeRegistration)>, StoreError> =
        site.store.read(|documents| documents.everywhere()).await;
    let all = all.inspect_err(|error| tracing::error!(%error, "scopes to register cannot be read")).unwrap_or_default();
    let mut pending: Vec<_> = all.into_iter().filter(|(_, one)| one.standing == ScopeStanding::Pending).collect();
    due.retain(|id, _| pending.iter().any(|(_, one)| one.id == *id));
    let now = Instant::now();
    for (_, one) in &pending {
        // What failed elsewhere a moment ago has its pause before it, too.
        due.entry(one.id).or_insert_with(|| now + pause(one.attempts));
    }
    pending.retain(|(_, one)| due.get(&one.id).is_some_and(|at| *at <= now));
    let attempts = pending.iter().map(|(tenant, one)| attempt(site, tenant, one.id));
    let left = futures::future::join_all(attempts).await;
    for ((_, one), left) in pending.iter().zip(left) {
        due.remove(&one.id);
        if left {
            due.insert(one.id, Instant::now() + pause(one.attempts.saturating_add(1)));
        }
    }
}

fn pause(attempts: u32) -> Duration {
    match attempts {
        0 => Duration::ZERO,
        more => FIRST_PAUSE.saturating_mul(1 << more.saturating_sub(1).min(16)).min(LONGEST_PAUSE),
    }
}

/// Tells one key manager of one scope; whether that is to be tried again.
async fn attempt(site: &Arc<Site>, tenant: &str, id: Uuid) -> bool {
    match attempted(site, tenant, id).await {
        Ok(left) => left,
        Err(error) => {
            tracing::error!(%error, "a scope could not be told to a key manager");
            true
        }
    }
}

/// What an attempt needs to know.
struct Task {
    registration: ScopeRegistration,
    key_manager: KeyManager,
    scope: Option<Scope>,
}

async fn attempted(site: &Arc<Site>, tenant: &str, id: Uuid) -> Result<bool, StoreError> {
    let Some(Task { key_manager, .. }) = task(site, tenant, id).await? else { return Ok(false) };
    let turn = site.scope_work.turn(key_manager.id);
    let _turn = turn.lock().await;
    // Another may have done it while this one waited for its turn.
    let Some(Task { registration, key_manager, scope }) = task(site, tenant, id).await? else { return Ok(false) };
    // Switched off, or no longer told of scopes: it is ordered again when that changes.
    let Some(administration) = administration(&key_manager) else { return Ok(false) };
    let call = Call { site, tenant, key_manager: &key_manager };
    let done = match &scope {
        Some(scope) => administration.put(call, scope, &registration.roles).await,
        None => administration.remove(call, &registration.scope).await,
    };
    if let Err(error) = &done {
        let (key_manager, scope) = (&key_manager.name, &registration.scope);
        tracing::warn!(tenant, key_manager, scope, ?error, "the key manager could not be told of the scope");
    }
    let (tenant, roles) = (tenant.to_owned(), scope.map(|scope| scope.bindings));
    site.store.write(move |documents| note(documents, &tenant, &registration, roles, done)).await
}

async fn task(site: &Site, tenant: &str, id: Uuid) -> Result<Option<Task>, StoreError> {
    let tenant = tenant.to_owned();
    site.store
        .read(move |documents| {
            let found: Option<ScopeRegistration> = documents.find(&tenant, &id.to_string())?;
            let Some(registration) = found.filter(|one| one.standing == ScopeStanding::Pending) else {
                return Ok(None);
            };
            let key_manager = documents.find(&tenant, &registration.key_manager_id.to_string())?;
            let scope = wanted(documents, &tenant, &registration.scope)?;
            Ok(key_manager.map(|key_manager| Task { registration, key_manager, scope }))
        })
        .await
}

/// Keeps what became of an attempt; whether there must be another one.
fn note(
    documents: &Documents<'_>,
    tenant: &str,
    attempted: &ScopeRegistration,
    roles: Option<Vec<String>>,
    done: Result<(), ConnectorError>,
) -> Result<bool, StoreError> {
    let Some(mut kept) = documents.find::<ScopeRegistration>(tenant, &attempted.id.to_string())? else {
        return Ok(false);
    };
    let current = kept.wanted == attempted.wanted;
    match done {
        Ok(()) if current && roles.is_none() => {
            documents.remove::<ScopeRegistration>(tenant, &kept.id.to_string())?;
            return Ok(false);
        }
        Ok(()) => {
            kept.roles = roles.unwrap_or_default();
            if current {
                (kept.standing, kept.attempts, kept.failure) = (ScopeStanding::Registered, 0, None);
            }
        }
        Err(error) => {
            // Some roles may carry it already: they are bound until they are known not to be.
            kept.roles.extend(roles.unwrap_or_default());
            kept.roles.sort();
            kept.roles.dedup();
            if current {
                kept.attempts = kept.attempts.saturating_add(1);
                kept.failure = Some(error.to_string());
                kept.standing = if is_final(&error) { ScopeStanding::Refused } else { ScopeStanding::Pending };
            }
        }
    }
    documents.put(tenant, &kept)?;
    Ok(kept.standing == ScopeStanding::Pending)
}

/// Whether the same request would be refused again.
fn is_final(error: &ConnectorError) -> bool {
    matches!(error, ConnectorError::Unsupported(_) | ConnectorError::Refused { status: 400 | 422, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_minute() {
        let pauses = [0, 1, 2, 3, 7, 8, 40, u32::MAX].map(|attempts| pause(attempts).as_millis());
        assert_eq!(pauses, [0, 500, 1_000, 2_000, 32_000, 60_000, 60_000, 60_000]);
    }
}
