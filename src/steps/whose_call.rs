//! Whose call a backend is told of: the user who logged in, whom an issuer vouches for, or the application itself.
//! How the token was had is the business of `tokens`, `user_grants` and `vouched_grants`.

use cucumber::then;

use crate::world::{OrFail as _, StepError, World};

use super::{gateway_calls::assertion, parameters::Grant, servers, subjects, tokens, user_grants::Way, vouched_grants};

/// Client credentials are the application's own; a password, and what renews its token, are the user's.
#[then(expr = "the backend learns whom a token by {grant} stands for")]
async fn learns_of_grant(world: &mut World, grant: Grant) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    match grant {
        Grant::ClientCredentials => {
            let keys = tokens::keys_of(world, &held.application, &held.key_manager)?;
            expect_told(world, &[keys.consumer_key.0])
        }
        Grant::Password | Grant::Refresh => expect_told(world, &user_of(world, &held.key_manager)?),
    }
}

#[then(expr = "the backend learns whom a token by {way} stands for")]
async fn learns_of_way(world: &mut World, way: Way) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    if way.is_vouched_for() {
        return expect_told(world, &[vouched_grants::SUBJECT.to_owned()]);
    }
    expect_told(world, &user_of(world, &held.key_manager)?)
}

/// The names of the user that every server of a scenario knows: what they log in with, and their id.
fn user_of(world: &World, server: &str) -> Result<Vec<String>, StepError> {
    let mock = world.servers.named(server).or_fail(world)?.mock().or_fail(world)?;
    let id = mock.realm().user(servers::USER.0).map(|user| user.id);
    Ok([servers::USER.0.to_owned()].into_iter().chain(id).collect())
}

/// Claims without a mapping reach the backend by their own names (APIM-BJ-02), those that name somebody among them.
fn expect_told(world: &World, known: &[String]) -> Result<(), StepError> {
    subjects::stands_for(&assertion(world)?, known).map_err(|said| {
        world.deviates(format!("a backend that is told of {}", known.join(" or ")), format!("it is told {said}"))
    })
}
