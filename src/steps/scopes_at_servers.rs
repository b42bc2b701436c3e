//! Scopes and roles at authorization servers, as the platform makes them known there, and revocations as they tell of them.
//! What publishers do with scopes stands in `shared_scopes`.

use cucumber::{given, then};
use kmspec_mocks::{journal::Endpoint, vendors::Vendor};

use crate::world::{Look, OrFail as _, StepError, World};
use kmspec_model::exchange::Role;

use super::{servers, setup::propagation};

#[given(expr = "{string} has come to know the scope {string}")]
#[then(expr = "{string} comes to know the scope {string}")]
async fn comes_to_know(world: &mut World, server: String, scope: String) -> Result<(), StepError> {
    until_known(world, &server, &scope, true).await
}

#[then(expr = "{string} comes to forget the scope {string}")]
async fn comes_to_forget(world: &mut World, server: String, scope: String) -> Result<(), StepError> {
    until_known(world, &server, &scope, false).await
}

async fn until_known(world: &World, server: &str, scope: &str, known: bool) -> Result<(), StepError> {
    let mock = world.servers.named(server).or_fail(world)?.mock().or_fail(world)?;
    let wanted = format!("the scope `{scope}` is {} at `{server}`", if known { "known" } else { "unknown" });
    world
        .until(propagation(world), wanted, async || {
            let there = mock.realm().scope(scope).is_some();
            Ok(Look::when(there == known, (), if there { "it is known" } else { "it is not known" }))
        })
        .await
}

#[given(expr = "{string} has come to give the scope {string} to the role {string}")]
#[then(expr = "{string} comes to give the scope {string} to the role {string}")]
async fn comes_to_give(world: &mut World, server: String, scope: String, role: String) -> Result<(), StepError> {
    let mock = world.servers.named(&server).or_fail(world)?.mock().or_fail(world)?;
    let wanted = format!("the role `{role}` at `{server}` carries the scope `{scope}`");
    world
        .until(propagation(world), wanted, async || {
            let carried = mock.realm().carried_by(&role);
            Ok(Look::when(carried.contains(&scope), (), format!("it carries {carried:?}")))
        })
        .await
}

#[then(expr = "{string} does not give the scope {string} to the role {string}")]
async fn does_not_give(world: &mut World, server: String, scope: String, role: String) -> Result<(), StepError> {
    let carried = world.servers.named(&server).or_fail(world)?.mock().or_fail(world)?.realm().carried_by(&role);
    let wanted = format!("the role `{role}` at `{server}` without the scope `{scope}`");
    world.expect(!carried.contains(&scope), wanted, format!("{carried:?}"))
}

#[given(expr = "the user of {string} has the role {string}")]
async fn user_has_role(world: &mut World, server: String, role: String) -> Result<(), StepError> {
    let mock = world.servers.named(&server).or_fail(world)?.mock().or_fail(world)?;
    mock.realm().update_user(servers::USER.0, |user| user.roles.push(role));
    Ok(())
}

#[given(expr = "{string} fails at scope management")]
async fn fails_at_scopes(world: &mut World, server: String) -> Result<(), StepError> {
    fail_at_scopes(world, &server, None).await
}

#[given(expr = "{string} fails at scope management once")]
async fn fails_at_scopes_once(world: &mut World, server: String) -> Result<(), StepError> {
    fail_at_scopes(world, &server, Some(1)).await
}

async fn fail_at_scopes(world: &World, server: &str, times: Option<u32>) -> Result<(), StepError> {
    let named = world.servers.named(server).or_fail(world)?;
    let endpoint = if named.vendor == Vendor::Is { Endpoint::Scopes } else { Endpoint::ApiResources };
    named.fails(endpoint, times).await.map_err(|said| world.error(said))
}

#[given(expr = "the authorization server {string} is out of reach for now")]
async fn out_of_reach(world: &mut World, server: String) -> Result<(), StepError> {
    let named = world.servers.named(&server).or_fail(world)?;
    named.is_in_reach(false).await.map_err(|said| world.error(said))
}

#[then(expr = "{string} comes to know the scope {string} once its server is in reach again")]
async fn known_in_reach_again(world: &mut World, server: String, scope: String) -> Result<(), StepError> {
    let named = world.servers.named(&server).or_fail(world)?;
    named.is_in_reach(true).await.map_err(|said| world.error(said))?;
    until_known(world, &server, &scope, true).await
}

/// The platform says so of its own accord, beside its log.
#[then(expr = "it is reported of {string} that it could not be told of the scope {string}")]
async fn reported_untold(world: &mut World, name: String, scope: String) -> Result<(), StepError> {
    let id = world.key_managers.named(&name).or_fail(world)?.id.clone();
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    world
        .until(propagation(world), format!("a failure of the scope `{scope}` at `{name}`"), async || {
            let told = world.demand("what became of scopes", admin.scope_registrations(&id).await)?;
            let found = told.iter().any(|each| each.scope == scope && each.failure.is_some());
            Ok(Look::when(found, (), format!("told {told:?}")))
        })
        .await
}

#[given(expr = "the authorization server {string} tells the platform of tokens that it revokes")]
async fn tells_of_revocations(world: &mut World, server: String) -> Result<(), StepError> {
    let session = world.scene().session(Role::Administrator).or_fail(world)?;
    let administrator = session.persona().cloned();
    let administrator = administrator.ok_or_else(|| world.error("the administrator has no password here"))?;
    let place = world.scene().notify().or_fail(world)?.place();
    let named = world.servers.named(&server).or_fail(world)?;
    let told = named.tells(place.as_str(), &administrator.username, &administrator.password).await;
    told.map_err(|said| world.error(said))
}
