//! What is seen of an application's keys: in the answer, in the portal, at the authorization server.
//! How keys come about is told by `developer` and `setup`.

use std::collections::BTreeSet;

use cucumber::{gherkin::Step, then};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::devportal::{ApplicationKey, KeyType};

use super::{
    developer::{client_settings, mapping_id},
    parameters::{Developer, Keys, Place, RESIDENT},
    refusals::was_granted,
    servers, tokens,
};

/// The keys that the last act brought.
fn brought(world: &World) -> Result<ApplicationKey, StepError> {
    was_granted(world, "the request")?;
    world.seen.keys.clone().ok_or_else(|| world.error("no step before this one brought keys"))
}

#[then(expr = "the consumer key is the client id that {string} issued")]
async fn issued_by(world: &mut World, server: String) -> Result<(), StepError> {
    let Some(key) = brought(world)?.consumer_key else {
        return Err(world.deviates("a consumer key", "none"));
    };
    let known = servers::has_client(world, &server, &key)?;
    world.expect(known, format!("a client id that `{server}` issued"), format!("`{key}`, which it does not know"))
}

#[then(expr = "the consumer key is the one that the developer brought")]
async fn as_brought(world: &mut World) -> Result<(), StepError> {
    let observed = brought(world)?.consumer_key;
    let wanted = world.seen.brought.clone();
    world.expect_eq("the consumer key", &wanted, &observed)
}

#[then(expr = "the consumer key differs from the production one")]
async fn differs(world: &mut World) -> Result<(), StepError> {
    let observed = brought(world)?.consumer_key;
    let production = world
        .applications
        .iter()
        .flat_map(|(_, owned)| &owned.keys)
        .find(|keys| keys.key_type == KeyType::Production)
        .map(|keys| keys.consumer_key.clone());
    world.expect(observed.is_some() && observed != production, "another consumer key", format!("{observed:?}"))
}

#[then(expr = "the keys have these settings:")]
async fn with_settings(world: &mut World, step: &Step) -> Result<(), StepError> {
    let wanted = client_settings(world, step)?;
    let told = brought(world)?.additional_properties.unwrap_or_default();
    for (property, value) in &wanted {
        world.expect_eq(&format!("the property `{property}` of the keys"), value, &told[property])?;
    }
    Ok(())
}

#[then(expr = "the keys are for exactly {string}")]
async fn for_exactly(world: &mut World, grants: String) -> Result<(), StepError> {
    let wanted: BTreeSet<String> = grants.split(", ").map(str::to_owned).collect();
    let told: BTreeSet<String> = brought(world)?.grant_types.into_iter().flatten().collect();
    world.expect_eq("the grant types of the keys", &wanted, &told)
}

#[then(expr = "the keys come with a token")]
async fn with_token(world: &mut World) -> Result<(), StepError> {
    let has = brought(world)?.token.is_some_and(|token| !token.access_token.reveal().is_empty());
    world.expect(has, "a token with the keys", "none")
}

#[then(expr = "the keys come without a token")]
async fn without_token(world: &mut World) -> Result<(), StepError> {
    let has = brought(world)?.token.is_some_and(|token| !token.access_token.reveal().is_empty());
    world.expect(!has, "no token with the keys", "a token")
}

#[then(expr = "the generated token has a life")]
async fn generated_token_lives(world: &mut World) -> Result<(), StepError> {
    let token = brought(world)?.token;
    let lives = token.as_ref().is_some_and(|token| {
        !token.access_token.reveal().is_empty() && token.validity_time.is_some_and(|seconds| seconds > 0)
    });
    world.expect(lives, "a token with a life of more than no seconds", format!("{token:?}"))
}

