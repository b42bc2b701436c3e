//! Phrases about clients that authenticate by assertions they sign (RFC 7523, section 2.2; OpenID Connect Core, section 9).
//! The client is registered with its public key, and deleted when the scenario ends.

use cucumber::{given, when};
use kmspec_mocks::realm::{
    SigningKey,
    jwt::{self, Object},
    test_keys,
};
use serde_json::{Value, json};

use super::token_endpoint::{ask_as, expect_issued};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::authorization_server::ClientAuthentication;

/// The type of such assertions (RFC 7523, section 2.2).
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A server that is not the one under test.
const ANOTHER_SERVER: &str = "https://another-server.example";

/// A test key, named as such and published with this program: it opens nothing.
fn key(world: &World) -> Result<SigningKey, StepError> {
    test_keys::named("rsa-lotus").ok_or_else(|| world.error("there is no test key of that name"))
}

#[given("a client registered for assertions that it signs")]
async fn registered(world: &mut World) -> Result<(), StepError> {
    let jwk = serde_json::to_value(key(world)?.jwk()).map_err(|error| world.error(error))?;
    let metadata = json!({
        "client_name": world.conversation()?.client_name(),
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [jwk] },
    });
    let answer = world.conversation()?.register(&metadata).await.or_fail(world)?;
    world.expect(answer.is_success(), "a registration", super::judging::shown(&answer))
}

#[when("the registered client asks for a token with an assertion")]
async fn ask(world: &mut World) -> Result<(), StepError> {
    let assertion = assertion(world, json!(issuer(world)?), "first")?;
    ask_with(world, &assertion).await
}

#[when("the registered client asks for tokens with one assertion twice")]
async fn ask_twice(world: &mut World) -> Result<(), StepError> {
    let assertion = assertion(world, json!(issuer(world)?), "first")?;
    ask_with(world, &assertion).await?;
    expect_issued(world)?;
    ask_with(world, &assertion).await
}

#[when("the registered client asks for a token with an assertion made for another server")]
async fn ask_for_another(world: &mut World) -> Result<(), StepError> {
    let assertion = assertion(world, json!(ANOTHER_SERVER), "first")?;
    ask_with(world, &assertion).await
}

#[when("the registered client asks for a token with an assertion made for this server and another")]
async fn ask_for_both(world: &mut World) -> Result<(), StepError> {
    let assertion = assertion(world, json!([issuer(world)?, ANOTHER_SERVER]), "first")?;
    ask_with(world, &assertion).await
}

fn issuer(world: &World) -> Result<String, StepError> {
    let talk = world.conversation()?;
    let issuer = talk.server().document.text("issuer").map(str::to_owned);
    issuer.ok_or_else(|| world.deviates("an issuer in the discovery document", "there is none"))
}

/// Good for a minute, by the clock of this machine.
fn assertion(world: &World, audience: Value, id: &str) -> Result<String, StepError> {
    let talk = world.conversation()?;
    let client = talk.memory().registrations.first().and_then(|it| it.text("client_id").map(str::to_owned));
    let client = client.ok_or_else(|| world.error("no step before this one registered a client"))?;
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": client, "sub": client, "aud": audience, "iat": now, "exp": now + 60,
        "jti": format!("{client}-{id}"),
    });
    Ok(jwt::sign(&key(world)?, Object::new(), &claims.as_object().cloned().unwrap_or_default()))
}

async fn ask_with(world: &World, assertion: &str) -> Result<(), StepError> {
    let fields =
        [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
    ask_as(world, &ClientAuthentication::Nobody, &fields).await
}
