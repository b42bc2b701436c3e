//! How tokens of the scenario's applications are had: from the resident key manager or an authorization server, by a
//! grant. What is then wrong with one stands in `flaws`.

use crate::world::{HeldKeys, HeldToken, OrFail as _, StepError, World};
use kmspec_drivers::{
    authorization_server::{AuthorizationServerClient, ClientAuthentication, TokenGrant},
    credentials::{ConsumerKey, Secret, Token},
    error::DriverError,
    reply::Reply,
};
use kmspec_model::exchange::Role;

use super::{
    flaws::{Flaw, naming_client},
    parameters::{Grant, RESIDENT},
    servers, servers_saw,
};

/// A token with this flaw, issued to the application's client at that key manager.
pub(super) async fn of_application(
    world: &mut World,
    application: &str,
    place: &str,
    flaw: &Flaw,
) -> Result<Token, StepError> {
    let keys = keys_of(world, application, place)?;
    if servers::is_stopped(world, place) {
        // Nobody answers there; its keys still make the token that it would have issued.
        let forge = servers::forge(world, place)?;
        let sound = forge.token(&keys.consumer_key.0, &keys.consumer_key.0);
        return Ok(flaw.in_token(&forge, sound, &world.foreign_key()).into());
    }
    let grant = issued(world, &keys, place, Grant::ClientCredentials, None).await?;
    if place == RESIDENT {
        return match flaw {
            Flaw::Sound => Ok(grant.access_token),
            _ => Err(world.error("the keys of the resident key manager are not known: forge at another one")),
        };
    }
    Ok(flawed(world, place, &grant.access_token, flaw)?.unwrap_or(grant.access_token))
}

/// The token changed as the flaw says and named after the key manager's consumer key claim; `None` for an opaque one.
fn flawed(world: &World, place: &str, token: &Token, flaw: &Flaw) -> Result<Option<Token>, StepError> {
    let forge = servers::forge(world, place)?;
    let Some(sound) = forge.from_genuine(token.reveal()) else {
        return match flaw {
            Flaw::Sound => Ok(None),
            _ => Err(world.error("an opaque token cannot be changed and stay a token")),
        };
    };
    let claim = world.key_managers.named(place).ok().and_then(|each| each.document.consumer_key_claim.clone());
    let client = super::flaws::client_named_in(&sound);
    let sound = match (&claim, client) {
        (Some(claim), Some(client)) if sound.claims().get(claim).is_none() => naming_client(sound, claim, &client),
        _ if *flaw == Flaw::Sound => return Ok(None),
        _ => sound,
    };
    Ok(Some(flaw.in_token(&forge, sound, &world.foreign_key()).into()))
}

/// The application's keys at a key manager.
pub(super) fn keys_of(world: &World, application: &str, place: &str) -> Result<HeldKeys, StepError> {
    let owned = world.applications.named(application).or_fail(world)?;
    owned.keys_at(place).cloned().ok_or_else(|| {
        world.error(format!("`{application}` has no keys at `{place}`\nhint: a `Given` has to make them"))
    })
}

/// A token answer that set-up cannot do without.
pub(super) async fn issued(
    world: &mut World,
    keys: &HeldKeys,
    place: &str,
    grant: Grant,
    scope: Option<&str>,
) -> Result<TokenGrant, StepError> {
    let first = if grant == Grant::Refresh { Grant::Password } else { grant };
    let reply = ask(world, keys, place, first, scope).await;
    let granted = world.demand(&format!("a token from `{place}`"), reply)?;
    if grant != Grant::Refresh {
        return Ok(granted);
    }
    let Some(refresh_token) = granted.refresh_token.clone() else {
        return Err(world.deviates("a refresh token with the token", "none"));
    };
    let reply = renew(world, keys, place, &refresh_token, None).await;
    let renewed = world.demand(&format!("a renewed token from `{place}`"), reply)?;
    world.expect(
        renewed.access_token != granted.access_token,
        "a new access token when it is renewed",
        "the same one again",
    )?;
    Ok(renewed)
}

