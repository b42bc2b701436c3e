//! Phrases about logging in by NTLM (`iwa:ntlm`): two requests, with a challenge between them.
//! The client's side of the protocol is the mocks' own, by a library.

use base64::{Engine, engine::general_purpose::STANDARD};
use cucumber::{given, then, when};
use kmspec_mocks::ntlm::Client;

use super::{
    judging::{answer, shown},
    token_endpoint::ask_with,
};
use crate::world::{StepError, World};
use kmspec_model::capability::Capability;

const GRANT: &str = "iwa:ntlm";
/// How the challenge of a server begins (MS-NLMP, section 2.2.1.2).
const SECOND_MESSAGE: &[u8; 9] = b"NTLMSSP\0\x02";

#[when("the OAuth client begins a Windows login")]
async fn begin(world: &mut World) -> Result<(), StepError> {
    let (mut client, _) = windows(world, None)?;
    let first = client.negotiate().map_err(|error| world.error(error))?;
    send(world, &first).await
}

#[when("the OAuth client begins a Windows login in SPNEGO")]
async fn begin_in_spnego(world: &mut World) -> Result<(), StepError> {
    let first = windows(world, None)?.0.in_spnego().negotiate().map_err(|error| world.error(error))?;
    send(world, &first).await
}

#[when("the OAuth client asks for a token with the Windows login of the user")]
async fn log_in(world: &mut World) -> Result<(), StepError> {
    exchange(world, None).await
}

#[when("the OAuth client asks for a token with the Windows login of the user in SPNEGO")]
async fn log_in_in_spnego(world: &mut World) -> Result<(), StepError> {
    let client = windows(world, None)?.0.in_spnego();
    exchange_by(world, client).await
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

#[then("the answer challenges by NTLM in SPNEGO")]
async fn challenges_in_spnego(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let challenge = answer.header("www-authenticate").unwrap_or("none").to_owned();
    let token = challenge.strip_prefix("Negotiate ").and_then(|token| STANDARD.decode(token).ok());
    // Only the response of SPNEGO begins so (RFC 4178, section 4.2.2); the message stands in it as it is.
    let holds = |token: &Vec<u8>| token.first() == Some(&0xa1) && token.windows(9).any(|part| part == SECOND_MESSAGE);
    world.expect(
        token.as_ref().is_some_and(holds),
        "WWW-Authenticate with SPNEGO, and NTLM's second message in it",
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
    let (client, _) = windows(world, password)?;
    exchange_by(world, client).await
}

async fn exchange_by(world: &World, mut client: Client) -> Result<(), StepError> {
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
