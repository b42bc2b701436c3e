//! Calls that no polite client makes: two credentials, odd paths, header fields that only the gateway may set.
//! Ordinary calls stand in `consumer`; what came of a call is observed elsewhere.

use cucumber::{given, then, when};

use crate::world::{HeldToken, Last, OrFail as _, StepError, World};
use kmspec_drivers::{devportal::KeyType, gateway::ApiCall, raw::RawRequest};

use super::{
    consumer::{call, call_path, under_claim},
    flaws::Flaw,
    parameters::{OWN_CLAIMS, Place},
    protected_apis, servers, servers_saw,
    setup::{map_request, resource, subscribe, text_member},
    tokens::{self, of_application},
};

/// Writes a request exactly so, and keeps the answer.
pub(super) async fn call_raw(
    world: &mut World,
    target: String,
    headers: Vec<(String, String)>,
) -> Result<(), StepError> {
    servers_saw::remember_counts(world).await?;
    let request = RawRequest { method: "GET".to_owned(), target, headers, body: None };
    let reply = world.scene().gateway().or_fail(world)?.call_raw(&request).await;
    world.keep_call(reply)
}

fn bearer(text: &str) -> (String, String) {
    ("Authorization".to_owned(), format!("Bearer {text}"))
}

#[when(
    regex = r#"^the API consumer calls the API with a token of "([^"]*)" and a broken one, (the sound|the broken) one first$"#
)]
async fn calls_with_two(world: &mut World, issuer: String, first: String) -> Result<(), StepError> {
    let token = protected_apis::protected_token(world, &issuer, &Flaw::Sound)?;
    let path = protected_apis::protected_path(world, &issuer)?;
    let mut fields = vec![bearer(token.reveal()), bearer("broken.token.here")];
    if first == "the broken" {
        fields.reverse();
    }
    call_raw(world, path, fields).await
}

#[when(expr = "the API consumer calls the API without a token in the spelling {string}")]
async fn calls_spelt(world: &mut World, spelling: String) -> Result<(), StepError> {
    let path = protected_apis::only_protected_path(world)?;
    let (base, last) = path.rsplit_once('/').unwrap_or(("", &path));
    let letter =
        last.chars().next().map(|first| format!("%{:02x}{}", u32::from(first), &last[1..])).unwrap_or_default();
    let target = match spelling.as_str() {
        "a doubled slash" => format!("{base}//{last}"),
        "a trailing slash" => format!("{path}/"),
        "a dot segment" => format!("{base}/./{last}"),
        "two dot segments" => format!("{base}/other/../{last}"),
        "escaped dots" => format!("{base}/other/%2e%2e/{last}"),
        "an escaped slash" => format!("{base}%2f{last}"),
        "an escaped letter" => format!("{base}/{letter}"),
        "a path parameter" => format!("{path};x=1"),
        "a backslash" => format!("{base}\\{last}"),
        _ => return Err(world.error(format!("no spelling is called `{spelling}`"))),
    };
    call_raw(world, target, Vec::new()).await
}

#[when(
    expr = "the API consumer calls {string} with a token of {string} from {place} and says {string} in the header {string}"
)]
async fn calls_new_saying(
    world: &mut World,
    api: String,
    application: String,
    place: Place,
    value: String,
    name: String,
) -> Result<(), StepError> {
    let token = of_application(world, &application, &place.0, &Flaw::Sound).await?;
    let path = resource(world, &api)?;
    call_raw(world, path, vec![bearer(token.reveal()), (name, value)]).await
}

#[when(expr = "the API consumer calls {string} with the refresh token")]
async fn calls_with_refresh_token(world: &mut World, api: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let Some(token) = held.refresh_token else {
        return Err(world.deviates("a refresh token with the token", "none"));
    };
    let path = resource(world, &api)?;
    world.seen.sent_token = Some(token.clone());
    call(world, ApiCall::get(path).bearer(token.reveal())).await
}

#[given(expr = "the API consumer holds a token of an unmapped client of {string}, which {string} refuses")]
async fn holds_unmapped(world: &mut World, place: String, api: String) -> Result<(), StepError> {
    let client = servers::new_client(world, &place)?;
    let token = servers::token_for(world, &place, &client)?;
    let path = resource(world, &api)?;
    let reply = world.scene().gateway().or_fail(world)?.call(&ApiCall::get(path).bearer(token.reveal())).await;
    let refused = reply.or_fail(world)?.refusal().is_some();
    world.expect(refused, "a refusal of a client that nobody mapped", "the backend answered")?;
    world.seen.brought = Some(client);
    world.seen.held = Some(HeldToken { application: String::new(), key_manager: place, token, refresh_token: None });
    Ok(())
}

