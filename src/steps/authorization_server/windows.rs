//! Phrases about logging in by NTLM (`iwa:ntlm`): two requests, with a challenge between them.
//! The client's side of the protocol is the mocks' own, by a library.

use cucumber::{given, then, when};
use kmspec_mocks::ntlm::Client;

use super::{
    judging::{answer, shown},
    token_endpoint::ask_with,
};
use crate::world::{StepError, World};
use kmspec_model::capability::Capability;

const GRANT: &str = "iwa:ntlm";

#[when("the OAuth client begins a Windows login")]
async fn begin(world: &mut World) -> Result<(), StepError> {
    let (mut client, _) = windows(world, None)?;
    let first = client.negotiate().map_err(|error| world.error(error))?;
    send(world, &first).await
}

#[when("the OAuth client asks for a token with the Windows login of the user")]
async fn log_in(world: &mut World) -> Result<(), StepError> {
    exchange(world, None).await
}

#[when("the OAuth client asks for a token with a Windows login with a wrong password")]
async fn log_in_wrongly(world: &mut World) -> Result<(), StepError> {
    exchange(world, Some("kmspec-wrong-password")).await
}

#[given("the OAuth client sent the Windows login of the user")]
async fn logged_in(world: &mut World) -> Result<(), StepError> {
    exchange(world, None).await?;
    super::token_endpoint::expect_issued(world)
}

#[when("the OAuth client sends the same Windows login once more")]
async fn replay(world: &mut World) -> Result<(), StepError> {
    let used = world.conversation()?.memory().verifier.clone();
    let used = used.ok_or_else(|| world.error("no step before this one logged in"))?;
    send(world, used.reveal()).await
}

#[when("the OAuth client asks for a token with a Windows login that is none")]
async fn nonsense(world: &mut World) -> Result<(), StepError> {
    send(world, "bm8gbWVzc2FnZSBvZiB0aGUgcHJvdG9jb2w=").await
}

#[then("the answer challenges by NTLM")]
async fn challenges(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let challenge = answer.header("www-authenticate").unwrap_or("none").to_owned();
    world.expect(
        challenge.strip_prefix("NTLM ").is_some_and(|message| message.starts_with("TlRMTVNTUAAC")),
        "WWW-Authenticate with NTLM and its second message",
        format!("{}, WWW-Authenticate: {}", shown(&answer), challenge.chars().take(24).collect::<String>()),
    )
}

fn windows(world: &World, password: Option<&str>) -> Result<(Client, String), StepError> {
    let user = world.conversation()?.server().user.clone();
    let (name, right) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    let client = Client::new(&name, password.unwrap_or(right.reveal())).map_err(|error| world.error(error))?;
    Ok((client, name))
}

/// Both requests; the message of the second is kept.
async fn exchange(world: &World, password: Option<&str>) -> Result<(), StepError> {
    let (mut client, _) = windows(world, password)?;
    let first = client.negotiate().map_err(|error| world.error(error))?;
    send(world, &first).await?;
    let answered = answer(world)?;
    let challenge = answered.header("www-authenticate").unwrap_or_default();
    let second = client
        .authenticate(challenge)
        .map_err(|error| world.deviates("a challenge by NTLM", format!("{}: {error}", shown(&answered))))?;
    world.conversation()?.memory().verifier = Some(second.as_str().into());
    send(world, &second).await
}

async fn send(world: &World, message: &str) -> Result<(), StepError> {
    world.log().know(message);
    ask_with(world, &[("grant_type", GRANT), ("windows_token", message)]).await
}
