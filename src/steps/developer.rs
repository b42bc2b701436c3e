//! What developers do in the portal: generating keys, subscribing, asking for tokens.
//! What came of it is observed elsewhere.

use cucumber::{gherkin::Step, given, when};
use serde_json::{Map, Value};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_drivers::devportal::{Devportal, KeyRequest, KeyType, TokenOrder};
use kmspec_model::exchange::Role;

use super::{
    administrator::id_elsewhere,
    parameters::{Developer, Keys, Place, RESIDENT},
    setup::{self, GRANTS, keep_keys, key_request},
    tokens,
};

/// The portal in the hands of whoever plays this role.
pub(super) fn portal(world: &World, role: Role) -> Result<Devportal, StepError> {
    world.scene().devportal(role).or_fail(world)
}

/// Generates keys in the hands of that developer and keeps the reply.
pub(super) async fn generates_as(
    world: &mut World,
    role: Role,
    application: &str,
    place: &str,
    request: KeyRequest,
) -> Result<(), StepError> {
    let id = world.applications.named(application).or_fail(world)?.id.clone();
    let reply = portal(world, role)?.generate_keys(&id, &request).await;
    match world.keep(reply)? {
        Some(keys) => keep_keys(world, application, place, request.key_type, keys),
        None => Ok(()),
    }
}

#[when(expr = "{developer} generates {keys} for {string} at {place}")]
async fn generates(
    world: &mut World,
    developer: Developer,
    keys: Keys,
    application: String,
    place: Place,
) -> Result<(), StepError> {
    let request = key_request(world, &place.0, keys.0, false)?;
    generates_as(world, developer.0, &application, &place.0, request).await
}

#[when(expr = "the developer generates keys for {string} at {string} without further configuration")]
async fn generates_plainly(world: &mut World, application: String, place: String) -> Result<(), StepError> {
    let request = key_request(world, &place, KeyType::Production, false)?;
    generates_as(world, Role::Developer, &application, &place, request).await
}

#[when(
    regex = r#"^(the developer|the other developer) generates keys for "([^"]*)" at "([^"]*)", naming it by (id|name)$"#
)]
async fn generates_naming(
    world: &mut World,
    developer: Developer,
    application: String,
    place: String,
    way: String,
) -> Result<(), StepError> {
    let request = key_request(world, &place, KeyType::Production, way == "name")?;
    generates_as(world, developer.0, &application, &place, request).await
}

#[when(expr = "the developer generates keys for {string} at {place} for the grant types {string}")]
async fn generates_for_grants(
    world: &mut World,
    application: String,
    place: Place,
    grants: String,
) -> Result<(), StepError> {
    let request = for_grants(world, &place, &grants)?;
    generates_as(world, Role::Developer, &application, &place.0, request).await
}

/// A request for production keys that asks for these grant types.
fn for_grants(world: &World, place: &Place, grants: &str) -> Result<KeyRequest, StepError> {
    let grant_types = grants.split(", ").map(str::to_owned).collect();
    Ok(KeyRequest { grant_types, ..key_request(world, &place.0, KeyType::Production, false)? })
}

#[when(
    expr = "the developer generates keys for {string} at {place} for the grant types {string} with an empty callback"
)]
async fn generates_without_callback(
    world: &mut World,
    application: String,
    place: Place,
    grants: String,
) -> Result<(), StepError> {
    let request = KeyRequest { callback_url: Some(String::new()), ..for_grants(world, &place, &grants)? };
    generates_as(world, Role::Developer, &application, &place.0, request).await
}

#[given(
    expr = "the developer has failed to generate keys for {string} at {place} for the grant types {string} with an empty callback"
)]
async fn has_failed_without_callback(
    world: &mut World,
    application: String,
    place: Place,
    grants: String,
) -> Result<(), StepError> {
    generates_without_callback(world, application, place, grants).await?;
    world.refusal("key generation").map(|_| ())
}

#[when(expr = "the developer cleans up the keys of {string} at {place}")]
async fn cleans_up(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let mapping = mapping_id(world, &application, &place.0)?;
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let reply = portal(world, owned.owner)?.clean_up_key(&owned.id, &mapping).await;
    world.keep(reply).map(drop)
}

/// The address of a callback that a feature names without its scheme.
pub(super) fn callback(name: &str) -> String {
    format!("https://{name}")
}

