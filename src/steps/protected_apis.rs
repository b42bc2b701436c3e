//! An API that trusts an issuer, which needs no more than a gateway, and tokens for it.
//! How it is called is the business of `consumer` and `gateway_calls`.

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::credentials::{ConsumerKey, Token};
use kmspec_model::exchange::Role;

use super::{
    applications,
    flaws::Flaw,
    parameters::ServerKind,
    servers,
    setup::{self, ApiTerms},
    tokens,
};

/// The scenario's name of the API and the application that stand for "an API that trusts an issuer".
const PROTECTED: &str = "protected";

/// Makes an API that trusts this issuer, or takes the one that a gateway was configured with.
pub(super) async fn protect_api(world: &mut World, name: &str) -> Result<(), StepError> {
    servers::start(world, name, ServerKind::Custom).await?;
    let configured = world.servers.named(name).or_fail(world)?.configuration().cloned();
    if let Some(issuer) = configured {
        world.seen.protected.insert(name.to_owned(), (issuer.route, ConsumerKey::from("kmspec-client")));
        return Ok(());
    }
    setup::key_manager_at(world, name, ServerKind::Custom, |_, _| Ok(())).await?;
    setup::application(world, PROTECTED, Role::Developer).await?;
    setup::map(world, PROTECTED, name).await?;
    setup::api(world, PROTECTED, &ApiTerms::default()).await?;
    applications::ready_at(world, PROTECTED, name, PROTECTED).await?;
    let client = tokens::keys_of(world, PROTECTED, name)?.consumer_key;
    world.seen.protected.insert(name.to_owned(), (setup::resource(world, PROTECTED)?, client));
    Ok(())
}

/// A token of the issuer with this flaw, which the API would accept without it.
pub(super) fn protected_token(world: &World, name: &str, flaw: &Flaw) -> Result<Token, StepError> {
    let (_, client) = protected(world, name)?;
    let server = world.servers.named(name).or_fail(world)?;
    let mut sound = server.forge().token(&client.0, "somebody");
    if let Some(audience) = server.configuration().and_then(|issuer| issuer.audience.clone()) {
        sound = sound.claim("aud", audience);
    }
    Ok(flaw.in_token(server.forge(), sound, &world.foreign_key()).into())
}

/// Where the API is on the gateway.
pub(super) fn protected_path(world: &World, name: &str) -> Result<String, StepError> {
    Ok(protected(world, name)?.0)
}

/// Where the only such API is on the gateway.
pub(super) fn only_protected_path(world: &World) -> Result<String, StepError> {
    let path = world.seen.protected.values().next().map(|(path, _)| path.clone());
    path.ok_or_else(|| world.error("no API trusts an issuer here\nhint: a `Given` has to make one"))
}

fn protected(world: &World, name: &str) -> Result<(String, ConsumerKey), StepError> {
    let found = world.seen.protected.get(name).cloned();
    found.ok_or_else(|| world.error(format!("no API trusts the issuer `{name}`\nhint: a `Given` has to make one")))
}
