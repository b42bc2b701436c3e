//! What authorization servers and backends saw: how many requests of each kind, and whose they were.
//! The servers themselves are the business of `servers`.

use std::collections::BTreeMap;

use kmspec_mocks::journal::Endpoint;

use crate::world::{StepError, World};

/// How many requests of each kind it has seen; nothing for the resident key manager.
pub(super) async fn counts(world: &World, name: &str) -> Result<BTreeMap<Endpoint, usize>, StepError> {
    let Some(mock) = world.servers.named(name).ok().and_then(|server| server.mock().ok()) else {
        return Ok(BTreeMap::new());
    };
    let mut counts = BTreeMap::new();
    for entry in mock.journal().await.entries() {
        *counts.entry(entry.endpoint).or_default() += 1;
    }
    Ok(counts)
}

/// Requests of each kind that the platform made of its own accord: those of the scenario's clients are left out.
pub(super) async fn platform_requests(world: &World, name: &str) -> Result<BTreeMap<Endpoint, usize>, StepError> {
    let mut counts = counts(world, name).await?;
    for (endpoint, ours) in world.seen.our_requests.get(name).into_iter().flatten() {
        if let Some(count) = counts.get_mut(endpoint) {
            *count = count.saturating_sub(*ours);
        }
    }
    counts.retain(|_, count| *count > 0);
    Ok(counts)
}

/// Notes that a token request was the scenario's own.
pub(super) fn was_ours(world: &mut World, name: &str) {
    if world.servers.has(name) {
        *world.seen.our_requests.entry(name.to_owned()).or_default().entry(Endpoint::Token).or_default() += 1;
    }
}

/// Leaves the introspections out that the set-up's own calls caused, where introspection is how tokens are validated.
pub(super) async fn leave_out(
    world: &mut World,
    name: &str,
    before: &BTreeMap<Endpoint, usize>,
) -> Result<(), StepError> {
    if !world.seen.opaque.contains(name) {
        return Ok(());
    }
    let kind = Endpoint::Introspection;
    let after = counts(world, name).await?;
    let more = after.get(&kind).unwrap_or(&0) - before.get(&kind).unwrap_or(&0);
    *world.seen.our_requests.entry(name.to_owned()).or_default().entry(kind).or_default() += more;
    Ok(())
}

/// Remembers what the backend and the servers have seen up to now.
pub(super) async fn remember_counts(world: &mut World) -> Result<(), StepError> {
    world.seen.backend_requests = backend_requests(world);
    let names: Vec<_> = world.servers.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let total = counts(world, &name).await?.values().sum();
        world.seen.server_requests.insert(name, total);
    }
    Ok(())
}

/// How many requests reached the backend of the scenario's APIs; `None` where nobody can tell.
pub(super) fn backend_requests(world: &World) -> Option<usize> {
    if world.seen.backends.is_empty() {
        return None;
    }
    let ours = |path: &str| world.seen.backends.iter().any(|backend| path.starts_with(backend.as_str()));
    Some(world.stage().backend().requests().iter().filter(|request| ours(&request.path)).count())
}
