//! What the publisher does with an API's key managers, its life cycle, and with what its operations need.
//! When the gateway follows is observed elsewhere.

use cucumber::{given, when};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_drivers::publisher::{Api, ApiScope, Operation, Scope};
use kmspec_model::exchange::Role;

use super::{
    developer::subscription_id,
    parameters::RESIDENT,
    setup::{names_at_subject, needing_shared},
    tokens::keys_of,
};

#[when(expr = "the publisher lets {string} accept {string} only")]
async fn accepts_only(world: &mut World, api: String, key_manager: String) -> Result<(), StepError> {
    accepts(world, &api, &[&key_manager]).await
}

#[when(expr = "the publisher lets {string} accept {string} and {string}")]
async fn accepts_two(world: &mut World, api: String, one: String, other: String) -> Result<(), StepError> {
    accepts(world, &api, &[&one, &other]).await
}

#[when(expr = "the publisher saves {string} as it was read")]
async fn saves_as_read(world: &mut World, api: String) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let document = world.demand(&format!("reading `{api}`"), publisher.api(&id).await)?;
    let reply = publisher.update_api(&id, &document).await;
    world.keep(reply).map(|_| ())
}

async fn accepts(world: &mut World, api: &str, key_managers: &[&str]) -> Result<(), StepError> {
    let names = names_at_subject(world, key_managers)?;
    changes_and_deploys(world, api, |document| document.key_managers = Some(names)).await
}

#[when(expr = "the publisher has {string} need the shared scope {string}")]
async fn needs_shared(world: &mut World, api: String, scope: String) -> Result<(), StepError> {
    changes_and_deploys(world, &api, |document| needing_shared(document, &scope)).await
}

#[when(expr = "the publisher has {string} need no scope")]
async fn needs_none(world: &mut World, api: String) -> Result<(), StepError> {
    changes_and_deploys(world, &api, |document| {
        document.scopes = Some(Vec::new());
        document.operations.iter_mut().flatten().for_each(|operation| operation.scopes.clear());
    })
    .await
}

#[when(expr = "the publisher has {string} accept only the audience {string}")]
async fn accepts_audience(world: &mut World, api: String, audience: String) -> Result<(), StepError> {
    changes_and_deploys(world, &api, |document| document.audiences = Some(vec![audience])).await
}

#[when(expr = "the publisher has {string} accept only the client of {string} as audience")]
async fn accepts_client(world: &mut World, api: String, application: String) -> Result<(), StepError> {
    let client = keys_of(world, &application, RESIDENT)?.consumer_key.0;
    changes_and_deploys(world, &api, |document| document.audiences = Some(vec![client])).await
}

/// Changes an API's document and deploys it anew, so that the gateway follows.
async fn changes_and_deploys(world: &mut World, api: &str, change: impl FnOnce(&mut Api)) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(api).or_fail(world)?.id.clone();
    let mut document = world.demand(&format!("reading `{api}`"), publisher.api(&id).await)?;
    change(&mut document);
    let changed = world.demand(&format!("changing `{api}`"), publisher.update_api(&id, &document).await)?;
    world.demand(&format!("deploying `{api}` again"), publisher.deploy(&id).await)?;
    if let Ok(deployed) = world.apis.named_mut(api) {
        deployed.document = changed;
    }
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the publisher adds an API {string} whose operation needs the scope {string}, which it does not have")]
async fn adds_misspelt(world: &mut World, name: String, scope: String) -> Result<(), StepError> {
    let at_subject = world.scene().name(&name);
    let mut draft = Api::draft(&at_subject, &format!("/{at_subject}"), &world.scene().backend_url);
    draft.operations = Some(vec![Operation::any("/*", "GET").scoped(&[&scope])]);
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let reply = publisher.create_api(&draft).await;
    world.keep(reply).map(|_| ())
}

/// The scope is the API's own: no other may use it.
#[when(expr = "the publisher adds an API {string} with the scope {string} of its own")]
async fn adds_with_scope(world: &mut World, name: String, scope: String) -> Result<(), StepError> {
    let at_subject = world.scene().name(&name);
    let mut draft = Api::draft(&at_subject, &format!("/{at_subject}"), &world.scene().backend_url);
    draft.scopes = Some(vec![ApiScope { scope: Scope::named(&scope, &[]), shared: false }]);
    draft.operations = Some(vec![Operation::any("/*", "GET").scoped(&[&scope])]);
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let reply = publisher.create_api(&draft).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the publisher blocks the subscription of {string} to {string}")]
#[given(expr = "the publisher has blocked the subscription of {string} to {string}")]
async fn blocks(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let subscription = subscription_id(world, &application, &api).await?;
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    world.demand("blocking the subscription", publisher.block(&subscription).await)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the developer blocks the subscription of {string} to {string}")]
async fn outsider_blocks(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let subscription = subscription_id(world, &application, &api).await?;
    let outsider = world.scene().publisher(Role::Developer).or_fail(world)?;
    let reply = outsider.block(&subscription).await;
    world.keep(reply).map(drop)
}

#[when(expr = "the publisher unblocks the subscription of {string} to {string}")]
async fn unblocks(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let subscription = subscription_id(world, &application, &api).await?;
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    world.demand("lifting the block", publisher.unblock(&subscription).await)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the publisher blocks the API {string}")]
async fn blocks_api(world: &mut World, api: String) -> Result<(), StepError> {
    moves(world, &api, &["Block"]).await
}

#[when(expr = "the publisher retires the API {string}")]
async fn retires_api(world: &mut World, api: String) -> Result<(), StepError> {
    moves(world, &api, &["Deprecate", "Retire"]).await
}

/// Takes an API through these steps of its life cycle.
async fn moves(world: &mut World, api: &str, actions: &[&str]) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(api).or_fail(world)?.id.clone();
    for action in actions {
        world.demand(&format!("`{action}` of `{api}`"), publisher.change_state(&id, action).await)?;
    }
    world.last = Some(Last::Granted);
    Ok(())
}
