//! Clients that exist already, mapped by developers to their applications.
//! Making those clients is left to `servers`, and what became of the keys is observed elsewhere.

use cucumber::{given, when};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_drivers::{
    credentials::ConsumerKey,
    devportal::{KeyType, MapRequest},
};
use kmspec_model::exchange::Role;

use super::{
    developer::portal,
    parameters::{Developer, Keys, RESIDENT},
    servers,
    setup::{self, keep_keys, map_request},
    tokens,
};

#[when(expr = "the developer maps the registered client to {string}")]
async fn maps_registered(world: &mut World, application: String) -> Result<(), StepError> {
    let Some((client, secret)) = world.seen.registered.clone() else {
        return Err(world.error("no step before this one registered a client"));
    };
    let id = world.applications.named(&application).or_fail(world)?.id.clone();
    let request = MapRequest {
        consumer_key: client.clone(),
        consumer_secret: Some(secret),
        key_type: KeyType::Production,
        key_manager: None,
    };
    world.seen.brought = Some(client);
    let reply = portal(world, Role::Developer)?.map_keys(&id, &request).await;
    match world.keep(reply)? {
        Some(keys) => keep_keys(world, &application, RESIDENT, KeyType::Production, keys),
        None => Ok(()),
    }
}

/// Maps this client in the hands of that developer and keeps the reply.
async fn maps_as(
    world: &mut World,
    role: Role,
    application: &str,
    place: &str,
    client: ConsumerKey,
    key_type: KeyType,
) -> Result<(), StepError> {
    let id = world.applications.named(application).or_fail(world)?.id.clone();
    let request = map_request(world, place, &client, key_type)?;
    world.seen.brought = Some(client);
    let reply = portal(world, role)?.map_keys(&id, &request).await;
    match world.keep(reply)? {
        Some(keys) => keep_keys(world, application, place, key_type, keys),
        None => Ok(()),
    }
}

#[when(expr = "{developer} maps an existing client of {string} to {string}")]
async fn maps(world: &mut World, developer: Developer, place: String, application: String) -> Result<(), StepError> {
    let client = servers::new_client(world, &place)?;
    maps_as(world, developer.0, &application, &place, client, KeyType::Production).await
}

#[given(expr = "the developer has mapped an existing client of {string} to {string}")]
async fn has_mapped(world: &mut World, place: String, application: String) -> Result<(), StepError> {
    setup::map(world, &application, &place).await
}

#[when(expr = "the developer maps an existing client of {string} to {string} as {keys}")]
async fn maps_as_keys(world: &mut World, place: String, application: String, keys: Keys) -> Result<(), StepError> {
    let client = servers::new_client(world, &place)?;
    maps_as(world, Role::Developer, &application, &place, client, keys.0).await
}

#[when(expr = "the developer maps another client of {string} to {string}")]
async fn maps_another(world: &mut World, place: String, application: String) -> Result<(), StepError> {
    let client = servers::new_client(world, &place)?;
    maps_as(world, Role::Developer, &application, &place, client, KeyType::Production).await
}

#[when(expr = "the developer maps the client of {string} at {string} to {string}")]
async fn maps_same(world: &mut World, owner: String, place: String, application: String) -> Result<(), StepError> {
    let client = tokens::keys_of(world, &owner, &place)?.consumer_key;
    maps_as(world, Role::Developer, &application, &place, client, KeyType::Production).await
}

#[when(expr = "the developer maps a client of {string} to {string} and subscribes it to {string}")]
async fn maps_and_subscribes(
    world: &mut World,
    place: String,
    application: String,
    api: String,
) -> Result<(), StepError> {
    setup::application(world, &application, Role::Developer).await?;
    setup::map(world, &application, &place).await?;
    setup::subscribe(world, &application, &api).await?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the developer maps the beginning of a client id of {string} to {string}")]
async fn maps_a_part(world: &mut World, place: String, application: String) -> Result<(), StepError> {
    let client = servers::new_client(world, &place)?;
    let part = ConsumerKey(client.0.chars().take(8).collect());
    maps_as(world, Role::Developer, &application, &place, part, KeyType::Production).await
}

#[when(expr = "the developer maps a client of any name at {string} to {string}")]
async fn maps_any(world: &mut World, place: String, application: String) -> Result<(), StepError> {
    let client = ConsumerKey(uuid::Uuid::new_v4().to_string());
    maps_as(world, Role::Developer, &application, &place, client, KeyType::Production).await
}
