//! Phrases about authorization codes: asking for one in a browser, logging in, redeeming it, with PKCE and without.
//! What a token answer holds is judged in [`super::token_endpoint`].

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cucumber::{given, then, when};
use url::Url;

use super::{
    judging::{answer, shown},
    token_endpoint::{ask_as, client, other_client},
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    browser::{self, Arrival},
    credentials::Secret,
};
use kmspec_model::capability::Capability;

/// Letters that a server which repairs its parameters would change.
const STATE: &str = "kmspec state/with+signs=&ends";
const FOREIGN_REDIRECT: &str = "https://elsewhere.example/callback";

#[given("a code issued to the client for the user")]
async fn a_code(world: &mut World) -> Result<(), StepError> {
    log_in(world, &[]).await?;
    code(world).map(drop)
}

#[given("a code with a challenge issued to the client for the user")]
async fn a_code_with_challenge(world: &mut World) -> Result<(), StepError> {
    let verifier = format!("{0}{0}", uuid::Uuid::new_v4().simple());
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    world.conversation()?.memory().verifier = Some(Secret(verifier));
    log_in(world, &[("code_challenge", &challenge), ("code_challenge_method", "S256")]).await?;
    code(world).map(drop)
}

#[when("the user logs in and agrees")]
async fn user_agrees(world: &mut World) -> Result<(), StepError> {
    log_in(world, &[]).await
}

#[when("the user is asked for a code in a response type that nobody knows")]
async fn unknown_response_type(world: &mut World) -> Result<(), StepError> {
    log_in(world, &[("response_type", "urn:example:unheard-of")]).await
}

#[when("the user is asked for a code with a challenge of a method that nobody knows")]
async fn unknown_challenge_method(world: &mut World) -> Result<(), StepError> {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    log_in(world, &[("code_challenge", challenge), ("code_challenge_method", "S4711")]).await
}

#[when("the user is asked for a code that goes to an address which the client never registered")]
async fn foreign_redirect(world: &mut World) -> Result<(), StepError> {
    log_in(world, &[("redirect_uri", FOREIGN_REDIRECT)]).await
}

#[when("the OAuth client redeems the code")]
async fn redeem(world: &mut World) -> Result<(), StepError> {
    let client = client(world)?.authentication();
    redeem_as(world, &client, None, &[]).await
}

#[when("the OAuth client redeems the code a second time")]
async fn redeem_twice(world: &mut World) -> Result<(), StepError> {
    let client = client(world)?.authentication();
    redeem_as(world, &client, None, &[]).await?;
    super::token_endpoint::expect_issued(world)?;
    redeem_as(world, &client, None, &[]).await
}

#[when("the OAuth client redeems the code with its verifier")]
async fn redeem_with_verifier(world: &mut World) -> Result<(), StepError> {
    let verifier = world.conversation()?.memory().verifier.clone();
    let verifier = verifier.ok_or_else(|| world.error("no step before this one made a challenge"))?;
    let client = client(world)?.authentication();
    redeem_as(world, &client, None, &[("code_verifier", verifier.reveal())]).await
}

#[when("the OAuth client redeems the code with another verifier")]
async fn redeem_with_other_verifier(world: &mut World) -> Result<(), StepError> {
    let other = format!("{0}{0}", uuid::Uuid::new_v4().simple());
    let client = client(world)?.authentication();
    redeem_as(world, &client, None, &[("code_verifier", &other)]).await
}

#[when("the OAuth client redeems the code naming another redirect URI")]
async fn redeem_elsewhere(world: &mut World) -> Result<(), StepError> {
    let client = client(world)?.authentication();
    redeem_as(world, &client, Some(FOREIGN_REDIRECT), &[]).await
}

#[when("the other client redeems the code")]
async fn redeem_as_other(world: &mut World) -> Result<(), StepError> {
    let other = other_client(world)?.authentication();
    redeem_as(world, &other, None, &[]).await
}

#[when(expr = "{int} minutes pass and the OAuth client redeems the code")]
async fn redeem_late(world: &mut World, minutes: u64) -> Result<(), StepError> {
    world.pass_time(std::time::Duration::from_secs(60 * minutes))?;
    redeem(world).await
}

