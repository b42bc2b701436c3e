//! Calls that are made together: by many users at once, and while another call waits for its authorization server.
//! Floods of bad tokens stand in `key_sets`.

use cucumber::{given, then, when};
use futures::future::join_all;
use kmspec_mocks::{
    faults::{Fault, FaultScript},
    journal::Endpoint,
    realm::jwt,
};

use crate::world::{Last, Look, OrFail as _, StepError, World};
use kmspec_drivers::gateway::ApiCall;

use super::{
    consumer,
    flaws::Flaw,
    gateway_calls::assertion_in,
    parameters::Place,
    servers, servers_saw,
    setup::{self, resource},
    tokens::{self, of_application},
};

/// How long a server keeps whoever asks it waiting: longer than any platform should wait.
const WAITING_MS: u64 = 8_000;

/// How many users call at once.
const USERS: usize = 20;

#[when(expr = "{string} is called with tokens of {string} from {string} for twenty users at once")]
async fn many_users(world: &mut World, api: String, application: String, place: String) -> Result<(), StepError> {
    let client = tokens::keys_of(world, &application, &place)?.consumer_key;
    let (forge, path) = (servers::forge(world, &place)?, resource(world, &api)?);
    let gateway = world.scene().gateway().or_fail(world)?;
    let calls = (0..USERS).map(|number| {
        let user = format!("user-{number}");
        let token = consumer::under_claim(world, &place, forge.token(&client.0, &user), &client.0);
        let (gateway, call) = (gateway.clone(), ApiCall::get(path.clone()).bearer(token.reveal()));
        async move { (user, gateway.call(&call).await) }
    });
    let mut told = Vec::new();
    for (user, reply) in join_all(calls).await {
        let echo = world.demand(&format!("the call of {user}"), reply)?;
        let claims = jwt::read(&assertion_in(&echo)).map(|(_, claims)| claims).unwrap_or_default();
        told.push((user, setup::text_member(&claims, "sub").unwrap_or_default()));
    }
    world.seen.told = told;
    world.last = Some(Last::Granted);
    Ok(())
}

#[then(expr = "the backend was told each user as the caller of their own call")]
async fn right_users(world: &mut World) -> Result<(), StepError> {
    let mistaken = world.seen.told.iter().find(|(user, told)| user != told).cloned();
    let observed = mistaken.map(|(user, told)| format!("the call of {user} came as one of `{told}`"));
    world.expect(observed.is_none(), "each user as the caller", observed.unwrap_or_default())
}

#[given(expr = "{string} is slow to tell its keys")]
async fn keeps_waiting(world: &mut World, name: String) -> Result<(), StepError> {
    let server = world.servers.named(&name).or_fail(world)?;
    let script = FaultScript::new(Fault::Stall { for_ms: WAITING_MS }).at(Endpoint::Jwks);
    let scripted = server.mock().or_fail(world)?.faults().script(script).await;
    scripted.map_err(|error| world.error(error.to_string()))
}

#[when(
    expr = "the API consumer calls {string} with a token of {string} from {place} while a call with a token of {string} is held up"
)]
async fn calls_meanwhile(
    world: &mut World,
    api: String,
    application: String,
    place: Place,
    other: String,
) -> Result<(), StepError> {
    let token = of_application(world, &application, &place.0, &Flaw::Sound).await?;
    let stranger = servers::new_client(world, &other)?;
    let waiting_token = servers::token_for(world, &other, &stranger)?;
    let (gateway, path) = (world.scene().gateway().or_fail(world)?, resource(world, &api)?);
    let waiting = ApiCall::get(path.clone()).bearer(waiting_token.reveal());
    let waiting = tokio::spawn(async move { gateway.call(&waiting).await });
    let bound = setup::propagation(world);
    world
        .until(bound, format!("the platform asks `{other}` for its keys"), async || {
            let asked = servers_saw::counts(world, &other).await?.contains_key(&Endpoint::Jwks);
            Ok(Look::when(asked, (), "it has not asked yet"))
        })
        .await?;
    consumer::call_path(world, &path, &token).await?;
    world.seen.others_waited_on = Some(!waiting.is_finished());
    waiting.abort();
    Ok(())
}

#[then(expr = "the other call was still held up by then")]
async fn other_still_waits(world: &mut World) -> Result<(), StepError> {
    let waited_on = world.seen.others_waited_on;
    let waited_on = waited_on.ok_or_else(|| world.error("no other call was made\nhint: a `When` has to make one"))?;
    world.expect(waited_on, "an answer while the other call waits", "one after the other call had ended")
}
