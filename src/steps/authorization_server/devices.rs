//! Phrases about devices (RFC 8628): what they are given, and what they hear while their user makes up their mind.
//! The user decides through the stage's handle of the mock: pages for that differ from server to server.

use std::{sync::Arc, time::Duration};

use cucumber::{gherkin::Step, given, then, when};
use serde_json::Value;
use url::Url;

use super::{
    judging::{answer, expect_members, members, rows},
    token_endpoint::{ask_as, client, other_client},
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::authorization_server::ClientAuthentication;
use kmspec_model::capability::Capability;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What the RFC has a device wait where the server names no interval.
const USUAL_INTERVAL: u64 = 5;

#[given("a device of the client")]
async fn a_device(world: &mut World) -> Result<(), StepError> {
    begin(world).await?;
    remembered(world, "device_code").map(drop)
}

#[when("the device begins")]
async fn device_begins(world: &mut World) -> Result<(), StepError> {
    begin(world).await
}

#[given("the user approves the device")]
async fn user_approves(world: &mut World) -> Result<(), StepError> {
    let user = world.conversation()?.server().user.clone();
    let (name, _) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    decide(world, |realm, code| realm.approve_device(code, &name))
}

#[given("the user denies the device")]
async fn user_denies(world: &mut World) -> Result<(), StepError> {
    decide(world, |realm, code| realm.deny_device(code))
}

#[when("the device asks for a token in time")]
async fn poll_in_time(world: &mut World) -> Result<(), StepError> {
    wait_and_poll(world, 1).await
}

#[when("the device asks for a token in time once more")]
async fn poll_again(world: &mut World) -> Result<(), StepError> {
    wait_and_poll(world, 1).await
}

#[when("the device asks for a token twice without waiting")]
async fn poll_twice(world: &mut World) -> Result<(), StepError> {
    wait_and_poll(world, 1).await?;
    poll(world, &client(world)?.authentication()).await
}

#[when("the device asks too early, and then after the interval it was told at first")]
async fn poll_as_if_nothing_had_grown(world: &mut World) -> Result<(), StepError> {
    wait_and_poll(world, 1).await?;
    let client = client(world)?.authentication();
    poll(world, &client).await?;
    world.pass_time(Duration::from_secs(interval(world)? + 1))?;
    poll(world, &client).await
}

#[when("the device asks for a token after its code has ended")]
async fn poll_late(world: &mut World) -> Result<(), StepError> {
    let lifetime = device(world, "expires_in")?.as_u64().unwrap_or_default();
    world.pass_time(Duration::from_secs(lifetime + 1))?;
    poll(world, &client(world)?.authentication()).await
}

#[when("the other client asks for a token with the device code")]
async fn poll_as_other(world: &mut World) -> Result<(), StepError> {
    world.pass_time(Duration::from_secs(interval(world)? + 1))?;
    poll(world, &other_client(world)?.authentication()).await
}

#[then("the device answer has these members:")]
async fn has_members(world: &mut World, step: &Step) -> Result<(), StepError> {
    let members = members(&answer(world)?).unwrap_or_default();
    expect_members(world, "a device authorization answer", &members, &rows(step))
}

async fn begin(world: &World) -> Result<(), StepError> {
    let (talk, client) = (world.conversation()?, client(world)?);
    let Some(url) = talk.server().document.address("device_authorization_endpoint") else {
        return Err(world.deviates("a `device_authorization_endpoint` in the document", "there is none"));
    };
    let answer = device_request(world, url, &client.authentication()).await?;
    talk.memory().device = answer;
    Ok(())
}

async fn device_request(
    world: &World,
    url: Url,
    client: &ClientAuthentication,
) -> Result<serde_json::Map<String, Value>, StepError> {
    let answer = world.conversation()?.post(url, client, &[("scope", "openid")]).await.or_fail(world)?;
    let members = if answer.is_success() { members(&answer) } else { None }.unwrap_or_default();
    ["device_code", "user_code"]
        .iter()
        .filter_map(|name| members.get(*name)?.as_str())
        .for_each(|code| world.log().know(code));
    Ok(members)
}

fn decide(world: &World, decision: impl FnOnce(&kmspec_mocks::realm::Realm, &str) -> bool) -> Result<(), StepError> {
    let (server, code) = (world.certified_mock()?, remembered(world, "user_code")?);
    let done = decision(server.mock().or_fail(world)?.realm(), &code);
    done.then_some(()).ok_or_else(|| world.error("the mock knows no device that waits with this user code"))
}

async fn wait_and_poll(world: &World, more: u64) -> Result<(), StepError> {
    world.pass_time(Duration::from_secs(interval(world)? + more))?;
    poll(world, &client(world)?.authentication()).await
}

async fn poll(world: &World, client: &ClientAuthentication) -> Result<(), StepError> {
    let code = remembered(world, "device_code")?;
    ask_as(world, client, &[("grant_type", GRANT), ("device_code", &code)]).await
}

fn interval(world: &World) -> Result<u64, StepError> {
    Ok(world.conversation()?.memory().device.get("interval").and_then(Value::as_u64).unwrap_or(USUAL_INTERVAL))
}

fn remembered(world: &World, member: &str) -> Result<Arc<str>, StepError> {
    let value = device(world, member)?;
    value.as_str().map(Arc::from).ok_or_else(|| world.deviates(format!("`{member}` as a text"), value.to_string()))
}

fn device(world: &World, member: &str) -> Result<Value, StepError> {
    let value = world.conversation()?.memory().device.get(member).cloned();
    match value {
        Some(value) => Ok(value),
        None => Err(world.deviates(
            format!("a device authorization answer with `{member}`"),
            super::judging::shown(&answer(world)?),
        )),
    }
}
