//! Phrases about revocation (RFC 7009).
//! Whether a token is alive afterwards is asked in [`super::introspection`].

use cucumber::{then, when};

use super::{
    client_credentials::wrong_secret,
    judging::{answer, expect_oauth_error, shown},
    token_endpoint::{ask_with, client, is_refusal, other_client, refresh_token},
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{authorization_server::ClientAuthentication, credentials::Token};

#[when("the OAuth client revokes the token")]
async fn revoke(world: &mut World) -> Result<(), StepError> {
    let (token, client) = (first_token(world)?, client(world)?.authentication());
    revoke_as(world, &client, &token, None).await
}

#[when(expr = "the OAuth client revokes the token as a {string}")]
async fn revoke_with_hint(world: &mut World, hint: String) -> Result<(), StepError> {
    let (token, client) = (first_token(world)?, client(world)?.authentication());
    revoke_as(world, &client, &token, Some(&hint)).await
}

#[when("the OAuth client revokes the refresh token")]
async fn revoke_refresh_token(world: &mut World) -> Result<(), StepError> {
    let (token, client) = (refresh_token(world)?, client(world)?.authentication());
    revoke_as(world, &client, &token, Some("refresh_token")).await
}

#[when("the OAuth client revokes a token that nobody issued")]
async fn revoke_nonsense(world: &mut World) -> Result<(), StepError> {
    let client = client(world)?.authentication();
    revoke_as(world, &client, &Token::from("c1f6d9a2-kmspec-nobody-issued-this"), None).await
}

#[when("somebody revokes the token without credentials")]
async fn revoke_without_credentials(world: &mut World) -> Result<(), StepError> {
    let token = first_token(world)?;
    revoke_as(world, &ClientAuthentication::Nobody, &token, None).await
}

#[when("the OAuth client revokes the token with a wrong secret")]
async fn revoke_with_wrong_secret(world: &mut World) -> Result<(), StepError> {
    let (token, (id, secret)) = (first_token(world)?, wrong_secret(&client(world)?));
    revoke_as(world, &ClientAuthentication::Basic(id, secret), &token, None).await
}

#[when("the other client revokes the token")]
async fn revoke_as_other(world: &mut World) -> Result<(), StepError> {
    let (token, other) = (first_token(world)?, other_client(world)?.authentication());
    revoke_as(world, &other, &token, None).await
}

#[then("revocation is granted")]
async fn is_granted(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let slip = if super::judging::error_code(&answer).is_some() { ", which carries an error" } else { "" };
    world.expect(
        answer.status == 200 && slip.is_empty(),
        "status 200 (RFC 7009, section 2.2)",
        format!("{}{slip}", shown(&answer)),
    )
}

#[then("revocation is refused")]
async fn is_refused(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    expect_oauth_error(world, &answer, &[400, 401])
}

#[then(expr = "revocation is refused with status {int} and an error of the token endpoint")]
async fn is_refused_with_error(world: &mut World, status: u16) -> Result<(), StepError> {
    let answer = answer(world)?;
    expect_oauth_error(world, &answer, &[status])
}

#[then("the refresh token brings no token any more")]
async fn refresh_token_is_dead(world: &mut World) -> Result<(), StepError> {
    let token = refresh_token(world)?;
    ask_with(world, &[("grant_type", "refresh_token"), ("refresh_token", token.reveal())]).await?;
    let answer = answer(world)?;
    world.expect(
        is_refusal(&answer) && super::judging::error_code(&answer).as_deref() == Some("invalid_grant"),
        "a refusal with `invalid_grant`",
        shown(&answer),
    )
}

/// The token that was issued first: the one that scenarios with two of them end.
fn first_token(world: &World) -> Result<Token, StepError> {
    let token = world.conversation()?.memory().tokens.first().cloned();
    token.ok_or_else(|| world.error("no step before this one obtained a token"))
}

async fn revoke_as(
    world: &World,
    client: &ClientAuthentication,
    token: &Token,
    hint: Option<&str>,
) -> Result<(), StepError> {
    world.conversation()?.revoke(client, token, hint).await.or_fail(world)?;
    Ok(())
}