#[when(expr = "the developer generates keys for {string} at {string} with the callbacks {string}")]
async fn generates_with_callbacks(
    world: &mut World,
    application: String,
    place: String,
    callbacks: String,
) -> Result<(), StepError> {
    let mut request = key_request(world, &place, KeyType::Production, false)?;
    request.grant_types = vec!["authorization_code".to_owned(), "refresh_token".to_owned()];
    request.callback_url = Some(callbacks.split(", ").map(callback).collect::<Vec<_>>().join(","));
    generates_as(world, Role::Developer, &application, &place, request).await
}

/// Settings of a client of the resident key manager, as they are called in features and in its documents.
const CLIENT_SETTINGS: [(&str, &str); 3] = [
    ("PKCE is mandatory", "pkceMandatory"),
    ("plain challenges", "pkceSupportPlain"),
    ("no client secret", "bypassClientCredentials"),
];

/// The settings in a step's table, `yes` or `no` each, by their names in the documents.
pub(super) fn client_settings(world: &World, step: &Step) -> Result<Map<String, Value>, StepError> {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    let entries = rows.map(|row| {
        let [label, value] = row.as_slice() else { return None };
        let (_, property) = CLIENT_SETTINGS.iter().find(|(known, _)| known == label)?;
        let value = match value.as_str() {
            "yes" => "true",
            "no" => "false",
            _ => return None,
        };
        Some(((*property).to_owned(), value.into()))
    });
    entries.collect::<Option<_>>().ok_or_else(|| {
        world.error("a row of client settings has a known label and `yes` or `no`\nhint: labels stand in `developer`")
    })
}

#[when(expr = "the developer generates keys for {string} at the resident key manager with these settings:")]
async fn generates_with_settings(world: &mut World, application: String, step: &Step) -> Result<(), StepError> {
    let mut request = key_request(world, RESIDENT, KeyType::Production, false)?;
    request.additional_properties = Some(client_settings(world, step)?);
    generates_as(world, Role::Developer, &application, RESIDENT, request).await
}

#[given(expr = "the developer has failed to generate keys for {string} at {string}")]
async fn has_failed(world: &mut World, application: String, place: String) -> Result<(), StepError> {
    let request = key_request(world, &place, KeyType::Production, false)?;
    generates_as(world, Role::Developer, &application, &place, request).await?;
    world.refusal("key generation").map(|_| ())
}

#[when(expr = "the developer generates keys for {string} without naming a key manager")]
async fn generates_nowhere(world: &mut World, application: String) -> Result<(), StepError> {
    let request = key_request(world, RESIDENT, KeyType::Production, false)?;
    generates_as(world, Role::Developer, &application, RESIDENT, request).await
}

#[when(expr = "the developer generates keys for {string} at a key manager that does not exist")]
async fn generates_at_nobody(world: &mut World, application: String) -> Result<(), StepError> {
    let request = at(world.scene().name("nobody-registered-this"));
    generates_as(world, Role::Developer, &application, "nobody", request).await
}

#[when(expr = "the developer generates keys for {string} at the other tenant's {string}")]
async fn generates_elsewhere(world: &mut World, application: String, place: String) -> Result<(), StepError> {
    let request = at(id_elsewhere(world, &place)?);
    generates_as(world, Role::Developer, &application, &place, request).await
}

fn at(key_manager: String) -> KeyRequest {
    let grant_types = GRANTS.map(str::to_owned).to_vec();
    KeyRequest { grant_types, key_manager: Some(key_manager), ..KeyRequest::default() }
}

