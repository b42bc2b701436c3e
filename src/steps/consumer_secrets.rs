//! The secrets of an application's keys: made, listed and revoked in the portal, tried at the token endpoint.
//! How the keys came about is told by `setup`.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cucumber::{given, then, when};

use crate::world::{HeldKeys, OrFail as _, StepError, World};
use kmspec_drivers::{
    credentials::Secret,
    devportal::{ConsumerSecret, Devportal, SecretOrder},
    reply::Reply,
};

use super::{
    developer::mapping_id,
    parameters::Place,
    tokens::{self, keys_of},
};

/// The portal of the application's owner, and where the keys are: application and mapping.
fn keys_at(world: &World, application: &str, place: &str) -> Result<(Devportal, String, String), StepError> {
    let owned = world.applications.named(application).or_fail(world)?.clone();
    let mapping = mapping_id(world, application, place)?;
    Ok((world.scene().devportal(owned.owner).or_fail(world)?, owned.id, mapping))
}

async fn make(world: &mut World, application: &str, place: &str, order: SecretOrder) -> Result<(), StepError> {
    let (portal, id, mapping) = keys_at(world, application, place)?;
    let reply = portal.generate_secret(&id, &mapping, &order).await;
    if let Some(made) = world.keep(reply)? {
        world.seen.secrets.push(made);
    }
    Ok(())
}

#[when(expr = "the developer adds a secret to the keys of {string} at {place}")]
async fn adds(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    make(world, &application, &place.0, SecretOrder::default()).await
}

#[given(expr = "the keys of {string} at {place} have {int} more secrets")]
async fn has_more(world: &mut World, application: String, place: Place, count: usize) -> Result<(), StepError> {
    for _ in 0..count {
        make(world, &application, &place.0, SecretOrder::default()).await?;
        super::refusals::was_granted(world, "adding a secret")?;
    }
    Ok(())
}

#[given(expr = "the keys of {string} at {place} have a secret for {int} seconds")]
async fn has_short(world: &mut World, application: String, place: Place, seconds: u64) -> Result<(), StepError> {
    let order = SecretOrder { expires_in: Some(seconds), ..SecretOrder::default() };
    make(world, &application, &place.0, order).await?;
    super::refusals::was_granted(world, "adding a secret")
}

#[given(
    regex = r#"^the developer has revoked the (oldest|latest) secret that was added to the keys of "([^"]*)" at ("[^"]*"|the resident key manager)$"#
)]
#[when(
    regex = r#"^the developer revokes the (oldest|latest) secret that was added to the keys of "([^"]*)" at ("[^"]*"|the resident key manager)$"#
)]
async fn revokes(world: &mut World, which: String, application: String, place: Place) -> Result<(), StepError> {
    let secret = added(world, &which)?;
    let (portal, id, mapping) = keys_at(world, &application, &place.0)?;
    let reply = portal.revoke_secret(&id, &mapping, &secret.secret_id).await;
    world.keep(reply).map(|_| ())
}

/// The first secret is the one that no step added.
#[given(expr = "the developer has revoked the first secret of the keys of {string} at {place}")]
async fn revokes_first(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let (portal, id, mapping) = keys_at(world, &application, &place.0)?;
    let listed = world.demand("the list of the secrets", portal.secrets(&id, &mapping).await)?;
    let is_added = |id: &str| world.seen.secrets.iter().any(|added| added.secret_id == id);
    let Some(first) = listed.iter().find(|one| !is_added(&one.secret_id)).map(|one| one.secret_id.clone()) else {
        return Err(world.deviates("the first secret in the list", "only those that were added"));
    };
    let reply = portal.revoke_secret(&id, &mapping, &first).await;
    world.keep(reply)?;
    super::refusals::was_granted(world, "revoking the first secret")
}

#[when(expr = "the developer lists the secrets of the keys of {string} at {place}")]
async fn lists(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let (portal, id, mapping) = keys_at(world, &application, &place.0)?;
    let reply = portal.secrets(&id, &mapping).await;
    world.seen.listed_secrets = world.keep(reply)?.unwrap_or_default();
    Ok(())
}

