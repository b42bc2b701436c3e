//! Phrases about the token endpoint: who asks for what, and what comes of it.
//! How errors look is judged in [`super::judging`].

use cucumber::{gherkin::Step, given, then, when};
use serde_json::Value;

use super::judging::{answer, expect_members, members, rows, shown};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    conversation::{Conversation, KnownClient},
    credentials::Token,
    wire::{Answered, Call},
};
use kmspec_model::capability::Capability;

/// A scope that no server defines.
const UNHEARD_OF_SCOPE: &str = "kmspec-unheard-of-scope";
pub(super) const CLIENT_CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");

#[given("an access token issued to the client")]
async fn a_token(world: &mut World) -> Result<(), StepError> {
    demand_token(world, &[]).await
}

#[given("two access tokens issued to the client")]
async fn two_tokens(world: &mut World) -> Result<(), StepError> {
    demand_token(world, &[]).await?;
    demand_token(world, &[]).await?;
    expect_two_tokens(world)
}

#[given("a self-contained access token issued to the client")]
async fn a_self_contained_token(world: &mut World) -> Result<(), StepError> {
    let jwt_for = world.conversation()?.server().jwt_for.clone();
    let fields: Vec<(&str, &str)> = jwt_for.iter().map(|(name, value)| (*name, value.as_str())).collect();
    demand_token(world, &fields).await
}

#[given("a self-contained access token issued to the client for the known scope")]
async fn a_scoped_token(world: &mut World) -> Result<(), StepError> {
    let (jwt_for, scope) = (world.conversation()?.server().jwt_for.clone(), known_scope(world)?);
    let mut fields = vec![("scope", scope.as_str())];
    fields.extend(jwt_for.iter().map(|(name, value)| (*name, value.as_str())));
    demand_token(world, &fields).await
}

#[given("an access token issued to the client for the user")]
async fn a_token_for_the_user(world: &mut World) -> Result<(), StepError> {
    ask_for_the_user(world, None, &[("scope", "openid profile")]).await?;
    expect_issued(world)
}

#[given("a refresh token issued to the client")]
async fn a_refresh_token(world: &mut World) -> Result<(), StepError> {
    ask_for_the_user(world, None, &[]).await?;
    expect_issued(world)?;
    refresh_token(world).map(drop)
}

#[when("the OAuth client asks for a token")]
async fn ask(world: &mut World) -> Result<(), StepError> {
    ask_with(world, &[CLIENT_CREDENTIALS]).await
}

#[when("the OAuth client asks for two tokens")]
async fn ask_twice(world: &mut World) -> Result<(), StepError> {
    demand_token(world, &[]).await?;
    demand_token(world, &[]).await
}

#[when("the OAuth client asks for a token with a parameter that nobody knows")]
async fn ask_with_unknown_parameter(world: &mut World) -> Result<(), StepError> {
    ask_with(world, &[CLIENT_CREDENTIALS, ("kmspec_unheard_of", "1")]).await
}

#[when("the OAuth client asks for a token with the known scope")]
async fn ask_with_known_scope(world: &mut World) -> Result<(), StepError> {
    let (talk, scope) = (world.conversation()?, known_scope(world)?);
    let jwt_for = talk.server().jwt_for.clone();
    let mut fields = vec![CLIENT_CREDENTIALS, ("scope", scope.as_str())];
    fields.extend(jwt_for.iter().map(|(name, value)| (*name, value.as_str())));
    ask_with(world, &fields).await
}

#[when("the OAuth client asks for a token with a scope that nobody knows")]
async fn ask_with_unknown_scope(world: &mut World) -> Result<(), StepError> {
    ask_with(world, &[CLIENT_CREDENTIALS, ("scope", UNHEARD_OF_SCOPE)]).await
}

#[when(expr = "the OAuth client asks for a token with the scope {string}")]
async fn ask_with_scope(world: &mut World, scope: String) -> Result<(), StepError> {
    ask_with(world, &[CLIENT_CREDENTIALS, ("scope", &scope)]).await
}

#[when(expr = "somebody asks for a token with the authorization header {string}")]
async fn ask_with_header(world: &mut World, header: String) -> Result<(), StepError> {
    let talk = world.conversation()?;
    let call = Call::new("POST", token_endpoint(world, &talk)?).header("Authorization", header);
    talk.send(call.form(&form(&[CLIENT_CREDENTIALS]))).await.or_fail(world)?;
    Ok(())
}

