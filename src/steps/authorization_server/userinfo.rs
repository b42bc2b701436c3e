//! Phrases about the profile of a user: OpenID Connect's userinfo endpoint, and SCIM's `/scim2/Me`.
//! What a challenge looks like is judged in [`super::judging`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cucumber::{then, when};
use serde_json::{Map, Value};
use url::Url;

use super::{
    judging::{answer, members, shown},
    token_endpoint::last_token,
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{credentials::Token, wire::Call};
use kmspec_model::capability::Capability;

/// Members that name a user: OpenID Connect Core, section 5.1, and SCIM (RFC 7643, section 4.1).
const NAMES: &[&str] = &["sub", "preferred_username", "username", "userName", "email"];

#[when("the OAuth client asks for the user's profile")]
async fn ask_for_profile(world: &mut World) -> Result<(), StepError> {
    let (url, token) = (userinfo(world)?, last_token(world)?);
    ask(world, url, Some(&token)).await
}

#[when("somebody asks for a profile without a token")]
async fn ask_without_token(world: &mut World) -> Result<(), StepError> {
    let url = userinfo(world)?;
    ask(world, url, None).await
}

#[when("somebody asks for a profile with a token that nobody issued")]
async fn ask_with_nonsense(world: &mut World) -> Result<(), StepError> {
    let url = userinfo(world)?;
    ask(world, url, Some(&Token::from("9d3b7e61-kmspec-nobody-issued-this"))).await
}

#[when("the OAuth client asks for the user's own SCIM resource")]
async fn ask_scim(world: &mut World) -> Result<(), StepError> {
    let token = last_token(world)?;
    let Some(issuer) = world.conversation()?.server().document.address("issuer") else {
        return Err(world.not_applicable(Capability::ScimMe));
    };
    let url = issuer.join("/scim2/Me").map_err(|error| world.error(format!("no address for /scim2/Me: {error}")))?;
    ask(world, url, Some(&token)).await
}

#[then("the profile names the user")]
async fn names_the_user(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let members = members(&answer).unwrap_or_default();
    let named =
        NAMES.iter().any(|name| members.get(*name).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
    world.expect(answer.status == 200 && named, format!("status 200 with one of {}", NAMES.join(", ")), shown(&answer))
}

/// As OpenID Connect Core, section 5.3.2 has it: a profile of another subject must not be used.
#[then("the profile is that of the id token's subject")]
async fn is_of_the_subject(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let Some(id_token) = world.conversation()?.memory().id_token.clone() else {
        return Err(world.not_applicable(Capability::OpenidConnect));
    };
    let claims = id_token.reveal().split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = claims.and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok());
    let subject = claims.and_then(|claims| claims.get("sub").cloned());
    let told = members(&answer).and_then(|members| members.get("sub").cloned());
    let words = |sub: &Option<Value>| sub.as_ref().map_or_else(|| "no sub".to_owned(), |sub| format!("the sub {sub}"));
    world.expect(
        answer.status == 200 && subject.is_some() && told == subject,
        format!("status 200 with {} of the id token", words(&subject)),
        format!("status {} with {}", answer.status, words(&told)),
    )
}

#[then(expr = "the profile is refused with status {int}")]
async fn is_refused(world: &mut World, status: u16) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(answer.status == status, format!("status {status}"), shown(&answer))
}

#[then(expr = "the challenge carries the error {string}")]
async fn challenge_carries(world: &mut World, code: String) -> Result<(), StepError> {
    let answer = answer(world)?;
    let challenge = answer.header("www-authenticate").unwrap_or("none").to_owned();
    let carried = challenge.contains(&format!("error=\"{code}\"")) || challenge.contains(&format!("error={code}"));
    world.expect(carried, format!("WWW-Authenticate with error=\"{code}\""), format!("WWW-Authenticate: {challenge}"))
}

fn userinfo(world: &World) -> Result<Url, StepError> {
    let url = world.conversation()?.endpoints().userinfo.clone();
    url.ok_or_else(|| world.not_applicable(Capability::Userinfo))
}

async fn ask(world: &World, url: Url, token: Option<&Token>) -> Result<(), StepError> {
    let call = Call::new("GET", url);
    let call = match token {
        Some(token) => call.bearer(token.reveal()),
        None => call,
    };
    world.conversation()?.send(call).await.or_fail(world)?;
    Ok(())
}
