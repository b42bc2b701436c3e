//! Subscriptions as developers and publishers see them, their plans, and APIs that need none.
//! Making and ending a subscription stands in `developer`, blocking one in `publisher`.

use cucumber::{given, then, when};
use serde_json::Value;

use crate::world::{Last, Look, OrFail as _, StepError, World};
use kmspec_drivers::{
    devportal::Subscription,
    publisher::{Api, HeldPlan},
};
use kmspec_model::exchange::Role;

use super::{
    changes,
    developer::subscription_id,
    further_terms::FurtherTerms,
    setup::{self, ApiTerms, resource},
};

#[given(expr = "an API {string} with the plans {string}")]
async fn api_with_plans(world: &mut World, name: String, plans: String) -> Result<(), StepError> {
    let plans: Vec<&str> = plans.split(", ").collect();
    let further = FurtherTerms { plans: Some(&plans), ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that needs no subscription")]
async fn free_api(world: &mut World, name: String) -> Result<(), StepError> {
    let further = FurtherTerms { plans: Some(&[]), ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await
}

// What is listed.

/// The developer's subscription of an application to an API.
async fn subscription(world: &World, application: &str, api: &str) -> Result<Subscription, StepError> {
    let (owned, id) = setup::subscription_parts(world, application, api)?;
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let held = world.demand("listing the subscriptions", portal.subscriptions(&owned.id).await)?;
    let found = held.into_iter().find(|each| each.api_id.as_deref() == Some(&id));
    found.ok_or_else(|| world.deviates(format!("`{application}` is subscribed to `{api}`"), "no such subscription"))
}

#[then(expr = "the subscriptions of {string} are exactly those to {string}")]
async fn are_exactly(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    lists_of(world, application.clone()).await?;
    listed_exactly(world, application, api).await
}

#[when(expr = "the developer lists the subscriptions of {string}")]
async fn lists_of(world: &mut World, application: String) -> Result<(), StepError> {
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let listed = world.demand("listing the subscriptions", portal.subscriptions(&owned.id).await)?;
    keep(world, &listed)
}

#[when(expr = "the developer lists the subscriptions to {string}")]
async fn lists_to(world: &mut World, api: String) -> Result<(), StepError> {
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let portal = world.scene().devportal(Role::Developer).or_fail(world)?;
    let listed = world.demand("listing the subscriptions", portal.subscriptions_to(&id).await)?;
    keep(world, &listed)
}

fn keep(world: &mut World, listed: &[Subscription]) -> Result<(), StepError> {
    let pair = |one: &Subscription| format!("{} {}", one.application_id, one.api_id.as_deref().unwrap_or_default());
    world.seen.listed_subscriptions = listed.iter().map(pair).collect();
    world.last = Some(Last::Granted);
    Ok(())
}

#[then(expr = "exactly the subscriptions of {string} to {string} are listed")]
async fn listed_exactly(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let (owned, id) = setup::subscription_parts(world, &application, &api)?;
    let wanted = vec![format!("{} {id}", owned.id)];
    world.expect_eq("the list of subscriptions", &wanted, &world.seen.listed_subscriptions)
}

#[then(expr = "the subscription of {string} to {string} is {string}")]
async fn standing(world: &mut World, application: String, api: String, word: String) -> Result<(), StepError> {
    let found = subscription(world, &application, &api).await?;
    world.expect_eq("the subscription", &word, &found.status.unwrap_or_default())
}

// Plans.

#[when(expr = "the developer changes the plan of {string} at {string} to {string}")]
async fn developer_changes(world: &mut World, application: String, api: String, plan: String) -> Result<(), StepError> {
    let held = subscription(world, &application, &api).await?;
    let owner = world.applications.named(&application).or_fail(world)?.owner;
    let reply = world.scene().devportal(owner).or_fail(world)?.change_plan(&held, &plan).await;
    world.keep(reply).map(|_| ())
}

#[then(expr = "the plan of {string} at {string} is {string}")]
async fn plan_is(world: &mut World, application: String, api: String, plan: String) -> Result<(), StepError> {
    let found = subscription(world, &application, &api).await?;
    world.expect_eq("the plan", &plan, &found.throttling_policy.unwrap_or_default())
}

#[when(expr = "the publisher changes the plan of {string} at {string} to {string}")]
async fn publisher_changes(world: &mut World, application: String, api: String, plan: String) -> Result<(), StepError> {
    let id = subscription_id(world, &application, &api).await?;
    changes_by_id(world, &id, &plan).await
}

#[when(
    regex = r#"^the publisher changes the plan of a subscription (without an id|that does not exist) to "([^"]*)"$"#
)]
async fn changes_none(world: &mut World, which: String, plan: String) -> Result<(), StepError> {
    let id = if which == "without an id" { String::new() } else { uuid::Uuid::new_v4().to_string() };
    changes_by_id(world, &id, &plan).await
}

async fn changes_by_id(world: &mut World, id: &str, plan: &str) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let reply = publisher.change_plan(id, plan).await;
    world.keep(reply).map(|_| ())
}

