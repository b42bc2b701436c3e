//! Givens about applications and APIs.
//! How they come about is told by `setup`.

use cucumber::{gherkin::Step, given};

use crate::world::{StepError, World};
use kmspec_drivers::devportal::KeyType;
use kmspec_model::exchange::Role;

use super::{
    parameters::{Keys, Place},
    setup::{self, ApiTerms},
};

#[given(expr = "the application {string}")]
async fn application(world: &mut World, name: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await
}

#[given(expr = "the application {string} of the other developer")]
async fn others_application(world: &mut World, name: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::OtherDeveloper).await
}

#[given(expr = "the application {string} with keys at {place}")]
async fn application_with_keys(world: &mut World, name: String, place: Place) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    with_keys(world, &name, &place.0, None).await
}

#[given(expr = "the application {string} with keys at {place} for the grant types {string}")]
async fn application_for_grants(
    world: &mut World,
    name: String,
    place: Place,
    grants: String,
) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    with_keys(world, &name, &place.0, Some(&grants)).await
}

#[given(expr = "{string} has {keys} at {place}")]
async fn has_keys(world: &mut World, name: String, keys: Keys, place: Place) -> Result<(), StepError> {
    let request = setup::key_request(world, &place.0, keys.0, false)?;
    setup::generate(world, &name, &place.0, &request).await
}

async fn with_keys(world: &mut World, name: &str, place: &str, grants: Option<&str>) -> Result<(), StepError> {
    let mut request = setup::key_request(world, place, KeyType::Production, false)?;
    if let Some(grants) = grants {
        request.grant_types = grants.split(", ").map(str::to_owned).collect();
    }
    setup::generate(world, name, place, &request).await
}

#[given(expr = "the application {string} with keys at {place}, subscribed to the API {string}")]
async fn subscribed_with_keys(world: &mut World, name: String, place: Place, api: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    has_keys_and_subscription(world, name, place, api).await
}

#[given(expr = "{string} has keys at {place} and is subscribed to the API {string}")]
async fn has_keys_and_subscription(
    world: &mut World,
    name: String,
    place: Place,
    api: String,
) -> Result<(), StepError> {
    with_keys(world, &name, &place.0, None).await?;
    ready_at(world, &name, &place.0, &api).await
}

#[given(expr = "the application {string} with sandbox keys at {place}, subscribed to the API {string}")]
async fn subscribed_with_sandbox_keys(
    world: &mut World,
    name: String,
    place: Place,
    api: String,
) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    let request = setup::key_request(world, &place.0, KeyType::Sandbox, false)?;
    setup::generate(world, &name, &place.0, &request).await?;
    setup::subscribe(world, &name, &api).await?;
    setup::until_subscribed(world, &name, &place.0, &api).await
}

#[given(expr = "the application {string} mapped to a client of {string}")]
async fn mapped(world: &mut World, name: String, place: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    setup::map(world, &name, &place).await
}

#[given(expr = "the application {string} mapped to a client of {string} and subscribed to the API {string}")]
async fn mapped_and_subscribed(world: &mut World, name: String, place: String, api: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    setup::map(world, &name, &place).await?;
    ready_at(world, &name, &place, &api).await
}

/// Subscribes, after making the API where no earlier step did, and stays until the gateway knows of it.
pub(super) async fn ready_at(world: &mut World, application: &str, place: &str, api: &str) -> Result<(), StepError> {
    if !world.apis.has(api) {
        setup::api(world, api, &ApiTerms::default()).await?;
    }
    setup::subscribe(world, application, api).await?;
    setup::until_known(world, application, place, Some(api)).await
}

#[given(expr = "an API {string}")]
async fn api(world: &mut World, name: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms::default()).await
}

#[given(expr = "an API {string} that is open to everybody")]
async fn open_api(world: &mut World, name: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { open: true, ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} with a policy at its operation")]
async fn api_with_policy(world: &mut World, name: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { policy: true, ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that takes a token with the scope {string} once")]
async fn one_time_api(world: &mut World, name: String, scope: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { once: Some(&scope), ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that needs the shared scope {string}")]
async fn shared_scope_api(world: &mut World, name: String, scope: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { shared_scope: Some(&scope), ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} whose resources need these scopes:")]
async fn api_of_resources(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    let resources: Option<Vec<_>> = rows
        .map(|row| match row.as_slice() {
            [path, scopes] => Some((path.clone(), scopes.split(" or ").map(str::to_owned).collect())),
            _ => None,
        })
        .collect();
    let resources = resources.ok_or_else(|| world.error("a row has a path and the scopes of which it needs one"))?;
    setup::api(world, &name, &ApiTerms { resources: &resources, ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that has a backend for production keys only")]
async fn production_api(world: &mut World, name: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { production_only: true, ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that accepts only the key manager {string}")]
async fn restricted_api(world: &mut World, name: String, key_manager: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { key_managers: &[&key_manager], ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that accepts only the key manager {string}, to which {string} is subscribed")]
async fn restricted_and_subscribed(
    world: &mut World,
    name: String,
    key_manager: String,
    application: String,
) -> Result<(), StepError> {
    restricted_api(world, name.clone(), key_manager).await?;
    setup::subscribe(world, &application, &name).await
}

#[given(expr = "an API {string} that needs the scope {string}")]
async fn scoped_api(world: &mut World, name: String, scope: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { scope: Some(&scope), ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that needs the scope {string}, to which {string} is subscribed")]
async fn scoped_and_subscribed(
    world: &mut World,
    name: String,
    scope: String,
    application: String,
) -> Result<(), StepError> {
    scoped_api(world, name.clone(), scope).await?;
    setup::subscribe(world, &application, &name).await
}

#[given(expr = "an API {string} that accepts only the audience {string}")]
async fn audience_api(world: &mut World, name: String, audience: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { audience: Some(&audience), ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that accepts only the audience {string}, to which {string} is subscribed")]
async fn audience_and_subscribed(
    world: &mut World,
    name: String,
    audience: String,
    application: String,
) -> Result<(), StepError> {
    audience_api(world, name.clone(), audience).await?;
    setup::subscribe(world, &application, &name).await
}
