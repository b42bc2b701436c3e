//! Phrases about whose a token is: what it says itself, and what introspection says of one that cannot be read.
//! By which names somebody goes is judged in `steps::subjects`.

use cucumber::then;

use super::{
    assertions::SUBJECT,
    judging::{answer, members},
    token_endpoint::{client, last_token},
};
use crate::{
    steps::subjects,
    world::{OrFail, StepError, World},
};
use kmspec_drivers::published_keys::claims_of;
use kmspec_model::capability::Capability;

#[then("the token is that of the user")]
async fn of_the_user(world: &mut World) -> Result<(), StepError> {
    let user = world.conversation()?.server().user.clone();
    let (name, _) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    let server = world.certified_mock()?;
    let kept = server.mock().or_fail(world)?.realm().user(&name);
    let id = kept.ok_or_else(|| world.error(format!("the mock has no user {name}")))?.id;
    expect_of(world, &[name, id]).await
}

#[then("the token is that of the user whom the issuer names")]
async fn of_the_subject(world: &mut World) -> Result<(), StepError> {
    let partner = world.partner.as_ref().ok_or_else(|| world.error("no step before this one made an issuer"))?;
    // Users of other issuers are kept under the name of their issuer.
    let names = [SUBJECT.to_owned(), format!("{}/{SUBJECT}", partner.name)];
    expect_of(world, &names).await
}

async fn expect_of(world: &World, known: &[String]) -> Result<(), StepError> {
    let (token, talk) = (last_token(world)?, world.conversation()?);
    let claims = match claims_of(&token) {
        Some(claims) => claims,
        None if talk.endpoints().introspection.is_none() => {
            return Err(world.not_applicable(Capability::Introspection));
        }
        None => {
            talk.introspect(&client(world)?.authentication(), &token, None).await.or_fail(world)?;
            members(&answer(world)?).unwrap_or_default()
        }
    };
    subjects::stands_for(&claims, known)
        .map_err(|said| world.deviates(format!("a token of {}", known.join(" or ")), format!("one that says {said}")))
}
