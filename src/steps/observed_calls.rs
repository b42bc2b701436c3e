//! What came of calling an API: at once, or once a change has reached the gateway.
//! Refusals by reason stand in `refusals`.

use cucumber::then;

use crate::world::{Last, Look, OrFail as _, StepError, World};
use kmspec_drivers::{
    credentials::Token,
    gateway::Echo,
    reply::{Refusal, Reply},
};

use super::{
    changes,
    flaws::Flaw,
    parameters::{Place, RESIDENT},
    refusals, servers_saw,
    setup::{resource, with_token},
    tokens::{self, of_application},
};

#[then(expr = "the backend answers the call")]
async fn backend_answers(world: &mut World) -> Result<(), StepError> {
    world.echo().map(|_| ())
}

#[then(expr = "the call did not reach the backend")]
async fn backend_untouched(world: &mut World) -> Result<(), StepError> {
    match &world.last {
        Some(Last::Echoed(_)) => {
            return Err(world.deviates("the call stays before the backend", "the backend answered it"));
        }
        Some(Last::Refused(_)) => {}
        Some(Last::Granted) | None => return Err(world.error("no step before this one called an API")),
    }
    // A gateway that was configured beforehand has a backend of its own, which nobody can ask.
    let (Some(before), Some(after)) = (world.seen.backend_requests, servers_saw::backend_requests(world)) else {
        return Ok(());
    };
    world.expect(after == before, "no request at the backend", format!("{} more", after - before))
}

async fn answer(world: &World, api: &str, token: &Token) -> Result<Reply<Echo>, StepError> {
    let call = with_token(world, resource(world, api)?, token);
    world.scene().gateway().or_fail(world)?.call(&call).await.or_fail(world)
}

#[then(expr = "{string} accepts the token")]
async fn accepts_held(world: &mut World, api: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    accepts(world, &api, &held.token).await
}

#[then(expr = "{string} still accepts the one that was kept")]
async fn accepts_kept(world: &mut World, api: String) -> Result<(), StepError> {
    let kept = world.seen.kept.clone();
    let kept = kept.ok_or_else(|| world.error("no token was kept\nhint: a `Given` has to keep it"))?;
    accepts(world, &api, &kept.token).await
}

#[then(expr = "{string} accepts a new token of {string} from {place}")]
async fn accepts_new(world: &mut World, api: String, application: String, place: Place) -> Result<(), StepError> {
    let token = of_application(world, &application, &place.0, &Flaw::Sound).await?;
    accepts(world, &api, &token).await
}

pub(super) async fn accepts(world: &World, api: &str, token: &Token) -> Result<(), StepError> {
    match answer(world, api, token).await? {
        Reply::Granted(_) => Ok(()),
        Reply::Refused(refusal) => {
            Err(world.deviates(format!("`{api}` accepts the token"), format!("refused: {refusal}")))
        }
    }
}

#[then(expr = "{string} refuses the token as unauthenticated")]
async fn refuses_held(world: &mut World, api: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let observed = match answer(world, &api, &held.token).await? {
        Reply::Refused(refusal) if refusal.status == 401 => return Ok(()),
        Reply::Refused(refusal) => refusal.to_string(),
        Reply::Granted(_) => "the backend answered".to_owned(),
    };
    Err(world.deviates(format!("`{api}` refuses the token as unauthenticated (401)"), observed))
}

#[then(regex = r#"^"([^"]*)" refuses a new token of "([^"]*)" from the resident key manager because (.+)$"#)]
async fn refuses_new(world: &mut World, api: String, application: String, words: String) -> Result<(), StepError> {
    let token = of_application(world, &application, RESIDENT, &Flaw::Sound).await?;
    let observed = match answer(world, &api, &token).await? {
        Reply::Refused(refusal) if refusals::is_for(world, &refusal, &words)? => return Ok(()),
        Reply::Refused(refusal) => refusal.to_string(),
        Reply::Granted(_) => "the backend answered".to_owned(),
    };
    Err(world.deviates(format!("`{api}` refuses a new token because {words}"), observed))
}

#[then(expr = "{string} comes to accept a new token of {string} from {place}")]
async fn comes_to_accept(world: &mut World, api: String, application: String, place: Place) -> Result<(), StepError> {
    let token = of_application(world, &application, &place.0, &Flaw::Sound).await?;
    comes_to_accept_token(world, &api, &token).await
}

#[then(expr = "{string} comes to accept a token of {string} from {string} that names its client only in {string}")]
async fn comes_to_accept_claim(
    world: &mut World,
    api: String,
    application: String,
    place: String,
    claim: String,
) -> Result<(), StepError> {
    let token = of_application(world, &application, &place, &Flaw::ClientOnlyIn(claim)).await?;
    comes_to_accept_token(world, &api, &token).await
}

pub(super) async fn comes_to_accept_token(world: &World, api: &str, token: &Token) -> Result<(), StepError> {
    let wanted = format!("`{api}` accepts the token");
    let (change, bound) = changes::made(world)?;
    world
        .eventually(change, bound, wanted, async || {
            let reply = answer(world, api, token).await?;
            let instead = reply.refusal().map_or_else(String::new, |refusal| format!("refused: {refusal}"));
            Ok(Look::when(matches!(reply, Reply::Granted(_)), (), instead))
        })
        .await
}

#[then(expr = "{string} comes to refuse the token as unauthenticated")]
async fn comes_to_refuse_held(world: &mut World, api: String) -> Result<(), StepError> {
    comes_to_refuse(world, &api, |_, refusal| Ok(refusal.status == 401)).await
}

#[then(regex = r#"^"([^"]*)" comes to refuse the token because (.+)$"#)]
async fn comes_to_refuse_because(world: &mut World, api: String, words: String) -> Result<(), StepError> {
    comes_to_refuse(world, &api, |world, refusal| refusals::is_for(world, refusal, &words)).await
}

#[then(expr = "{string} comes to refuse a new token of {string} from {string}")]
async fn comes_to_refuse_new(
    world: &mut World,
    api: String,
    application: String,
    place: String,
) -> Result<(), StepError> {
    let keys = tokens::keys_of(world, &application, &place)?;
    let grant = tokens::issued(world, &keys, &place, super::parameters::Grant::ClientCredentials, None).await?;
    tokens::hold(world, &application, &place, grant);
    comes_to_refuse_held(world, api).await
}

/// Calls with the held token until it is refused for the right reason.
async fn comes_to_refuse(
    world: &World,
    api: &str,
    right: impl Fn(&World, &Refusal) -> Result<bool, StepError>,
) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let (change, bound) = changes::made(world)?;
    world
        .eventually(change, bound, format!("`{api}` refuses the token"), async || {
            Ok(match answer(world, api, &held.token).await? {
                Reply::Granted(_) => Look::NotYet("the token is still accepted".to_owned()),
                Reply::Refused(refusal) => Look::when(right(world, &refusal)?, (), format!("refused: {refusal}")),
            })
        })
        .await
}
