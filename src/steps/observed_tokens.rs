//! What is seen of token answers, introspection and profiles.
//! Refusals of the token endpoint stand in `refusals`.

use cucumber::then;
use serde_json::{Map, Value};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::{authorization_server::TokenGrant, published_keys::header_of, reply::find_header};
use kmspec_model::exchange::Role;

use super::{parameters::RESIDENT, refusals::was_granted, setup::text_member, tokens};

fn granted(world: &World) -> Result<TokenGrant, StepError> {
    was_granted(world, "the token request")?;
    world.seen.grant.clone().ok_or_else(|| world.error("no step before this one asked for a token"))
}

#[then(expr = "a token is granted")]
async fn token_granted(world: &mut World) -> Result<(), StepError> {
    let grant = granted(world)?;
    world.expect(!grant.access_token.reveal().is_empty(), "an access token", "an empty one")
}

#[then(expr = "the token answer names the type Bearer")]
async fn bearer(world: &mut World) -> Result<(), StepError> {
    let observed = granted(world)?.token_type.unwrap_or_default();
    world.expect(observed.eq_ignore_ascii_case("bearer"), "the token type Bearer", format!("`{observed}`"))
}

#[then(expr = "the life of the token is between 1 second and 1 day")]
async fn life(world: &mut World) -> Result<(), StepError> {
    let observed = granted(world)?.expires_in;
    let seconds = observed.as_ref().and_then(serde_json::Value::as_u64);
    let likely = match seconds {
        Some(seconds) if seconds > 86_400 => ", which looks like milliseconds",
        _ => "",
    };
    world.expect(
        seconds.is_some_and(|seconds| (1..=86_400).contains(&seconds)),
        "`expires_in` as a number of seconds up to a day",
        format!("{observed:?}{likely}"),
    )
}

#[then(expr = "the token answer forbids storing")]
async fn forbids_storing(world: &mut World) -> Result<(), StepError> {
    granted(world)?;
    let observed = find_header(&world.seen.grant_headers, "cache-control").unwrap_or_default().to_owned();
    world.expect(observed.contains("no-store"), "`Cache-Control: no-store`", format!("`{observed}`"))
}

#[then(expr = "no refresh token is granted")]
async fn no_refresh(world: &mut World) -> Result<(), StepError> {
    let some = granted(world)?.refresh_token.is_some();
    world.expect(!some, "no refresh token", "one")
}

#[then(expr = "a refresh token is granted")]
async fn refresh(world: &mut World) -> Result<(), StepError> {
    let some = granted(world)?.refresh_token.is_some_and(|token| !token.reveal().is_empty());
    world.expect(some, "a refresh token", "none")
}

#[then(expr = "the granted scope is {string}")]
async fn scope(world: &mut World, wanted: String) -> Result<(), StepError> {
    let observed = granted(world)?.scope;
    world.expect_eq("the granted scope", &Some(wanted), &observed)
}

/// Header and claims of a JWT.
type Parts = (Map<String, Value>, Map<String, Value>);

/// Header and claims of the token that was granted, read without a check of the signature.
fn parts(world: &World) -> Result<Parts, StepError> {
    let token = granted(world)?.access_token;
    kmspec_mocks::realm::jwt::read(token.reveal())
        .ok_or_else(|| world.deviates("a self-contained token", "an opaque one"))
}

#[then(expr = "the granted token is of the type {string}")]
async fn of_type(world: &mut World, wanted: String) -> Result<(), StepError> {
    let (header, _) = parts(world)?;
    world.expect_eq("`typ` of the token", &Some(wanted), &text_member(&header, "typ"))
}

#[then(expr = "the granted token says {string} as the claim {string}")]
async fn says(world: &mut World, wanted: String, claim: String) -> Result<(), StepError> {
    let (_, claims) = parts(world)?;
    let said = claims.get(&claim).cloned().unwrap_or_default();
    world.expect_eq(&format!("the claim `{claim}`"), &Value::from(wanted), &said)
}