#[then("the browser comes back with the state that was sent")]
async fn state_comes_back(world: &mut World) -> Result<(), StepError> {
    let state = came_back(world, "state")?;
    world.expect(
        state.as_deref() == Some(STATE),
        format!("`state` exactly as sent, `{STATE}`"),
        format!("`state` is {state:?}"),
    )
}

#[then(expr = "the browser comes back with the error {string} or {string}")]
async fn error_comes_back(world: &mut World, one: String, other: String) -> Result<(), StepError> {
    let error = came_back(world, "error")?;
    world.expect(
        error.as_deref().is_some_and(|error| error == one || error == other),
        format!("`error` {one} or {other}, sent to the client's redirect URI"),
        format!("`error` is {error:?}"),
    )
}

#[then("the browser is never sent there")]
async fn never_sent(world: &mut World) -> Result<(), StepError> {
    let sent = world.conversation()?.memory().sent_to.clone();
    let answer = answer(world)?;
    let observed = sent.as_ref().map_or_else(|| shown(&answer), |url| format!("sent to {}", bare(url)));
    world.expect(sent.is_none() && answer.status < 500, "a page of the server that tells the user", observed)
}

/// An address without what it carries: codes and states stay out of reports.
fn bare(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    bare.to_string()
}

/// Asks for a code in a browser, and logs the user in wherever that is asked for.
async fn log_in(world: &World, more: &[(&str, &str)]) -> Result<(), StepError> {
    let talk = world.conversation()?;
    let (client, redirect_uri) = (client(world)?, redirect_uri(world)?);
    let user = talk.server().user.clone();
    let (name, password) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    let Some(mut url) = talk.server().document.address("authorization_endpoint") else {
        return Err(world.deviates("an `authorization_endpoint` in the document", "there is none"));
    };
    let usual = [
        ("response_type", "code"),
        ("client_id", client.id.0.as_str()),
        ("redirect_uri", redirect_uri.as_str()),
        ("scope", "openid"),
        ("state", STATE),
    ];
    let replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
    url.query_pairs_mut().extend_pairs(usual.iter().filter(|(name, _)| !replaced(name)).chain(more));
    let fields =
        [("username", name.as_str()), ("password", password.reveal()), ("decision", "approve"), ("consent", "approve")];
    let arrival = browser::open(&talk, url).await.or_fail(world)?;
    let arrival = browser::fill_in(&talk, arrival, &fields).await.or_fail(world)?;
    talk.memory().sent_to = match arrival {
        Arrival::Away(url) => Some(url),
        Arrival::Page(_) => None,
    };
    Ok(())
}

/// A parameter with which the browser came back to the client.
fn came_back(world: &World, parameter: &str) -> Result<Option<String>, StepError> {
    let (talk, home) = (world.conversation()?, redirect_uri(world)?);
    let sent = talk.memory().sent_to.clone();
    match sent {
        Some(url) if bare(&url) == home => {
            Ok(url.query_pairs().find(|(name, _)| name == parameter).map(|(_, value)| value.into_owned()))
        }
        Some(url) => Err(world.deviates(format!("the browser sent to {home}"), format!("sent to {}", bare(&url)))),
        None => Err(world.deviates(format!("the browser sent to {home}"), shown(&answer(world)?))),
    }
}

fn code(world: &World) -> Result<Secret, StepError> {
    let code = came_back(world, "code")?;
    match code {
        Some(code) => {
            world.log().know(&code);
            Ok(Secret(code))
        }
        None => {
            let error = came_back(world, "error")?;
            Err(world.deviates("a code at the client's redirect URI", format!("`error` is {error:?}")))
        }
    }
}

fn redirect_uri(world: &World) -> Result<String, StepError> {
    let uri = world.conversation()?.server().redirect_uri.clone();
    uri.ok_or_else(|| world.not_applicable(Capability::AuthorizationCode))
}

async fn redeem_as(
    world: &World,
    client: &ClientAuthentication,
    redirect: Option<&str>,
    more: &[(&str, &str)],
) -> Result<(), StepError> {
    let (code, registered) = (code(world)?, redirect_uri(world)?);
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code.reveal()),
        ("redirect_uri", redirect.unwrap_or(&registered)),
    ];
    fields.extend_from_slice(more);
    ask_as(world, client, &fields).await
}
