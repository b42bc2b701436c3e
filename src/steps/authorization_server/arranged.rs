//! Phrases about servers whose addresses lie otherwise than usual: below a path, or on two hosts.
//! Only a mock of the run is put there; what is then asked of it stands in the files of the areas.

use cucumber::{given, then, when};
use url::Url;

use super::{
    discovery::document,
    judging::{answer, shown},
};
use crate::world::{Arrangement, OrFail, StepError, World};
use kmspec_drivers::wire::Call;
use kmspec_model::capability::Capability;

/// Another name of this machine than the one that servers have otherwise.
const HOST_OF_ISSUER: &str = "127.0.0.1";

#[given(expr = "the server stands below the path {string}")]
async fn below(world: &mut World, path: String) -> Result<(), StepError> {
    world.arrange_server(Arrangement::BasePath(format!("/{path}"))).await
}

#[given("the issuer of the server has a host of its own")]
async fn on_two_hosts(world: &mut World) -> Result<(), StepError> {
    world.arrange_server(Arrangement::IssuerHost(HOST_OF_ISSUER.to_owned())).await
}

#[then(expr = "the document and every address in it lie below the path {string}")]
async fn all_below(world: &mut World, path: String) -> Result<(), StepError> {
    let document = document(world)?;
    let prefix = format!("/{path}/");
    let named = document.members.values().filter_map(serde_json::Value::as_str).chain([document.found_at.as_str()]);
    let beside = |text: &&str| text.parse::<Url>().is_ok_and(|url| url.has_host() && !url.path().starts_with(&prefix));
    let stray: Vec<&str> = named.filter(beside).collect();
    world.expect(stray.is_empty(), format!("addresses below `{prefix}` alone"), stray.join(", "))
}

#[then("the issuer and the key set are on that host, and the token endpoint is not")]
async fn hosts_differ(world: &mut World) -> Result<(), StepError> {
    let document = document(world)?;
    let host = |member: &str| document.address(member).and_then(|url| url.host_str().map(str::to_owned));
    let [issuer, keys, token] = ["issuer", "jwks_uri", "token_endpoint"].map(host);
    let there = |host: &Option<String>| host.as_deref() == Some(HOST_OF_ISSUER);
    world.expect(
        there(&issuer) && there(&keys) && token.is_some() && !there(&token),
        format!("issuer and key set on {HOST_OF_ISSUER}, the token endpoint elsewhere"),
        format!("issuer on {issuer:?}, key set on {keys:?}, token endpoint on {token:?}"),
    )
}

#[when("the integrator fetches the key set from the host of the token endpoint")]
async fn keys_elsewhere(world: &mut World) -> Result<(), StepError> {
    let talk = world.conversation()?;
    let endpoints = talk.endpoints();
    let addresses = endpoints.jwks.clone().zip(endpoints.token.as_ref().and_then(Url::host_str));
    let (mut keys, host) = addresses.ok_or_else(|| world.not_applicable(Capability::Jwks))?;
    keys.set_host(Some(host)).map_err(|error| world.error(format!("no address on {host}: {error}")))?;
    talk.send(Call::new("GET", keys)).await.or_fail(world)?;
    Ok(())
}

#[then("nothing is there")]
async fn nothing_there(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(answer.status == 404, "status 404", shown(&answer))
}
