//! What OAuth clients ask of a key manager's own endpoints: tokens, revocation, introspection, profiles.
//! What was answered is observed in `observed_tokens`.

use cucumber::{given, when};

use crate::world::{HeldKeys, OrFail as _, StepError, World};
use kmspec_drivers::{
    authorization_server::{ClientAuthentication, TokenGrant},
    credentials::Token,
    error::DriverError,
    notify::Notify,
    reply::Reply,
};
use kmspec_model::{exchange::Role, target::Persona};

use super::{
    parameters::{Grant, Place, RESIDENT},
    servers,
    tokens::{self, authentication, keys_of, oauth_client, wrong_secret},
};

/// Keeps a token answer for the observations.
pub(super) fn keep(world: &mut World, reply: Result<Reply<TokenGrant>, DriverError>) -> Result<(), StepError> {
    world.seen.grant = world.keep(reply)?;
    world.seen.grant_headers = world.log().last().map(answer_headers).unwrap_or_default();
    Ok(())
}

fn answer_headers(exchange: kmspec_model::exchange::Exchange) -> Vec<(String, String)> {
    match exchange.answer {
        kmspec_model::exchange::Answer::Replied { headers, .. } => headers,
        kmspec_model::exchange::Answer::Failed(_) => Vec::new(),
    }
}

#[when(expr = "the API consumer requests a token of {string} from {place} by {grant}")]
async fn requests(world: &mut World, application: String, place: Place, grant: Grant) -> Result<(), StepError> {
    let keys = keys_of(world, &application, &place.0)?;
    let reply = tokens::ask(world, &keys, &place.0, grant, None).await;
    keep(world, reply)
}

#[when(expr = "the API consumer requests a token of {string} from {place} by {grant} for the scope {string}")]
async fn requests_for(
    world: &mut World,
    application: String,
    place: Place,
    grant: Grant,
    scope: String,
) -> Result<(), StepError> {
    let keys = keys_of(world, &application, &place.0)?;
    let reply = tokens::ask(world, &keys, &place.0, grant, Some(&scope)).await;
    keep(world, reply)
}

#[when(expr = "the API consumer requests a token of {string} from {place} by the grant type {string}")]
async fn requests_by_name(
    world: &mut World,
    application: String,
    place: Place,
    grant_type: String,
) -> Result<(), StepError> {
    let keys = keys_of(world, &application, &place.0)?;
    let reply = tokens::request(world, &keys, &place.0, &grant_type, &[]).await;
    keep(world, reply)
}

#[when(expr = "the API consumer requests a token of {string} from {place} for a life of {string} seconds")]
async fn requests_for_life(
    world: &mut World,
    application: String,
    place: Place,
    seconds: String,
) -> Result<(), StepError> {
    let keys = keys_of(world, &application, &place.0)?;
    let wanted = [("validity_period", seconds.as_str())];
    let reply = tokens::request(world, &keys, &place.0, "client_credentials", &wanted).await;
    keep(world, reply)
}

#[when(expr = "the API consumer requests a token of {string} from {place} with a wrong secret")]
async fn requests_with_wrong_secret(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let keys = keys_of(world, &application, &place.0)?;
    let client = oauth_client(world, &place.0).or_fail(world)?;
    let reply = client.token(&wrong_secret(&keys.consumer_key), "client_credentials", &[]).await;
    keep(world, reply)
}

#[when(expr = "the API consumer requests a token of {string} from {place} with a wrong password")]
async fn requests_with_wrong_password(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let keys = keys_of(world, &application, &place.0)?;
    let persona = developer(world)?;
    let fields = [("username", persona.username.as_str()), ("password", "not-the-password")];
    let reply = tokens::request(world, &keys, &place.0, "password", &fields).await;
    keep(world, reply)
}

#[when(expr = "the API consumer requests a token of {string} from {place} with an unheard-of refresh token")]
async fn requests_with_unheard_of(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let keys = keys_of(world, &application, &place.0)?;
    let reply = tokens::renew(world, &keys, &place.0, &Token::from("unheard-of"), None).await;
    keep(world, reply)
}

#[when(expr = "the API consumer renews the token for the scope {string}")]
async fn renews_for(world: &mut World, scope: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &held.application, &held.key_manager)?;
    renews(world, &keys, Some(&scope)).await
}

#[when(expr = "{string} renews the token")]
async fn other_renews(world: &mut World, application: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &application, &held.key_manager)?;
    renews(world, &keys, None).await
}

async fn renews(world: &mut World, keys: &HeldKeys, scope: Option<&str>) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let Some(refresh_token) = held.refresh_token else {
        return Err(world.deviates("a refresh token with the token", "none"));
    };
    let reply = tokens::renew(world, keys, &held.key_manager, &refresh_token, scope).await;
    keep(world, reply)
}