/// The portal's keys of an application at one key manager.
async fn listed(world: &World, application: &str, place: &str) -> Result<Vec<ApplicationKey>, StepError> {
    let owned = world.applications.named(application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let keys = world.demand(&format!("listing the keys of `{application}`"), portal.keys(&owned.id).await)?;
    let at_subject = match place {
        RESIDENT => "Resident Key Manager".to_owned(),
        name => world.scene().name(name),
    };
    Ok(keys.into_iter().filter(|each| each.key_manager.as_deref() == Some(&at_subject)).collect())
}

#[then(expr = "{developer} sees no keys of {string} at {place}")]
async fn no_keys(world: &mut World, _who: Developer, application: String, place: Place) -> Result<(), StepError> {
    let keys = listed(world, &application, &place.0).await?;
    world.expect(
        keys.is_empty(),
        format!("no keys of `{application}` at `{}`", place.0),
        format!("{} of them", keys.len()),
    )
}

#[then(expr = "{developer} sees {keys} of {string} at {place}")]
async fn some_keys(
    world: &mut World,
    _who: Developer,
    wanted: Keys,
    application: String,
    place: Place,
) -> Result<(), StepError> {
    let keys = listed(world, &application, &place.0).await?;
    let found = keys.iter().any(|each| each.key_type == Some(wanted.0) && each.consumer_key.is_some());
    world.expect(
        found,
        format!("{} keys of `{application}` at `{}`", wanted.0, place.0),
        format!("{} others", keys.len()),
    )
}

#[then(expr = "{string} is still mapped to its first client at {string}")]
async fn still_mapped(world: &mut World, application: String, place: String) -> Result<(), StepError> {
    let first = tokens::keys_of(world, &application, &place)?.consumer_key;
    let keys = listed(world, &application, &place).await?;
    let observed: BTreeSet<_> = keys.into_iter().filter_map(|each| each.consumer_key).collect();
    world.expect_eq("the mapped clients", &BTreeSet::from([first]), &observed)
}

#[then(expr = "they read like their entry in the list")]
async fn read_like_entry(world: &mut World) -> Result<(), StepError> {
    let alone = brought(world)?;
    let Some((application, place)) = world
        .applications
        .iter()
        .find_map(|(name, owned)| owned.keys.last().map(|keys| (name.to_owned(), keys.key_manager.clone())))
    else {
        return Err(world.error("no application has keys"));
    };
    let mapping = mapping_id(world, &application, &place)?;
    let entries = listed(world, &application, &place).await?;
    let Some(entry) = entries.into_iter().find(|each| each.key_mapping_id.as_deref() == Some(&mapping)) else {
        return Err(world.deviates("an entry of these keys in the list", "none"));
    };
    let of = |keys: &ApplicationKey| {
        (
            keys.consumer_key.clone(),
            keys.consumer_secret.clone(),
            keys.key_type,
            keys.mode.clone(),
            keys.key_state.clone(),
            keys.grant_types.clone(),
        )
    };
    world.expect_eq("the keys on their own", &of(&entry), &of(&alone))
}

#[then(expr = "the client at {string} was registered for exactly {string}")]
async fn registered_for(world: &mut World, server: String, grants: String) -> Result<(), StepError> {
    let Some(key) = brought(world)?.consumer_key else {
        return Err(world.deviates("a consumer key", "none"));
    };
    let wanted: BTreeSet<String> = grants.split(", ").map(str::to_owned).collect();
    let observed: BTreeSet<String> = servers::grants_of(world, &server, &key)?.into_iter().collect();
    world.expect_eq("the set of registered grant types", &wanted, &observed)
}

#[then(expr = "the client at {string} may be redirected to exactly {string}")]
async fn redirects_to(world: &mut World, server: String, callbacks: String) -> Result<(), StepError> {
    let Some(key) = brought(world)?.consumer_key else {
        return Err(world.deviates("a consumer key", "none"));
    };
    let wanted: BTreeSet<String> = callbacks.split(", ").map(super::developer::callback).collect();
    let observed: BTreeSet<String> = servers::callbacks_of(world, &server, &key)?.into_iter().collect();
    world.expect_eq("the set of registered callbacks", &wanted, &observed)
}

#[then(expr = "the generated token has exactly the scope {string}")]
async fn generated_scope(world: &mut World, scope: String) -> Result<(), StepError> {
    let observed = brought(world)?.token.and_then(|token| token.token_scopes).unwrap_or_default();
    world.expect_eq("the scopes of the token", &vec![scope], &observed)
}

#[then(expr = "no client is left at {string}")]
async fn no_client_left(world: &mut World, server: String) -> Result<(), StepError> {
    let left = servers::clients(world, &server)?;
    world.expect(left.is_empty(), format!("no clients at `{server}`"), format!("{left:?}"))
}

#[then(expr = "{string} has no client of {string} any more")]
async fn client_gone(world: &mut World, server: String, application: String) -> Result<(), StepError> {
    let key = tokens::keys_of(world, &application, &server)?.consumer_key;
    let known = servers::has_client(world, &server, &key)?;
    world.expect(!known, format!("no client of `{application}` at `{server}`"), "it is still there")
}