#[then(expr = "the granted token lists {string} as the claim {string}")]
async fn lists(world: &mut World, wanted: String, claim: String) -> Result<(), StepError> {
    let (_, claims) = parts(world)?;
    let wanted: Vec<_> = wanted.split(", ").collect();
    let said = claims.get(&claim).cloned().unwrap_or_default();
    world.expect_eq(&format!("the claim `{claim}`"), &Value::from(wanted), &said)
}

#[then(expr = "the introspected token is active")]
async fn active(world: &mut World) -> Result<(), StepError> {
    is_active(world, true)
}

#[then(expr = "the introspected token is inactive")]
async fn inactive(world: &mut World) -> Result<(), StepError> {
    is_active(world, false)
}

fn is_active(world: &World, wanted: bool) -> Result<(), StepError> {
    was_granted(world, "introspection")?;
    let observed = world.seen.introspection.as_ref().map(|answer| answer.active);
    world.expect_eq("`active`", &Some(wanted), &observed)
}

#[then(expr = "the introspection names the client of {string}")]
async fn names_client(world: &mut World, application: String) -> Result<(), StepError> {
    let place = tokens::held(world)?.key_manager;
    let wanted = tokens::keys_of(world, &application, &place)?.consumer_key.0;
    let observed = world.seen.introspection.as_ref().and_then(|answer| text_member(&answer.members, "client_id"));
    world.expect_eq("`client_id`", &Some(wanted), &observed)
}

#[then(expr = "the introspection says nothing else")]
async fn nothing_else(world: &mut World) -> Result<(), StepError> {
    let members: Vec<_> = world.seen.introspection.iter().flat_map(|answer| answer.members.keys().cloned()).collect();
    world.expect(members.is_empty(), "nothing but `active` (RFC 7662, section 2.2)", members.join(", "))
}

#[then(expr = "the profile names the developer")]
async fn names_developer(world: &mut World) -> Result<(), StepError> {
    was_granted(world, "the profile")?;
    let persona = world.scene().session(Role::Developer).or_fail(world)?.persona().cloned();
    let name = persona.map(|persona| persona.username).unwrap_or_default();
    let local = name.split('@').next().unwrap_or_default().to_owned();
    let observed = world.seen.profile.as_ref().and_then(|profile| text_member(profile, "sub")).unwrap_or_default();
    world.expect(observed == name || observed == local, format!("`sub` is `{name}`"), format!("`{observed}`"))
}

/// Header of the token that was granted, and the key of the resident key set that it names.
async fn named_key(world: &World) -> Result<(Map<String, Value>, Map<String, Value>), StepError> {
    let token = granted(world)?.access_token;
    let Some(header) = header_of(&token) else {
        return Err(world.deviates("a self-contained token", "an opaque one"));
    };
    let client = tokens::oauth_client(world, RESIDENT).or_fail(world)?;
    let set = world.demand("the key set of the resident key manager", client.key_set().await)?;
    let keys = set["keys"].as_array().into_iter().flatten().filter_map(Value::as_object);
    let kid = header.get("kid").filter(|kid| kid.is_string()).cloned();
    match keys.into_iter().find(|key| kid.is_some() && key.get("kid") == kid.as_ref()).cloned() {
        Some(key) => Ok((header, key)),
        None => {
            let observed = kid.map_or_else(|| "none".to_owned(), |kid| format!("{kid}, which is not among them"));
            Err(world.deviates("the id of a key in the resident key set", observed))
        }
    }
}

#[then(expr = "the token names a key of the resident key set")]
async fn names_published_key(world: &mut World) -> Result<(), StepError> {
    named_key(world).await.map(|_| ())
}

#[then(expr = "the thumbprint in the token is that of the key it names")]
async fn right_thumbprint(world: &mut World) -> Result<(), StepError> {
    let (header, key) = named_key(world).await?;
    for member in ["x5t", "x5t#S256"] {
        if let Some(named) = header.get(member) {
            world.expect_eq(&format!("`{member}` of the key"), &Some(named), &key.get(member))?;
        }
    }
    let named = header.contains_key("x5t") || header.contains_key("x5t#S256");
    world.expect(named, "a thumbprint in the token", "none")
}