// Revocation.

#[when(expr = "the API consumer revokes the token at {place}")]
async fn revokes(world: &mut World, place: Place) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &held.application, &place.0)?;
    let reply = revoke(world, &keys, &place.0, &held.token).await;
    world.keep(reply).map(|_| ())
}

#[given(expr = "the token was revoked at {place}")]
async fn was_revoked(world: &mut World, place: Place) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &held.application, &place.0)?;
    let reply = revoke(world, &keys, &place.0, &held.token).await;
    world.demand("revoking the token", reply)
}

#[when(expr = "the API consumer revokes the token {string} at {place}")]
async fn revokes_text(world: &mut World, text: String, place: Place) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &held.application, &place.0)?;
    let reply = revoke(world, &keys, &place.0, &text.as_str().into()).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "{string} revokes the token at {place}")]
async fn other_revokes(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &application, &place.0)?;
    let reply = revoke(world, &keys, &place.0, &held.token).await;
    world.keep(reply).map(|_| ())
}

async fn revoke(world: &World, keys: &HeldKeys, place: &str, token: &Token) -> Result<Reply<()>, DriverError> {
    oauth_client(world, place)?.revoke(&authentication(world, keys, place), token, Some("access_token")).await
}

// Announcements to the platform.

#[when(expr = "the authorization server {string} announces the revocation of the token")]
async fn announces(world: &mut World, name: String) -> Result<(), StepError> {
    let administrator = persona(world, Role::Administrator)?;
    announce(world, &name, &administrator).await
}

#[when(expr = "a stranger announces the revocation of the token")]
async fn stranger_announces(world: &mut World) -> Result<(), StepError> {
    let stranger = Persona { username: "mallory".into(), password: "not-a-password".into(), roles: Vec::new() };
    let name = tokens::held(world)?.key_manager;
    announce(world, &name, &stranger).await
}

async fn announce(world: &mut World, name: &str, user: &Persona) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &held.application, name)?;
    let Some((id, expires_at)) = servers::identity_of(world, name, &held.token)? else {
        return Err(world.error(format!("the token of `{name}` has no id that could be announced")));
    };
    let event = Notify::token_revoked(&id, &keys.consumer_key.0, &world.scene().tenant, expires_at * 1_000);
    let notify = world.scene().notify().or_fail(world)?;
    // The header names the handler of the server's family, not the key manager.
    let reply = notify.tell(user, "WSO2-IS", &event).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the authorization server {string} announces that the client of the token was reset")]
async fn announces_reset(world: &mut World, name: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let client = keys_of(world, &held.application, &name)?.consumer_key;
    // A second later than the token, since tokens count in seconds.
    let moment = (servers::forge(world, &name)?.clock().now() + 1) * 1_000;
    let event = Notify::client_revoked(&client.0, &world.scene().tenant, moment);
    let administrator = persona(world, Role::Administrator)?;
    let reply = world.scene().notify().or_fail(world)?.tell(&administrator, "WSO2-IS", &event).await;
    world.keep(reply).map(|_| ())
}

// Introspection and profile.

#[when(expr = "the token is introspected at {place}")]
async fn introspected(world: &mut World, place: Place) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = keys_of(world, &held.application, &place.0)?;
    let caller = authentication(world, &keys, &place.0);
    introspect(world, &place.0, &caller, &held.token).await
}

#[when(expr = "a stranger introspects the token at {place}")]
async fn stranger_introspects(world: &mut World, place: Place) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    introspect(world, &place.0, &ClientAuthentication::Nobody, &held.token).await
}

async fn introspect(
    world: &mut World,
    place: &str,
    caller: &ClientAuthentication,
    token: &Token,
) -> Result<(), StepError> {
    let reply = oauth_client(world, place).or_fail(world)?.introspect(caller, token, None).await;
    world.seen.introspection = world.keep(reply)?;
    Ok(())
}

#[when(expr = "the API consumer asks the resident key manager whose token it is")]
async fn asks_profile(world: &mut World) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let reply = oauth_client(world, RESIDENT).or_fail(world)?.userinfo(&held.token).await;
    world.seen.profile = world.keep(reply)?;
    Ok(())
}

fn developer(world: &World) -> Result<Persona, StepError> {
    persona(world, Role::Developer)
}

fn persona(world: &World, role: Role) -> Result<Persona, StepError> {
    let session = world.scene().session(role).or_fail(world)?;
    session.persona().cloned().ok_or_else(|| world.error(format!("the {role} has no password here")))
}
