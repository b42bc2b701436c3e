//! What an authorization server saw of the platform: its journal, with the requests of the scenario's clients left out.
//! What it answered is the business of the mocks.

use std::str::FromStr;

use cucumber::{Parameter, then};
use kmspec_mocks::journal::Endpoint;

use crate::world::{OrFail as _, StepError, World};

use super::servers_saw::{self, platform_requests};

/// A kind of request, and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "requests", regex = r"(?:no|an?|\d+) (?:registration|introspection|revocation|token|key set) requests?")]
pub(super) struct Requests {
    kind: Endpoint,
    count: Option<usize>,
}

impl FromStr for Requests {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (count, rest) = text.split_once(' ').ok_or("a number and a kind of requests")?;
        let kind = match rest.trim_end_matches('s').trim_end_matches(" request") {
            "registration" => Endpoint::Registration,
            "introspection" => Endpoint::Introspection,
            "revocation" => Endpoint::Revocation,
            "token" => Endpoint::Token,
            "key set" => Endpoint::Jwks,
            other => return Err(format!("no requests are called `{other}`")),
        };
        let count = match count {
            "no" => Some(0),
            "a" | "an" => None,
            number => Some(number.parse().map_err(|_| format!("`{number}` is no number"))?),
        };
        Ok(Self { kind, count })
    }
}

#[then(expr = "{string} received {requests}")]
async fn received(world: &mut World, server: String, wanted: Requests) -> Result<(), StepError> {
    world.servers.named(&server).or_fail(world)?.mock().or_fail(world)?;
    let observed = platform_requests(world, &server).await?.get(&wanted.kind).copied().unwrap_or(0);
    let holds = wanted.count.map_or(observed > 0, |count| observed == count);
    let number = wanted.count.map_or_else(|| "at least 1".to_owned(), |count| count.to_string());
    world.expect(holds, format!("{number} requests of the kind {:?} at `{server}`", wanted.kind), observed.to_string())
}

#[then(expr = "the platform has asked {string} for nothing but its key set")]
async fn nothing_but_keys(world: &mut World, server: String) -> Result<(), StepError> {
    world.servers.named(&server).or_fail(world)?.mock().or_fail(world)?;
    let mut seen = platform_requests(world, &server).await?;
    seen.remove(&Endpoint::Jwks);
    world.expect(seen.is_empty(), format!("no requests at `{server}` but for its key set"), format!("{seen:?}"))
}

#[then(expr = "{string} saw no request during the call")]
async fn saw_nothing(world: &mut World, server: String) -> Result<(), StepError> {
    let Some(before) = world.seen.server_requests.get(&server).copied() else {
        return Err(world.error("no step before this one called an API"));
    };
    let after: usize = servers_saw::counts(world, &server).await?.values().sum();
    world.expect(after == before, format!("no request at `{server}` during the call"), format!("{}", after - before))
}

#[then(expr = "{string} received at most {int} key set requests during it")]
async fn few_key_set_requests(world: &mut World, server: String, most: usize) -> Result<(), StepError> {
    let Some(before) = world.seen.server_requests.get(&server).copied() else {
        return Err(world.error("no step before this one called an API"));
    };
    let counts = servers_saw::counts(world, &server).await?;
    let more = counts.values().sum::<usize>().saturating_sub(before);
    world.expect(more <= most, format!("at most {most} more requests at `{server}`"), more.to_string())
}

#[then(expr = "the registration at {string} was authenticated as the connector's user")]
async fn registered_as_connector(world: &mut World, server: String) -> Result<(), StepError> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let wanted = format!("Basic {}", STANDARD.encode("admin:admin"));
    let journal = world.servers.named(&server).or_fail(world)?.mock().or_fail(world)?.journal().await;
    let Some(entry) = journal.of(Endpoint::Registration).next() else {
        return Err(world.deviates(format!("a registration request at `{server}`"), "none"));
    };
    let holds = entry.header("authorization") == Some(wanted.as_str());
    world.expect(holds, "the credentials that the administrator entered", "others, or none")
}
