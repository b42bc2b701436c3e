//! Phrases about logging in by Kerberos: the client shows a ticket of a realm in which the server is a service.
//! The centre that hands tickets out is the mocks' own; it shares the service's key with the server.

use cucumber::{given, when};
use kmspec_mocks::{
    kerberos::{KeyCentre, ServicePrincipal, TicketOrder},
    realm::{TrustedIssuer, TrustedKeys},
};

use super::token_endpoint::{ask_with, expect_issued};
use crate::world::{KerberosRealm, OrFail, StepError, World};
use kmspec_model::capability::Capability;

const GRANT: &str = "kerberos";
const HOUR: u64 = 3_600;

#[given("a Kerberos realm that the server belongs to")]
async fn a_realm(world: &mut World) -> Result<(), StepError> {
    let server = world.certified_mock()?;
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let name = format!("corp-{mark}");
    let service = ServicePrincipal::with_password("HTTP/server.example@CORP.EXAMPLE", mark);
    let service = service.map_err(|error| world.error(error))?;
    let trusted = TrustedIssuer::new(&name, format!("https://{name}.example"), TrustedKeys::Nothing);
    let trusted = trusted.kerberos(service.clone()).local_subjects();
    server.mock().or_fail(world)?.realm().trust(trusted).map_err(|error| world.error(error))?;
    world.kerberos = Some(KerberosRealm { name, centre: KeyCentre::new(service) });
    Ok(())
}

#[when("the OAuth client asks for a token with a Kerberos ticket of the user")]
async fn show(world: &mut World) -> Result<(), StepError> {
    let token = ticket(world)?.token();
    send(world, &token).await
}

#[when(regex = "^the OAuth client asks for a token with a Kerberos ticket of the user that (.+)$")]
async fn show_flawed(world: &mut World, flaw: String) -> Result<(), StepError> {
    let (good, now) = (ticket(world)?, now(world)?);
    let principal = |name: &str| name.parse().map_err(|error| world.error(error));
    let bad = match flaw.as_str() {
        "is sealed with another key" => good.sealed_with_another_key(),
        "is not valid yet" => good.valid_from(now + HOUR),
        "has expired" => good.valid_from(now - 2 * HOUR).valid_until(now - HOUR),
        "was shown an hour ago" => good.valid_from(now - 2 * HOUR).shown_at(now - HOUR),
        "is for another service" => good.addressed_to(principal("HTTP/elsewhere.example@CORP.EXAMPLE")?),
        "somebody else shows" => good.shown_by(principal("eve@CORP.EXAMPLE")?),
        other => return Err(world.error(format!("no step knows a ticket that `{other}`"))),
    };
    send(world, &bad.token()).await
}

#[given("the OAuth client sent a Kerberos ticket of the user")]
async fn shown(world: &mut World) -> Result<(), StepError> {
    let token = ticket(world)?.token();
    world.conversation()?.memory().verifier = Some(token.as_str().into());
    send(world, &token).await?;
    expect_issued(world)
}

#[when("the OAuth client sends the same Kerberos ticket once more")]
async fn replay(world: &mut World) -> Result<(), StepError> {
    let used = world.conversation()?.memory().verifier.clone();
    let used = used.ok_or_else(|| world.error("no step before this one showed a ticket"))?;
    send(world, used.reveal()).await
}

#[when("the OAuth client asks for a token with a Kerberos ticket that is none")]
async fn nonsense(world: &mut World) -> Result<(), StepError> {
    send(world, "bm8gdGlja2V0IGF0IGFsbA==").await
}

#[when(
    regex = "^the OAuth client asks for a token with a Kerberos ticket of the user in a realm (that nobody registered|in which the server is no service)$"
)]
async fn elsewhere(world: &mut World, realm: String) -> Result<(), StepError> {
    let name = format!("elsewhere-{}", uuid::Uuid::new_v4().simple());
    if realm == "in which the server is no service" {
        let known = TrustedIssuer::new(&name, format!("https://{name}.example"), TrustedKeys::Nothing);
        let server = world.certified_mock()?;
        server.mock().or_fail(world)?.realm().trust(known).map_err(|error| world.error(error))?;
    }
    let token = ticket(world)?.token();
    send_to(world, &[("kerberos_token", &token), ("kerberos_realm", &name)]).await
}

#[when(regex = "^the OAuth client asks for a token by Kerberos without naming the (realm|ticket)$")]
async fn incomplete(world: &mut World, left_out: String) -> Result<(), StepError> {
    let (token, name) = (ticket(world)?.token(), realm(world)?.name.clone());
    match left_out.as_str() {
        "realm" => send_to(world, &[("kerberos_token", &token)]).await,
        _ => send_to(world, &[("kerberos_realm", &name)]).await,
    }
}

#[when(expr = "the OAuth client asks for a token with a Kerberos ticket of the user and the scope {string}")]
async fn show_for_scope(world: &mut World, scope: String) -> Result<(), StepError> {
    let (token, name) = (ticket(world)?.token(), realm(world)?.name.clone());
    send_to(world, &[("kerberos_token", &token), ("kerberos_realm", &name), ("scope", &scope)]).await
}

/// A sound ticket of the scenario's user.
fn ticket(world: &World) -> Result<TicketOrder, StepError> {
    let user = world.conversation()?.server().user.clone();
    let (name, _) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    let order = realm(world)?.centre.ticket(&format!("{name}@CORP.EXAMPLE"), now(world)?);
    order.map_err(|error| world.error(error))
}

fn realm(world: &World) -> Result<&KerberosRealm, StepError> {
    world.kerberos.as_ref().ok_or_else(|| world.error("no step before this one made a Kerberos realm"))
}

fn now(world: &World) -> Result<u64, StepError> {
    Ok(world.certified_mock()?.mock().or_fail(world)?.clock().now())
}

async fn send(world: &World, token: &str) -> Result<(), StepError> {
    let name = realm(world)?.name.as_str();
    send_to(world, &[("kerberos_token", token), ("kerberos_realm", name)]).await
}

async fn send_to(world: &World, fields: &[(&str, &str)]) -> Result<(), StepError> {
    fields.iter().filter(|(name, _)| *name == "kerberos_token").for_each(|(_, token)| world.log().know(token));
    ask_with(world, &[&[("grant_type", GRANT)], fields].concat()).await
}