#[when(expr = "the developer changes the grant types of the keys of {string} at {place} to {string}")]
#[given(expr = "the developer has changed the grant types of the keys of {string} at {place} to {string}")]
async fn changes_grants(world: &mut World, application: String, place: Place, grants: String) -> Result<(), StepError> {
    let (portal, id, mapping) = keys_at(world, &application, &place.0)?;
    let grants: Vec<&str> = grants.split(", ").collect();
    let document = serde_json::json!({ "supportedGrantTypes": grants });
    let reply = portal.update_key(&id, &mapping, &document).await;
    world.seen.keys = world.keep(reply)?;
    Ok(())
}

#[when(expr = "the developer has the secret of {string} at {place} regenerated")]
async fn regenerates(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let (portal, id, mapping) = keys_at(world, &application, &place.0)?;
    let before = keys_of(world, &application, &place.0)?.consumer_secret;
    let reply = portal.regenerate_secret(&id, &mapping).await;
    let Some(made) = world.keep(reply)? else { return Ok(()) };
    let fresh = made.consumer_secret.filter(|secret| Some(secret) != before.as_ref());
    let fresh = fresh.ok_or_else(|| world.deviates("a secret other than the one before", "the same one, or none"))?;
    match world.applications.named_mut(&application) {
        Ok(owned) => {
            let held = owned.keys.iter_mut().filter(|keys| keys.key_manager == place.0);
            held.for_each(|keys| keys.consumer_secret = Some(fresh.clone()));
        }
        Err(unnamed) => return Err(world.fail(unnamed)),
    }
    world.seen.replaced = before;
    Ok(())
}

#[given(expr = "the developer has had the secret of {string} at {place} regenerated")]
async fn has_regenerated(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    regenerates(world, application, place).await?;
    super::refusals::was_granted(world, "regenerating the secret")
}

#[then(expr = "the regenerated secret opens the token endpoint for {string} at {place}")]
async fn regenerated_opens(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    super::refusals::was_granted(world, "regenerating the secret")?;
    let current = keys_of(world, &application, &place.0)?.consumer_secret;
    let open = opens(world, &application, &place.0, current).await?;
    world.expect(open, "a token", "a refusal")
}

#[then(expr = "the secret before it opens nothing for {string} at {place}")]
async fn replaced_opens_nothing(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let former = world.seen.replaced.clone();
    let former = former.ok_or_else(|| world.error("no step before this one had a secret regenerated"))?;
    let open = opens(world, &application, &place.0, Some(former)).await?;
    world.expect(!open, "a refusal", "a token")
}

/// A secret that was added, by its age.
fn added(world: &World, which: &str) -> Result<ConsumerSecret, StepError> {
    let all = &world.seen.secrets;
    let secret = if which == "oldest" { all.first() } else { all.last() };
    secret.cloned().ok_or_else(|| world.error("no step before this one added a secret"))
}

fn value(world: &World, secret: &ConsumerSecret) -> Result<Secret, StepError> {
    secret.secret_value.clone().ok_or_else(|| world.deviates("the value of a secret that was made", "none"))
}

/// Whether the keys get a token with this secret.
async fn opens(world: &mut World, application: &str, place: &str, secret: Option<Secret>) -> Result<bool, StepError> {
    let keys = HeldKeys { consumer_secret: secret, ..keys_of(world, application, place)? };
    let reply = tokens::request(world, &keys, place, "client_credentials", &[]).await.or_fail(world)?;
    match reply {
        Reply::Granted(_) => Ok(true),
        Reply::Refused(refusal) => {
            world.expect_eq("the refusal of a wrong secret", &401, &refusal.status)?;
            Ok(false)
        }
    }
}

#[then(
    regex = r#"^the (oldest|latest) secret that was added opens the token endpoint for "([^"]*)" at ("[^"]*"|the resident key manager)$"#
)]
async fn opening(world: &mut World, which: String, application: String, place: Place) -> Result<(), StepError> {
    let secret = added(world, &which)?;
    let secret = value(world, &secret)?;
    let open = opens(world, &application, &place.0, Some(secret)).await?;
    world.expect(open, "a token", "a refusal")
}