/// Asks for a token by a grant type that needs no other token.
pub(super) async fn ask(
    world: &mut World,
    keys: &HeldKeys,
    place: &str,
    grant: Grant,
    scope: Option<&str>,
) -> Result<Reply<TokenGrant>, DriverError> {
    let scope = scope.map(|scope| ("scope", scope));
    let (name, mut fields) = match grant {
        Grant::ClientCredentials => ("client_credentials", Vec::new()),
        Grant::Password | Grant::Refresh => ("password", Vec::new()),
    };
    let user = user_at(world, place);
    if name == "password" {
        fields.extend([("username", user.0.as_str()), ("password", user.1.as_str())]);
    }
    fields.extend(scope);
    request(world, keys, place, name, &fields).await
}

/// Asks for a new token with a refresh token.
pub(super) async fn renew(
    world: &mut World,
    keys: &HeldKeys,
    place: &str,
    refresh_token: &Token,
    scope: Option<&str>,
) -> Result<Reply<TokenGrant>, DriverError> {
    let mut fields = vec![("refresh_token", refresh_token.reveal())];
    fields.extend(scope.map(|scope| ("scope", scope)));
    request(world, keys, place, "refresh_token", &fields).await
}

/// Sends a token request of the client; the authorization server's journal is told that it was ours.
pub(super) async fn request(
    world: &mut World,
    keys: &HeldKeys,
    place: &str,
    grant_type: &str,
    fields: &[(&str, &str)],
) -> Result<Reply<TokenGrant>, DriverError> {
    let client = oauth_client(world, place)?;
    let further = servers::token_fields(world, place);
    let replaced = |field: &&(&str, &str)| further.iter().any(|(name, _)| *name == field.0);
    let kept = fields.iter().filter(|field| !replaced(field)).copied();
    let fields: Vec<_> = kept.chain(further.iter().copied()).collect();
    let reply = client.token(&authentication(world, keys, place), grant_type, &fields).await;
    servers_saw::was_ours(world, place);
    reply
}

/// Who a client of the scenario says it is.
pub(super) fn authentication(world: &World, keys: &HeldKeys, place: &str) -> ClientAuthentication {
    let secret = keys.consumer_secret.clone().or_else(|| servers::secret_of(world, place, &keys.consumer_key));
    match secret {
        Some(secret) => ClientAuthentication::Basic(keys.consumer_key.clone(), secret),
        None => ClientAuthentication::Public(keys.consumer_key.clone()),
    }
}

/// The same client with a secret that is not its own.
pub(super) fn wrong_secret(key: &ConsumerKey) -> ClientAuthentication {
    ClientAuthentication::Basic(key.clone(), Secret::from("not-the-secret"))
}

/// The OAuth endpoints of a key manager in the hands of a client.
pub(super) fn oauth_client(world: &World, place: &str) -> Result<AuthorizationServerClient, DriverError> {
    if place == RESIDENT { Ok(world.scene().resident()?.oauth()) } else { servers::client(world, place) }
}

/// A user who can log in there: the developer at the resident key manager, a user of its own at another.
fn user_at(world: &World, place: &str) -> (String, String) {
    if place != RESIDENT {
        return (servers::USER.0.to_owned(), servers::USER.1.to_owned());
    }
    let persona = world.scene().session(Role::Developer).ok().and_then(|session| session.persona().cloned());
    persona.map(|persona| (persona.username, persona.password)).unwrap_or_default()
}

/// The API consumer takes this token into its hands.
pub(super) fn hold(world: &mut World, application: &str, place: &str, grant: TokenGrant) {
    world.seen.held = Some(HeldToken {
        application: application.to_owned(),
        key_manager: place.to_owned(),
        token: grant.access_token,
        refresh_token: grant.refresh_token,
    });
}

/// The token that the API consumer holds.
pub(super) fn held(world: &World) -> Result<HeldToken, StepError> {
    world.seen.held.clone().ok_or_else(|| world.error("the API consumer holds no token\nhint: a `Given` has to get it"))
}
