//! Phrases about refresh tokens that are replaced when they are used (RFC 9700, section 4.14).
//! The plain use of a refresh token is in [`super::token_endpoint`].

use cucumber::{given, then, when};
use futures::future::join_all;

use super::{
    judging::shown,
    token_endpoint::{ask_for_the_user, ask_with, client, expect_issued, refresh_token, refreshing},
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::credentials::Token;
use kmspec_model::capability::Capability;

#[given("a refresh token that was used, and replaced by another")]
async fn used_and_replaced(world: &mut World) -> Result<(), StepError> {
    ask_for_the_user(world, None, &[]).await?;
    expect_issued(world)?;
    let first = refresh_token(world)?;
    ask_with(world, &refreshing(&first)).await?;
    expect_issued(world)?;
    // A server that does not replace them protects them by other means, and these scenarios do not apply.
    if refresh_token(world)? == first { Err(world.not_applicable(Capability::RefreshToken)) } else { Ok(()) }
}

#[given(expr = "the refresh token was used for a token of {string}")]
async fn used_for(world: &mut World, scope: String) -> Result<(), StepError> {
    use_for(world, scope).await?;
    expect_issued(world)
}

#[when(expr = "the OAuth client asks for a token of {string} with the refresh token")]
async fn use_for(world: &mut World, scope: String) -> Result<(), StepError> {
    let token = refresh_token(world)?;
    let mut fields = refreshing(&token).to_vec();
    fields.push(("scope", &scope));
    ask_with(world, &fields).await
}

#[when("the OAuth client asks for a token with the refresh token that was replaced")]
async fn use_the_replaced(world: &mut World) -> Result<(), StepError> {
    let first = world.conversation()?.memory().first_refresh_token.clone();
    let first: Token = first.ok_or_else(|| world.error("no step before this one obtained a refresh token"))?;
    ask_with(world, &refreshing(&first)).await
}

#[given("the refresh token that was replaced was used again")]
async fn replaced_used_again(world: &mut World) -> Result<(), StepError> {
    use_the_replaced(world).await?;
    expect_issued(world)
}

#[given("the refresh token that took its place was used")]
async fn successor_used(world: &mut World) -> Result<(), StepError> {
    let last = refresh_token(world)?;
    ask_with(world, &refreshing(&last)).await?;
    expect_issued(world)
}

#[when(expr = "the OAuth client asks for a token with the last refresh token {int} times at once")]
async fn use_at_once(world: &mut World, times: usize) -> Result<(), StepError> {
    let (talk, token, client) = (world.conversation()?, refresh_token(world)?, client(world)?.authentication());
    let fields = refreshing(&token);
    let asked = join_all((0..times).map(|_| talk.ask_for_token(&client, &fields))).await;
    let answers = asked.into_iter().collect::<Result<Vec<_>, _>>().or_fail(world)?;
    talk.memory().at_once = answers;
    Ok(())
}

#[then("exactly one of them brings a token")]
async fn one_of_them(world: &mut World) -> Result<(), StepError> {
    let answers = world.conversation()?.memory().at_once.clone();
    let granted = answers.iter().filter(|answer| answer.is_success()).count();
    let refused = answers.iter().find(|answer| !answer.is_success() && answer.status >= 500);
    world.expect(refused.is_none(), "refusals with a status of 4xx", refused.map(shown).unwrap_or_default())?;
    world.expect(granted == 1, "one token answer", format!("{granted} of {} requests were granted", answers.len()))
}

#[then("the access token is another one")]
async fn another_access_token(world: &mut World) -> Result<(), StepError> {
    let tokens = world.conversation()?.memory().tokens.clone();
    let fresh = tokens.last().is_some_and(|last| tokens[..tokens.len() - 1].iter().all(|earlier| earlier != last));
    world.expect(fresh && tokens.len() > 1, "an access token that was not issued before", "the same one again")
}