#[when(expr = "the OAuth client asks for a token with the grant type {string}")]
async fn ask_with_grant_type(world: &mut World, grant_type: String) -> Result<(), StepError> {
    ask_with(world, &[("grant_type", &grant_type)]).await
}

#[when("the OAuth client asks for a token without a grant type")]
async fn ask_without_grant_type(world: &mut World) -> Result<(), StepError> {
    ask_with(world, &[("kmspec_unheard_of", "1")]).await
}

#[when("the OAuth client asks for a token naming its grant type twice")]
async fn ask_with_grant_type_twice(world: &mut World) -> Result<(), StepError> {
    ask_with(world, &[CLIENT_CREDENTIALS, CLIENT_CREDENTIALS]).await
}

#[when("the OAuth client asks for a token with the user's password")]
async fn ask_with_password(world: &mut World) -> Result<(), StepError> {
    ask_for_the_user(world, None, &[]).await
}

#[when("the OAuth client asks for a token with a wrong password of the user")]
async fn ask_with_wrong_password(world: &mut World) -> Result<(), StepError> {
    ask_for_the_user(world, Some("kmspec-wrong-password"), &[]).await
}

#[when("the OAuth client asks for a token with the refresh token")]
async fn refresh(world: &mut World) -> Result<(), StepError> {
    let token = refresh_token(world)?;
    ask_with(world, &refreshing(&token)).await
}

#[when("the OAuth client asks for a token with a made-up refresh token")]
async fn refresh_with_nonsense(world: &mut World) -> Result<(), StepError> {
    ask_with(world, &refreshing(&Token::from("7a1f5a0e-kmspec-made-up-0a7c2f"))).await
}

#[when("the OAuth client asks for a token with the refresh token and a scope that nobody knows")]
async fn refresh_with_scope(world: &mut World) -> Result<(), StepError> {
    let token = refresh_token(world)?;
    let mut fields = refreshing(&token).to_vec();
    fields.push(("scope", UNHEARD_OF_SCOPE));
    ask_with(world, &fields).await
}

#[when("the other client asks for a token with the refresh token")]
async fn refresh_as_other(world: &mut World) -> Result<(), StepError> {
    let (token, other) = (refresh_token(world)?, other_client(world)?);
    ask_as(world, &other.authentication(), &refreshing(&token)).await
}

#[then("a token is issued")]
async fn is_issued(world: &mut World) -> Result<(), StepError> {
    expect_issued(world)
}

#[then("no token is issued")]
async fn is_not_issued(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let carries_one = members(&answer).is_some_and(|members| members.contains_key("access_token"));
    world.expect(is_refusal(&answer) && !carries_one, "a refusal with a status of 4xx, and no token", shown(&answer))
}

#[then("the token answer has these members:")]
async fn answer_has_members(world: &mut World, step: &Step) -> Result<(), StepError> {
    let members = members(&answer(world)?).unwrap_or_default();
    expect_members(world, "a token answer", &members, &rows(step))
}

#[then("the token answer has no refresh token")]
async fn answer_has_no_refresh_token(world: &mut World) -> Result<(), StepError> {
    let members = members(&answer(world)?).unwrap_or_default();
    world.expect(!members.contains_key("refresh_token"), "no refresh token for client credentials", "there is one")
}

#[then("the token answer grants the known scope")]
async fn answer_grants_known_scope(world: &mut World) -> Result<(), StepError> {
    let (answer, scope) = (answer(world)?, known_scope(world)?);
    // Left out, the scope is the one asked for (RFC 6749, section 5.1).
    world.expect(
        granted(&answer).is_none_or(|granted| granted.split(' ').any(|each| each == scope)),
        format!("`scope` with `{scope}` in it, or left out"),
        shown(&answer),
    )
}

#[then("that scope is not granted")]
async fn scope_is_not_granted(world: &mut World) -> Result<(), StepError> {
    expect_not_granted(world, UNHEARD_OF_SCOPE)
}

#[then(expr = "the scope {string} is not granted")]
async fn this_scope_is_not_granted(world: &mut World, scope: String) -> Result<(), StepError> {
    expect_not_granted(world, &scope)
}

#[then(expr = "the scope {string} is granted")]
async fn this_scope_is_granted(world: &mut World, scope: String) -> Result<(), StepError> {
    let answer = answer(world)?;
    // Left out, the scope is the one asked for (RFC 6749, section 5.1).
    let said =
        answer.is_success() && granted(&answer).is_none_or(|granted| granted.split(' ').any(|each| each == scope));
    world.expect(said, format!("a token, and `scope` with `{scope}` in it or left out"), shown(&answer))
}

