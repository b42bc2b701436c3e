//! Tokens of key managers that are given to the resident one for tokens of its own: exchanged (RFC 8693), or presented as
//! assertions (RFC 7523). Which key managers' tokens are good for that is said by `administrator`.

use cucumber::{then, when};

use crate::world::{Last, StepError, World};

use super::{
    flaws::Flaw,
    oauth_client::keep,
    parameters::RESIDENT,
    servers::{self, USER},
    tokens::{self, keys_of},
};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Exchanges a new token of a user of that server, made for whoever the key manager's alias should name.
#[when(
    regex = r#"^"([^"]*)" exchanges(?:, for the scope "([^"]*)",)? a token of "([^"]*)" for the audience "([^"]*)"((?: (?:that|whose|signed) .+)?)$"#
)]
async fn exchanges(
    world: &mut World,
    application: String,
    scope: String,
    server: String,
    audience: String,
    words: String,
) -> Result<(), StepError> {
    let subject = token(world, &application, &server, &audience, &words)?;
    exchange(world, &application, &with_scope(("subject_token", &subject), &scope)).await
}

#[when(expr = "{string} exchanges no token at all")]
async fn exchanges_nothing(world: &mut World, application: String) -> Result<(), StepError> {
    exchange(world, &application, &[]).await
}

#[when(
    regex = r#"^"([^"]*)" presents(?:, for the scope "([^"]*)",)? an assertion of "([^"]*)" for the audience "([^"]*)"((?: (?:that|whose|signed) .+)?)$"#
)]
async fn presents(
    world: &mut World,
    application: String,
    scope: String,
    server: String,
    audience: String,
    words: String,
) -> Result<(), StepError> {
    let assertion = token(world, &application, &server, &audience, &words)?;
    ask(world, &application, JWT_BEARER, &with_scope(("assertion", &assertion), &scope)).await
}

#[then(expr = "{string} cannot exchange a token of {string} for the audience {string}")]
async fn cannot_exchange(
    world: &mut World,
    application: String,
    server: String,
    audience: String,
) -> Result<(), StepError> {
    let subject = token(world, &application, &server, &audience, "")?;
    exchange(world, &application, &[("subject_token", &subject)]).await?;
    let wanted = format!("the exchange of a token of `{server}` is refused as a bad request (400)");
    match &world.last {
        Some(Last::Refused(refusal)) => world.expect(refusal.status == 400, wanted, refusal.to_string()),
        _ => Err(world.deviates(wanted, "it was granted")),
    }
}

/// A token of a user of that server, named for the audience, with what the words say is wrong with it.
fn token(world: &World, application: &str, server: &str, audience: &str, words: &str) -> Result<String, StepError> {
    let flaw = Flaw::read(words).ok_or_else(|| {
        world.error(format!("nothing is known that makes a token one `{words}`\nhint: the words stand in `flaws`"))
    })?;
    let keys = keys_of(world, application, RESIDENT)?;
    let forge = servers::forge(world, server)?;
    let sound = forge.token(&keys.consumer_key.0, USER.0).claim("aud", audience);
    Ok(flaw.in_token(&forge, sound, &world.foreign_key()))
}

/// The token that is given, and the scope that is asked for, if any.
fn with_scope<'a>(given: (&'a str, &'a str), scope: &'a str) -> Vec<(&'a str, &'a str)> {
    let asked = (!scope.is_empty()).then_some(("scope", scope));
    std::iter::once(given).chain(asked).collect()
}

async fn exchange(world: &mut World, application: &str, fields: &[(&str, &str)]) -> Result<(), StepError> {
    let kinds = [("subject_token_type", JWT), ("requested_token_type", JWT)];
    let fields: Vec<_> = kinds.iter().chain(fields).copied().collect();
    ask(world, application, TOKEN_EXCHANGE, &fields).await
}

/// Asks by that grant, and holds what is granted.
async fn ask(world: &mut World, application: &str, grant_type: &str, fields: &[(&str, &str)]) -> Result<(), StepError> {
    let keys = keys_of(world, application, RESIDENT)?;
    let reply = tokens::request(world, &keys, RESIDENT, grant_type, fields).await;
    keep(world, reply)?;
    if let Some(granted) = world.seen.grant.clone() {
        tokens::hold(world, application, RESIDENT, granted);
    }
    Ok(())
}