#[when(expr = "the developer subscribes {string} to {string}")]
async fn subscribes(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let (owned, id) = setup::subscription_parts(world, &application, &api)?;
    let reply = portal(world, owned.owner)?.subscribe(&owned.id, &id).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the developer unsubscribes {string} from {string}")]
async fn unsubscribes(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let subscription = subscription_id(world, &application, &api).await?;
    let owner = world.applications.named(&application).or_fail(world)?.owner;
    let reply = portal(world, owner)?.unsubscribe(&subscription).await;
    world.demand("ending the subscription", reply)?;
    world.last = Some(Last::Granted);
    Ok(())
}

/// The subscription of an application to an API.
pub(super) async fn subscription_id(world: &World, application: &str, api: &str) -> Result<String, StepError> {
    let (owned, id) = setup::subscription_parts(world, application, api)?;
    let portal = portal(world, owned.owner)?;
    let held = world.demand("listing the subscriptions", portal.subscriptions(&owned.id).await)?;
    match held.into_iter().find(|each| each.api_id.as_deref() == Some(&id)) {
        Some(subscription) => Ok(subscription.subscription_id),
        None => Err(world.deviates(format!("`{application}` is subscribed to `{api}`"), "no such subscription")),
    }
}

#[when(expr = "the developer removes the keys of {string} at {place}")]
#[given(expr = "the developer has removed the keys of {string} at {place}")]
async fn removes_keys(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let mapping = mapping_id(world, &application, &place.0)?;
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let reply = portal(world, owned.owner)?.delete_key(&owned.id, &mapping).await;
    world.demand(&format!("removing the keys of `{application}` at `{}`", place.0), reply)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the developer deletes {string}")]
async fn deletes_application(world: &mut World, application: String) -> Result<(), StepError> {
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let reply = portal(world, owned.owner)?.delete_application(&owned.id).await;
    world.keep(reply).map(|_| ())
}

#[given(expr = "the developer has failed to delete {string}")]
async fn has_failed_to_delete(world: &mut World, application: String) -> Result<(), StepError> {
    deletes_application(world, application).await?;
    world.refusal("the deletion").map(|_| ())
}

#[when(expr = "the developer saves the keys of {string} at {string} as they were read")]
async fn saves_key(world: &mut World, application: String, place: String) -> Result<(), StepError> {
    let mapping = mapping_id(world, &application, &place)?;
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let portal = portal(world, owned.owner)?;
    let read = world.demand("reading the keys", portal.key(&owned.id, &mapping).await)?;
    let document = serde_json::json!({ "supportedGrantTypes": read.grant_types, "callbackUrl": read.callback_url });
    let reply = portal.update_key(&owned.id, &mapping, &document).await;
    world.seen.keys = world.keep(reply)?;
    Ok(())
}

#[when(expr = "the developer generates a token for {string} at {place}")]
async fn generates_token(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    orders_token(world, &application, &place.0, Vec::new()).await
}

#[when(expr = "the developer generates a token for {string} at {place} for the scope {string}")]
async fn generates_token_for(
    world: &mut World,
    application: String,
    place: Place,
    scope: String,
) -> Result<(), StepError> {
    orders_token(world, &application, &place.0, vec![scope]).await
}

async fn orders_token(world: &mut World, application: &str, place: &str, scopes: Vec<String>) -> Result<(), StepError> {
    let mapping = mapping_id(world, application, place)?;
    let keys = tokens::keys_of(world, application, place)?;
    let owned = world.applications.named(application).or_fail(world)?.clone();
    let order = TokenOrder { consumer_secret: keys.consumer_secret, scopes, ..TokenOrder::default() };
    let reply = portal(world, owned.owner)?.generate_token(&owned.id, &mapping, &order).await;
    let token = world.keep(reply)?;
    if let (Some(token), Some(keys)) = (token, world.seen.keys.as_mut()) {
        keys.token = Some(token);
    }
    Ok(())
}

#[when(expr = "the developer reads the keys of {string} at {string} on their own")]
async fn reads_key(world: &mut World, application: String, place: String) -> Result<(), StepError> {
    let mapping = mapping_id(world, &application, &place)?;
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let reply = portal(world, owned.owner)?.key(&owned.id, &mapping).await;
    world.seen.keys = world.keep(reply)?;
    Ok(())
}

#[when(expr = "{developer} looks at the key managers")]
async fn looks_at_key_managers(world: &mut World, developer: Developer) -> Result<(), StepError> {
    let reply = portal(world, developer.0)?.key_managers().await;
    let offered = world.keep(reply)?.unwrap_or_default();
    world.seen.shown.push((developer.0, serde_json::to_string(&offered).unwrap_or_default()));
    world.seen.offered = offered;
    Ok(())
}

/// The platform's id of an application's keys at a key manager.
pub(super) fn mapping_id(world: &World, application: &str, place: &str) -> Result<String, StepError> {
    let keys = tokens::keys_of(world, application, place)?;
    keys.as_answered.key_mapping_id.ok_or_else(|| world.deviates("an id of the keys in the answer", "none"))
}