fn expect_not_granted(world: &World, asked: &str) -> Result<(), StepError> {
    let answer = answer(world)?;
    let expected = "`invalid_scope`, or a token whose `scope` says that it was not granted";
    if !answer.is_success() {
        return super::judging::expect_oauth_error(world, &answer, &[400]);
    }
    match granted(&answer) {
        Some(granted) => world.expect(!granted.split(' ').any(|each| each == asked), expected, shown(&answer)),
        // Without `scope` a client has to take it that all it asked for was granted (RFC 6749, section 3.3).
        None => Err(world.deviates(expected, "a token and no `scope`, which says that all was granted")),
    }
}

#[then("the two tokens differ")]
async fn tokens_differ(world: &mut World) -> Result<(), StepError> {
    expect_two_tokens(world)
}

fn expect_two_tokens(world: &World) -> Result<(), StepError> {
    let tokens = world.conversation()?.memory().tokens.clone();
    let [one, other] = tokens.as_slice() else { return Err(world.error("there are not two tokens")) };
    world.expect(one != other, "two different tokens", "the same token twice")
}

/// Whether the server says no. That it broke, or sends the client elsewhere, is no answer.
pub(super) fn is_refusal(answer: &Answered) -> bool {
    (400..500).contains(&answer.status)
}

/// The token that was issued last.
pub(super) fn last_token(world: &World) -> Result<Token, StepError> {
    let token = world.conversation()?.memory().tokens.last().cloned();
    token.ok_or_else(|| world.error("no step before this one obtained a token"))
}

/// The client that scenarios use.
pub(super) fn client(world: &World) -> Result<KnownClient, StepError> {
    let client = world.conversation()?.server().client.clone();
    client.ok_or_else(|| world.not_applicable(Capability::ClientCredentials))
}

/// The second client.
pub(super) fn other_client(world: &World) -> Result<KnownClient, StepError> {
    let client = world.conversation()?.server().other_client.clone();
    client.ok_or_else(|| world.not_applicable(Capability::OtherClient))
}

/// The scope that the client may ask for.
pub(super) fn known_scope(world: &World) -> Result<String, StepError> {
    let scope = world.conversation()?.server().scope.clone();
    scope.ok_or_else(|| world.not_applicable(Capability::KnownScope))
}

/// The refresh token issued last.
pub(super) fn refresh_token(world: &World) -> Result<Token, StepError> {
    let token = world.conversation()?.memory().refresh_token.clone();
    token.ok_or_else(|| world.deviates("a token answer with a refresh token", "there is none in it"))
}

/// Asks as the client, with these fields.
pub(super) async fn ask_with(world: &World, fields: &[(&str, &str)]) -> Result<(), StepError> {
    let client = client(world)?;
    ask_as(world, &client.authentication(), fields).await
}

/// Asks as anybody, with these fields.
pub(super) async fn ask_as(
    world: &World,
    client: &ClientAuthentication,
    fields: &[(&str, &str)],
) -> Result<(), StepError> {
    world.conversation()?.ask_for_token(client, fields).await.or_fail(world)?;
    Ok(())
}

pub(super) async fn ask_for_the_user(
    world: &World,
    password: Option<&str>,
    fields: &[(&str, &str)],
) -> Result<(), StepError> {
    let user = world.conversation()?.server().user.clone();
    let (name, right) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    let mut all = vec![("grant_type", "password"), ("username", name.as_str())];
    all.push(("password", password.unwrap_or(right.reveal())));
    all.extend_from_slice(fields);
    ask_with(world, &all).await
}

async fn demand_token(world: &World, fields: &[(&str, &str)]) -> Result<(), StepError> {
    let mut all = vec![CLIENT_CREDENTIALS];
    all.extend_from_slice(fields);
    ask_with(world, &all).await?;
    expect_issued(world)
}

pub(super) fn expect_issued(world: &World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let token = members(&answer).and_then(|members| members.get("access_token")?.as_str().map(str::to_owned));
    world.expect(
        answer.status == 200 && token.is_some_and(|token| !token.is_empty()),
        "status 200 with an access token",
        shown(&answer),
    )
}

fn granted(answer: &Answered) -> Option<String> {
    Some(members(answer)?.get("scope").and_then(Value::as_str)?.to_owned())
}

pub(super) fn refreshing(token: &Token) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token.reveal())]
}

pub(super) fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn token_endpoint(world: &World, talk: &Conversation) -> Result<url::Url, StepError> {
    talk.endpoints().token.clone().ok_or_else(|| world.not_applicable(Capability::ClientCredentials))
}
