//! Phrases about what happens inside of a server while its clients go on: only a mock of the run lets that be done.
//! What clients then notice is asked in the files of the areas.

use std::time::Duration;

use cucumber::given;
use kmspec_mocks::realm::{Realm, rotation::GracefulRotation};

use super::token_endpoint::client;
use crate::world::{StepError, World};

fn realm(world: &World) -> Result<Realm, StepError> {
    let server = world.certified_mock()?;
    server.mock().map(|mock| mock.realm().clone()).map_err(|stopped| world.error(stopped))
}

#[given(expr = "the scope {string}, which the client may not have")]
async fn unassigned_scope(world: &mut World, scope: String) -> Result<(), StepError> {
    realm(world)?.register_scope(&scope);
    Ok(())
}

#[given("an administrator has switched the client off")]
async fn switched_off(world: &mut World) -> Result<(), StepError> {
    let id = client(world)?.id;
    realm(world)?.update_client(&id.0, |client| client.active = false);
    Ok(())
}

#[given("the server has changed its signing key")]
async fn rotated(world: &mut World) -> Result<(), StepError> {
    realm(world)?.keys().rotate();
    Ok(())
}

#[given(expr = "the server lets a refresh token be used {int} more time(s) within {int} seconds after it was replaced")]
async fn grace(world: &mut World, reuses: u64, seconds: u64) -> Result<(), StepError> {
    let rules = GracefulRotation::new(seconds, reuses);
    realm(world)?.change_policy(|policy| policy.graceful_rotation = Some(rules));
    Ok(())
}

#[given("the server was restarted")]
async fn restarted(world: &mut World) -> Result<(), StepError> {
    let server = world.certified_mock()?;
    server.mock().map_err(|stopped| world.error(stopped))?.restart();
    Ok(())
}

#[given("the server has ended everything that was issued to anybody an hour ago")]
async fn ended_for_all(world: &mut World) -> Result<(), StepError> {
    let realm = realm(world)?;
    realm.end_issued_before(None, realm.now().saturating_sub(3_600));
    Ok(())
}

#[given("a minute later the server has ended everything that was issued to the client")]
async fn ended_for_client(world: &mut World) -> Result<(), StepError> {
    world.pass_time(Duration::from_secs(60))?;
    let (realm, id) = (realm(world)?, client(world)?.id);
    realm.end_issued_before(Some(&id.0), realm.now());
    Ok(())
}

#[given("the lifetime of the token has passed")]
async fn lifetime_passed(world: &mut World) -> Result<(), StepError> {
    let lifetime = world.conversation()?.memory().lifetime.unwrap_or(86_400);
    world.pass_time(Duration::from_secs(lifetime + 1))
}
