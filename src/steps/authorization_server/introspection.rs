//! Phrases about introspection (RFC 7662).
//! Tokens come from [`super::token_endpoint`].

use cucumber::{gherkin::Step, then, when};
use serde_json::{Map, Value};

use super::{
    client_credentials::wrong_secret,
    judging::{answer, expect_forms, members, rows, shown},
    token_endpoint::{client, last_token, other_client},
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    credentials::Token,
    published_keys::{with_changed_claim, without_signature},
    wire::Answered,
};
use kmspec_model::capability::Capability;

#[when("the OAuth client introspects the token")]
async fn introspect(world: &mut World) -> Result<(), StepError> {
    let token = last_token(world)?;
    ask_about(world, &token, None).await
}

#[when(expr = "the OAuth client introspects the token as a {string}")]
async fn introspect_with_hint(world: &mut World, hint: String) -> Result<(), StepError> {
    let token = last_token(world)?;
    ask_about(world, &token, Some(&hint)).await
}

#[when("the OAuth client introspects a token that nobody issued")]
async fn introspect_nonsense(world: &mut World) -> Result<(), StepError> {
    ask_about(world, &Token::from("5e0c8d0e-kmspec-nobody-issued-this"), None).await
}

#[when("the OAuth client introspects the token with a claim changed")]
async fn introspect_changed(world: &mut World) -> Result<(), StepError> {
    let token = self_contained(world, with_changed_claim)?;
    ask_about(world, &token, None).await
}

#[when("the OAuth client introspects the token without its signature")]
async fn introspect_unsigned(world: &mut World) -> Result<(), StepError> {
    let token = self_contained(world, without_signature)?;
    ask_about(world, &token, None).await
}

#[when("somebody introspects the token without credentials")]
async fn introspect_without_credentials(world: &mut World) -> Result<(), StepError> {
    let token = last_token(world)?;
    ask_as(world, &ClientAuthentication::Nobody, &token).await
}

#[when("the OAuth client introspects the token with a wrong secret")]
async fn introspect_with_wrong_secret(world: &mut World) -> Result<(), StepError> {
    let (token, (id, secret)) = (last_token(world)?, wrong_secret(&client(world)?));
    ask_as(world, &ClientAuthentication::Basic(id, secret), &token).await
}

#[when("the other client introspects the token")]
async fn introspect_as_other(world: &mut World) -> Result<(), StepError> {
    let (token, other) = (last_token(world)?, other_client(world)?.authentication());
    ask_as(world, &other, &token).await
}

#[then("the answer does not name the user")]
async fn does_not_name_the_user(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let user = world.conversation()?.server().user.clone();
    let (name, _) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    let names = |value: &Value| value.as_str().is_some_and(|text| text.contains(&name));
    let naming: Vec<String> = members(&answer)
        .unwrap_or_default()
        .into_iter()
        .filter(|(_, value)| names(value))
        .map(|(key, _)| key)
        .collect();
    world.expect(naming.is_empty(), "no member that names the user", format!("the user in {}", naming.join(", ")))
}

#[then("introspection says that the last token is inactive")]
async fn says_last_inactive(world: &mut World) -> Result<(), StepError> {
    let token = last_token(world)?;
    ask_about(world, &token, None).await?;
    expect_inactive(world, &answer(world)?)
}

#[then("the answer says that the token is active")]
async fn is_active(world: &mut World) -> Result<(), StepError> {
    expect_active(world, &answer(world)?)
}

#[then("the token is inactive, and nothing else is said")]
async fn is_inactive(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let alone = Map::from_iter([("active".to_owned(), Value::Bool(false))]);
    world.expect(
        answer.status == 200 && members(&answer) == Some(alone),
        "status 200 with `{\"active\":false}` and nothing else",
        shown(&answer),
    )
}

#[then("these members have this form, where they are there:")]
async fn members_have_form(world: &mut World, step: &Step) -> Result<(), StepError> {
    let members = members(&answer(world)?).unwrap_or_default();
    expect_forms(world, "an introspection answer", &members, &rows(step))
}

#[then(expr = "introspection is refused with status {int}")]
async fn is_refused(world: &mut World, status: u16) -> Result<(), StepError> {
    let answer = answer(world)?;
    let tells = members(&answer).is_some_and(|members| members.contains_key("active"));
    world.expect(
        answer.status == status && !tells,
        format!("status {status}, and not a word about the token"),
        shown(&answer),
    )
}

#[then("introspection says that the token is active")]
async fn says_active(world: &mut World) -> Result<(), StepError> {
    let answer = asked_again(world, 0).await?;
    expect_active(world, &answer)
}

#[then("introspection says that the second token is active")]
async fn says_second_active(world: &mut World) -> Result<(), StepError> {
    let answer = asked_again(world, 1).await?;
    expect_active(world, &answer)
}

#[then("introspection says that the token is inactive")]
async fn says_inactive(world: &mut World) -> Result<(), StepError> {
    let answer = asked_again(world, 0).await?;
    expect_inactive(world, &answer)
}

fn expect_inactive(world: &World, answer: &Answered) -> Result<(), StepError> {
    let active = members(answer).and_then(|members| members.get("active")?.as_bool());
    world.expect(answer.status == 200 && active == Some(false), "status 200 with `active` false", shown(answer))
}

/// Introspects the token that was issued first, or the one after it.
async fn asked_again(world: &World, index: usize) -> Result<Answered, StepError> {
    let token = world.conversation()?.memory().tokens.get(index).cloned();
    let token = token.ok_or_else(|| world.error("no step before this one obtained that token"))?;
    ask_about(world, &token, None).await?;
    answer(world)
}

fn expect_active(world: &World, answer: &Answered) -> Result<(), StepError> {
    let active = members(answer).and_then(|members| members.get("active")?.as_bool());
    world.expect(answer.status == 200 && active == Some(true), "status 200 with `active` true", shown(answer))
}

async fn ask_about(world: &World, token: &Token, hint: Option<&str>) -> Result<(), StepError> {
    let client = client(world)?.authentication();
    world.conversation()?.introspect(&client, token, hint).await.or_fail(world)?;
    Ok(())
}

async fn ask_as(world: &World, client: &ClientAuthentication, token: &Token) -> Result<(), StepError> {
    world.conversation()?.introspect(client, token, None).await.or_fail(world)?;
    Ok(())
}

fn self_contained(world: &World, change: fn(&Token) -> Option<Token>) -> Result<Token, StepError> {
    let token = change(&last_token(world)?);
    token.ok_or_else(|| world.deviates("a self-contained token", "an opaque one"))
}