#[then(expr = "the publisher sees {string} at {string} on the plan {string}")]
async fn publisher_sees(world: &mut World, application: String, api: String, plan: String) -> Result<(), StepError> {
    let id = subscription_id(world, &application, &api).await?;
    let api_id = world.apis.named(&api).or_fail(world)?.id.clone();
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let listed = world.demand("the publisher's list of subscriptions", publisher.subscriptions_to(&api_id).await)?;
    let found: Option<HeldPlan> = listed.into_iter().find(|each| each.subscription_id == id);
    let shown = found.and_then(|each| each.throttling_policy).unwrap_or_default();
    world.expect_eq("the plan", &plan, &shown)
}

// What a publisher changes at an API.

async fn change(world: &mut World, api: &str, work: impl FnOnce(&mut Api)) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(api).or_fail(world)?.id.clone();
    let mut document = world.demand(&format!("reading `{api}`"), publisher.api(&id).await)?;
    work(&mut document);
    world.demand(&format!("changing `{api}`"), publisher.update_api(&id, &document).await)?;
    world.demand(&format!("deploying `{api}` again"), publisher.deploy(&id).await)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the publisher takes the plans of {string} away")]
async fn takes_plans(world: &mut World, api: String) -> Result<(), StepError> {
    change(world, &api, |document| document.policies = Some(Vec::new())).await
}

#[when(expr = "the publisher gives {string} the plan {string}")]
async fn gives_plan(world: &mut World, api: String, plan: String) -> Result<(), StepError> {
    change(world, &api, |document| document.policies = Some(vec![plan])).await
}

#[then(expr = "the publisher reads the plans {string} of {string}")]
async fn reads_plans(world: &mut World, plans: String, api: String) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let document = world.demand(&format!("reading `{api}`"), publisher.api(&id).await)?;
    world.expect_eq("the plans", &plans, &document.policies.unwrap_or_default().join(", "))
}

#[given(expr = "{string} refuses a call without a token")]
async fn refuses_without(world: &mut World, api: String) -> Result<(), StepError> {
    let request = kmspec_drivers::gateway::ApiCall::get(resource(world, &api)?);
    let reply = world.scene().gateway().or_fail(world)?.call(&request).await.or_fail(world)?;
    let refused = reply.refusal().is_some_and(|refusal| refusal.status == 401);
    world.expect(refused, "a refusal of a call without a token (401)", "something else")
}

#[when(regex = r#"^the publisher opens the operation of "([^"]*)" to everybody in the (settings|definition)$"#)]
async fn opens_operation(world: &mut World, api: String, place: String) -> Result<(), StepError> {
    const OPEN: &str = "None";
    if place == "settings" {
        return change(world, &api, |document| {
            document.operations.iter_mut().flatten().for_each(|one| one.auth_type = Some(OPEN.to_owned()));
        })
        .await;
    }
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let mut definition = world.demand(&format!("the definition of `{api}`"), publisher.definition(&id).await)?;
    let paths = definition["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Value::as_object_mut).flat_map(|methods| methods.values_mut()) {
        operation["x-auth-type"] = OPEN.into();
    }
    world.demand("changing the definition", publisher.update_definition(&id, &definition).await)?;
    world.demand(&format!("deploying `{api}` again"), publisher.deploy(&id).await)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[then(expr = "{string} comes to answer a call without a token")]
async fn comes_to_answer(world: &mut World, api: String) -> Result<(), StepError> {
    let (path, gateway) = (resource(world, &api)?, world.scene().gateway().or_fail(world)?);
    let (change, bound) = changes::made(world)?;
    world
        .eventually(change, bound, format!("`{api}` answers a call without a token"), async || {
            let request = kmspec_drivers::gateway::ApiCall::get(path.clone());
            let reply = gateway.call(&request).await.or_fail(world)?;
            let instead = reply.refusal().map_or_else(String::new, |refusal| format!("refused: {refusal}"));
            Ok(Look::when(reply.refusal().is_none(), (), instead))
        })
        .await
}