#[when(expr = "the developer maps that client to {string} and subscribes it to {string}")]
async fn maps_that_client(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let place = tokens::held(world)?.key_manager;
    let Some(client) = world.seen.brought.clone() else {
        return Err(world.error("no client was brought along\nhint: a `Given` has to name one"));
    };
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let request = map_request(world, &place, &client, KeyType::Production)?;
    world.demand("mapping the client", portal.map_keys(&owned.id, &request).await)?;
    subscribe(world, &application, &api).await?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the API consumer calls {string} with a token of another client of {string} for the same user")]
async fn calls_for_same_user(world: &mut World, api: String, place: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let client = servers::new_client(world, &place)?;
    let forge = servers::forge(world, &place)?;
    let subject = forge.from_genuine(held.token.reveal()).and_then(|token| text_member(token.claims(), "sub"));
    let subject = subject.ok_or_else(|| world.error(format!("the token of `{place}` names no user")))?;
    let token = forge.token(&client.0, &subject);
    let token = under_claim(world, &place, token, &client.0);
    let path = resource(world, &api)?;
    call_path(world, &path, &token).await
}

#[then(expr = "{string} comes to accept the token")]
async fn comes_to_accept_held(world: &mut World, api: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    super::observed_calls::comes_to_accept_token(world, &api, &held.token).await
}

#[then(expr = "the backend did not see {string}")]
async fn unseen(world: &mut World, text: String) -> Result<(), StepError> {
    let echo = world.echo()?.clone();
    let seen = echo.headers.iter().find(|(name, value)| value.contains(&text) || name.contains(&text.to_lowercase()));
    let observed = seen.map(|(name, _)| format!("it stands in the header `{name}`")).unwrap_or_default();
    world.expect(seen.is_none(), format!("no `{text}` among the headers at the backend"), observed)
}

#[then(expr = "the backend saw no {string} header")]
async fn no_header(world: &mut World, name: String) -> Result<(), StepError> {
    let echo = world.echo()?.clone();
    let found = echo.header(&name).is_some();
    world.expect(!found, format!("no header `{name}` at the backend"), "there is one")
}

#[then(expr = "the backend saw a {string} header")]
async fn some_header(world: &mut World, name: String) -> Result<(), StepError> {
    let echo = world.echo()?.clone();
    let found = echo.header(&name).is_some();
    world.expect(found, format!("a header `{name}` at the backend"), "there is none")
}

#[then(expr = "the assertion that the backend saw says {string} as the claim {string}")]
async fn assertion_says(world: &mut World, value: String, claim: String) -> Result<(), StepError> {
    let claims = assertion(world)?;
    let said = claims.get(&claim).cloned().unwrap_or_default();
    world.expect_eq(&format!("the claim `{claim}`"), &serde_json::Value::from(value), &said)
}

#[then(expr = "the assertion that the backend saw says {string} as the platform's own claim {string}")]
async fn assertion_says_own(world: &mut World, value: String, claim: String) -> Result<(), StepError> {
    assertion_says(world, value, format!("{OWN_CLAIMS}/{claim}")).await
}

#[then(expr = "the assertion that the backend saw says nothing as the claim {string}")]
async fn assertion_silent(world: &mut World, claim: String) -> Result<(), StepError> {
    let claims = assertion(world)?;
    let said = claims.get(&claim).is_some();
    world.expect(!said, format!("no claim `{claim}`"), "there is one")
}

#[then(expr = "the assertion that the backend saw says nothing as the platform's own claim {string}")]
async fn assertion_silent_on_own(world: &mut World, claim: String) -> Result<(), StepError> {
    assertion_silent(world, format!("{OWN_CLAIMS}/{claim}")).await
}

/// The assertion in the product's header as a compact JWT; empty when there is none.
pub(super) fn assertion_in(echo: &kmspec_drivers::gateway::Echo) -> String {
    // The product writes its parts in plain base64 unless told otherwise.
    echo.header("X-JWT-Assertion").unwrap_or_default().replace('+', "-").replace('/', "_").replace('=', "")
}

/// The claims of the assertion in the product's header, read without a check of the signature.
pub(super) fn assertion(world: &World) -> Result<serde_json::Map<String, serde_json::Value>, StepError> {
    match kmspec_mocks::realm::jwt::read(&assertion_in(world.echo()?)) {
        Some((_, claims)) => Ok(claims),
        None => Err(world.deviates("a JWT in the header `X-JWT-Assertion` at the backend", "none")),
    }
}

#[then(expr = "the call stays before the backend")]
async fn stays_before(world: &mut World) -> Result<(), StepError> {
    let refusal = world.refusal("the call")?.clone();
    world.expect((400..500).contains(&refusal.status), "a refusal that blames the caller (4xx)", refusal.to_string())
}
