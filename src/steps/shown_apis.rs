//! APIs that are shown to some users only: made so, looked at, and subscribed to all the same.
//! What such an API lets through is left to the gateway's steps.

use cucumber::{given, then, when};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_model::exchange::Role;

use super::{
    developer::subscription_id,
    parameters::Developer,
    setup::{self, ApiTerms},
};

#[given(expr = "an API {string} that is shown to the role {string} only")]
async fn shown_to(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms::default()).await?;
    restrict(world, &name, &role).await
}

#[when(expr = "the publisher shows {string} to the role {string} only")]
async fn shows_to(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    restrict(world, &name, &role).await?;
    world.last = Some(Last::Granted);
    Ok(())
}

async fn restrict(world: &mut World, name: &str, role: &str) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(name).or_fail(world)?.id.clone();
    let mut document = world.demand(&format!("reading `{name}`"), publisher.api(&id).await)?;
    document.restrict_to_role(role);
    let reply = publisher.update_api(&id, &document).await;
    world.demand(&format!("showing `{name}` to the role `{role}` only"), reply).map(|_| ())
}

#[when(expr = "{developer} looks at the APIs")]
async fn looks(world: &mut World, developer: Developer) -> Result<(), StepError> {
    let reply = world.scene().devportal(developer.0).or_fail(world)?.apis().await;
    world.seen.apis = world.demand("looking at the APIs", reply)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[then(expr = "the API {string} is shown")]
async fn is_shown(world: &mut World, name: String) -> Result<(), StepError> {
    let shown = among_the_shown(world, &name)?;
    world.expect(shown, format!("the API `{name}` among those that are shown"), "it is missing")
}

#[then(expr = "the API {string} is not shown")]
async fn is_not_shown(world: &mut World, name: String) -> Result<(), StepError> {
    let shown = among_the_shown(world, &name)?;
    world.expect(!shown, format!("no API `{name}` among those that are shown"), "it is there")
}

fn among_the_shown(world: &World, name: &str) -> Result<bool, StepError> {
    let id = &world.apis.named(name).or_fail(world)?.id;
    Ok(world.seen.apis.iter().any(|api| api.id == *id))
}

#[then(expr = "the API {string} is shown to the other developer and not to the developer")]
async fn shown_to_the_other(world: &mut World, name: String) -> Result<(), StepError> {
    let id = world.apis.named(&name).or_fail(world)?.id.clone();
    for (role, wanted) in [(Role::OtherDeveloper, true), (Role::Developer, false)] {
        let reply = world.scene().devportal(role).or_fail(world)?.apis().await;
        let shown = world.demand("looking at the APIs", reply)?.iter().any(|api| api.id == id);
        world.expect_eq(&format!("whether `{name}` is shown to the {role}"), &wanted, &shown)?;
    }
    Ok(())
}

#[then(expr = "the developer still sees the subscription of {string} to {string}")]
async fn still_listed(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    subscription_id(world, &application, &api).await.map(|_| ())
}