#[then(
    regex = r#"^the (oldest|latest) secret that was added opens nothing for "([^"]*)" at ("[^"]*"|the resident key manager)$"#
)]
async fn closed(world: &mut World, which: String, application: String, place: Place) -> Result<(), StepError> {
    let secret = added(world, &which)?;
    let secret = value(world, &secret)?;
    let open = opens(world, &application, &place.0, Some(secret)).await?;
    world.expect(!open, "a refusal", "a token")
}

#[then(expr = "the first secret opens the token endpoint for {string} at {place}")]
async fn first_opens(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let first = keys_of(world, &application, &place.0)?.consumer_secret;
    let open = opens(world, &application, &place.0, first).await?;
    world.expect(open, "a token", "a refusal")
}

#[then(expr = "{int} secrets are listed, none with its value")]
async fn listed(world: &mut World, count: usize) -> Result<(), StepError> {
    super::refusals::was_granted(world, "listing the secrets")?;
    let shown = world.seen.listed_secrets.iter().filter(|secret| secret.secret_value.is_some()).count();
    let observed = (world.seen.listed_secrets.len(), shown);
    world.expect_eq("the secrets, and those with a value", &(count, 0), &observed)
}

#[then(regex = "^the (oldest|latest) secret that was added is (not )?listed$")]
async fn is_listed(world: &mut World, which: String, not: String) -> Result<(), StepError> {
    super::refusals::was_granted(world, "listing the secrets")?;
    let id = added(world, &which)?.secret_id;
    let found = world.seen.listed_secrets.iter().any(|secret| secret.secret_id == id);
    world.expect(found == not.is_empty(), format!("the {which} secret is {not}listed"), format!("listed: {found}"))
}

#[then(expr = "tokens of {string} at {place} by the oldest and the latest secret that were added are of one subject")]
async fn one_subject(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let mut subjects = Vec::new();
    for which in ["oldest", "latest"] {
        let secret = added(world, which)?;
        let consumer_secret = Some(value(world, &secret)?);
        let keys = HeldKeys { consumer_secret, ..keys_of(world, &application, &place.0)? };
        let reply = tokens::request(world, &keys, &place.0, "client_credentials", &[]).await;
        let granted = world.demand(&format!("a token by the {which} secret"), reply)?;
        subjects.push(subject(granted.access_token.reveal()));
    }
    world.expect(
        subjects[0].is_some() && subjects[0] == subjects[1],
        "one subject in both tokens",
        format!("{subjects:?}"),
    )
}

/// The `sub` in the claims of a token; nobody verifies it here, the gateway does.
fn subject(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    claims["sub"].as_str().filter(|subject| !subject.is_empty()).map(str::to_owned)
}

#[then(expr = "the secrets that were added differ and cannot be guessed")]
async fn differ(world: &mut World) -> Result<(), StepError> {
    let mut values = BTreeSet::new();
    for secret in world.seen.secrets.clone() {
        let value = value(world, &secret)?.reveal().to_owned();
        let spread = value.chars().collect::<BTreeSet<_>>().len();
        // 128 bits are 22 characters of base64 (RFC 6749, section 10.10).
        world.expect(value.len() >= 22 && spread >= 10, "22 characters or more, of ten kinds or more", "fewer")?;
        values.insert(value);
    }
    world.expect_eq("the number of different secrets", &world.seen.secrets.len(), &values.len())
}

#[then(expr = "the keys of {string} at {place} still have their secret")]
async fn kept(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    super::refusals::was_granted(world, "the change")?;
    let (portal, id, mapping) = keys_at(world, &application, &place.0)?;
    let before = keys_of(world, &application, &place.0)?.consumer_secret;
    let key = world.demand("reading the keys", portal.key(&id, &mapping).await)?;
    world.expect(before.is_some() && key.consumer_secret == before, "the secret from before", "another one, or none")
}
