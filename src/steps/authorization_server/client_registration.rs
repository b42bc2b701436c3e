//! Phrases about dynamic client registration (RFC 7591) and its management (RFC 7592).
//! What a scenario registers is deleted when it ends, by the conversation.

use cucumber::{gherkin::Step, given, then, when};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    judging::{answer, column, error_code, expect_members, members, rows, shown},
    token_endpoint::{ask_as, is_refusal},
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    conversation::{KnownClient, Registration},
    credentials::Token,
    wire::Call,
};
use kmspec_model::capability::Capability;

const UNHEARD_OF_MEMBER: &str = "kmspec_unheard_of";
const CHOSEN_SECRET: &str = "kmspec-chosen-secret-0123456789-abcdef";
/// Members that the server manages and a client must not send back (RFC 7592, section 2.2).
const MANAGED_BY_SERVER: &[&str] =
    &["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/// Metadata of a client that asks for tokens in its own name only.
pub(super) fn for_client_credentials(world: &World) -> Result<Value, StepError> {
    Ok(json!({
        "client_name": world.conversation()?.client_name(),
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "token_endpoint_auth_method": "client_secret_basic",
    }))
}

fn with(mut metadata: Value, member: &str, value: Value) -> Value {
    metadata[member] = value;
    metadata
}

#[given("a client registered for client credentials")]
async fn registered(world: &mut World) -> Result<(), StepError> {
    register(world, &for_client_credentials(world)?).await?;
    registration(world, 0).map(drop)
}

#[given("another client registered for client credentials")]
async fn another_registered(world: &mut World) -> Result<(), StepError> {
    register(world, &for_client_credentials(world)?).await?;
    registration(world, 1).map(drop)
}

#[when("the integrator registers a client for client credentials")]
async fn register_client(world: &mut World) -> Result<(), StepError> {
    register(world, &for_client_credentials(world)?).await
}

#[given("an administrator has switched the registered client off")]
async fn registered_is_off(world: &mut World) -> Result<(), StepError> {
    let (id, server) = (registered_client(world)?.id, world.certified_mock()?);
    let changed = server.mock().or_fail(world)?.realm().update_client(&id.0, |client| client.active = false);
    changed.map(drop).ok_or_else(|| world.error(format!("the mock knows no client `{id}`")))
}

#[given("a client registered for authorization codes")]
async fn registered_for_codes(world: &mut World) -> Result<(), StepError> {
    let metadata = json!({
        "client_name": world.conversation()?.client_name(),
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": ["https://client.example/callback"],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    register(world, &metadata).await?;
    registration(world, 0).map(drop)
}

#[when("the integrator registers a client whose keys are at an address of this machine")]
async fn register_keys_elsewhere(world: &mut World) -> Result<(), StepError> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| world.error(error))?;
    let address = listener.local_addr().map_err(|error| world.error(error))?;
    listener.set_nonblocking(true).map_err(|error| world.error(error))?;
    world.conversation()?.memory().listener = Some(listener);
    let keys = json!(format!("http://{address}/keys"));
    register(world, &with(for_client_credentials(world)?, "jwks_uri", keys)).await
}

#[then("nobody has asked for anything at that address")]
async fn nobody_asked(world: &mut World) -> Result<(), StepError> {
    let talk = world.conversation()?;
    let asked = talk.memory().listener.as_ref().is_some_and(|listener| listener.accept().is_ok());
    world.expect(!asked, "no connection to the address in the registration", "the server has opened one")
}

#[when("the integrator registers two clients alike")]
async fn register_two(world: &mut World) -> Result<(), StepError> {
    let metadata = for_client_credentials(world)?;
    register(world, &metadata).await?;
    register(world, &metadata).await
}

#[when("the integrator registers a client with nothing but a redirect URI")]
async fn register_defaults(world: &mut World) -> Result<(), StepError> {
    register(world, &json!({ "redirect_uris": ["https://client.example/callback"] })).await
}

#[when("the integrator registers a client with metadata that nobody knows")]
async fn register_unknown_metadata(world: &mut World) -> Result<(), StepError> {
    register(world, &with(for_client_credentials(world)?, UNHEARD_OF_MEMBER, json!("value"))).await
}

#[when("the integrator registers a client for authorization codes without a redirect URI")]
async fn register_without_redirect(world: &mut World) -> Result<(), StepError> {
    let name = world.conversation()?.client_name();
    let metadata = json!({ "client_name": name, "grant_types": ["authorization_code"], "response_types": ["code"] });
    register(world, &metadata).await
}

#[when(expr = "the integrator registers a client with the redirect URI {string}")]
async fn register_redirect(world: &mut World, uri: String) -> Result<(), StepError> {
    let metadata = json!({
        "client_name": world.conversation()?.client_name(),
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": [uri],
    });
    register(world, &metadata).await
}

#[when("the integrator registers something that is no JSON")]
async fn register_no_json(world: &mut World) -> Result<(), StepError> {
    let talk = world.conversation()?;
    let call = talk.registration_call().or_fail(world)?.body("application/json", "{\"client_name\": ".to_owned());
    talk.send(call).await.or_fail(world)?;
    Ok(())
}

#[when("the registered client asks for a token")]
async fn registered_client_asks(world: &mut World) -> Result<(), StepError> {
    let client = registered_client(world)?;
    ask_as(world, &client.authentication(), &[("grant_type", "client_credentials")]).await
}

#[when("the client's registration is read")]
async fn read_registration(world: &mut World) -> Result<(), StepError> {
    let (url, token) = management(world, 0)?;
    manage(world, Call::new("GET", url).bearer(token.reveal())).await
}

#[when("the client's registration is read with the token of the other")]
async fn read_with_other_token(world: &mut World) -> Result<(), StepError> {
    let ((url, _), (_, token)) = (management(world, 0)?, management(world, 1)?);
    manage(world, Call::new("GET", url).bearer(token.reveal())).await
}

#[when("the client's registration is read without a token")]
async fn read_without_token(world: &mut World) -> Result<(), StepError> {
    let (url, _) = management(world, 0)?;
    manage(world, Call::new("GET", url)).await
}

#[when(expr = "the client's registration is changed to the name {string}")]
async fn change_name(world: &mut World, name: String) -> Result<(), StepError> {
    change(world, "client_name", json!(name)).await?;
    let answer = answer(world)?;
    world.expect(answer.is_success(), "a change that is granted", shown(&answer))
}

#[when("the client asks for another name in its registration")]
async fn ask_for_name(world: &mut World) -> Result<(), StepError> {
    change(world, "client_name", json!("kmspec renamed")).await
}

#[when("the client's registration is changed to a secret of the client's own")]
async fn change_secret(world: &mut World) -> Result<(), StepError> {
    change(world, "client_secret", json!(CHOSEN_SECRET)).await
}

#[when("the client's registration is deleted")]
async fn delete_registration(world: &mut World) -> Result<(), StepError> {
    let (url, token) = management(world, 0)?;
    manage(world, Call::new("DELETE", url).bearer(token.reveal())).await
}

#[then(expr = "the client is registered with status {int}")]
async fn is_registered(world: &mut World, status: u16) -> Result<(), StepError> {
    let answer = answer(world)?;
    let has_id = members(&answer).is_some_and(|members| members.contains_key("client_id"));
    world.expect(answer.status == status && has_id, format!("status {status} with a client_id"), shown(&answer))
}

#[then("the registration has these members:")]
async fn has_members(world: &mut World, step: &Step) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(answer.is_success(), "a registration", shown(&answer))?;
    expect_members(world, "a registration", &members(&answer).unwrap_or_default(), &rows(step))
}

#[then("the registration has these values:")]
async fn has_values(world: &mut World, step: &Step) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(answer.is_success(), "a registration", shown(&answer))?;
    let members = members(&answer).unwrap_or_default();
    let mut wrong = Vec::new();
    let mut wanted = Vec::new();
    for row in rows(step) {
        let [name, value] = row.as_slice() else { return Err(world.error("a row needs a member and its value")) };
        wanted.push(format!("{name} {value}"));
        if !is_value(members.get(name), value) {
            wrong.push(format!("`{name}` is {}", members.get(name).unwrap_or(&Value::Null)));
        }
    }
    world.expect(wrong.is_empty(), wanted.join(", "), wrong.join("; "))
}

/// Whether a member is this text, or a list of it alone.
fn is_value(member: Option<&Value>, value: &str) -> bool {
    match member {
        Some(Value::String(text)) => text == value,
        Some(Value::Array(list)) => matches!(list.as_slice(), [Value::String(text)] if text == value),
        _ => false,
    }
}

#[then("the registration repeats the name and grant types that were asked for")]
async fn repeats_what_was_asked(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let members = members(&answer).unwrap_or_default();
    let asked = world.conversation()?.memory().asked.clone().unwrap_or_default();
    let differing: Vec<String> = ["client_name", "grant_types", "token_endpoint_auth_method"]
        .into_iter()
        .filter(|name| members.get(*name) != asked.get(*name))
        .map(|name| format!("`{name}` is {}", members.get(name).unwrap_or(&Value::Null)))
        .collect();
    world.expect(answer.is_success(), "a registration", shown(&answer))?;
    world.expect(differing.is_empty(), "the metadata as it was sent", differing.join("; "))
}

#[then("the registration does not repeat the metadata that nobody knows")]
async fn ignores_unknown(world: &mut World) -> Result<(), StepError> {
    let members = members(&answer(world)?).unwrap_or_default();
    let kept = mentions(&members, UNHEARD_OF_MEMBER);
    world.expect(!kept, "unknown metadata ignored", format!("`{UNHEARD_OF_MEMBER}` is in the registration"))
}

/// Whether a member of that name stands at any depth.
fn mentions(members: &Map<String, Value>, name: &str) -> bool {
    members.iter().any(|(each, value)| {
        each == name
            || match value {
                Value::Object(inner) => mentions(inner, name),
                Value::Array(list) => list.iter().filter_map(Value::as_object).any(|inner| mentions(inner, name)),
                _ => false,
            }
    })
}

#[then("the two clients have different ids")]
async fn different_ids(world: &mut World) -> Result<(), StepError> {
    let (one, other) = (registration(world, 0)?, registration(world, 1)?);
    let ids = (one.text("client_id").map(str::to_owned), other.text("client_id").map(str::to_owned));
    world.expect(ids.0.is_some() && ids.0 != ids.1, "two different ids", format!("{ids:?}"))
}

#[then("registration is refused with one of these errors:")]
async fn is_refused_with(world: &mut World, step: &Step) -> Result<(), StepError> {
    let (answer, codes) = (answer(world)?, column(step));
    world.expect(
        answer.status == 400 && error_code(&answer).is_some_and(|code| codes.contains(&code)),
        format!("status 400 with the error {}", codes.join(" or ")),
        shown(&answer),
    )
}

#[then("registration is refused")]
async fn is_refused(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(is_refusal(&answer), "a refusal with a status of 4xx", shown(&answer))
}

#[then("the registration is that of the client")]
async fn is_the_clients(world: &mut World) -> Result<(), StepError> {
    let (answer, client) = (answer(world)?, registered_client(world)?);
    let id = members(&answer).and_then(|members| members.get("client_id")?.as_str().map(str::to_owned));
    world.expect(
        answer.status == 200 && id.as_deref() == Some(client.id.0.as_str()),
        format!("status 200 with the client_id `{}`", client.id),
        shown(&answer),
    )
}

#[then("reading the registration is refused")]
async fn reading_is_refused(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(matches!(answer.status, 401 | 403), "status 401 or 403", shown(&answer))
}

#[then(expr = "reading the registration is refused with status {int}")]
async fn reading_is_refused_with(world: &mut World, status: u16) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(answer.status == status, format!("status {status}"), shown(&answer))
}

#[then(expr = "deletion is answered with status {int}")]
async fn deletion_is_answered(world: &mut World, status: u16) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(answer.status == status, format!("status {status}"), shown(&answer))
}

#[then("the secret of the client's own brings no token")]
async fn chosen_secret_is_dead(world: &mut World) -> Result<(), StepError> {
    let client = registered_client(world)?;
    let chosen = ClientAuthentication::Basic(client.id, CHOSEN_SECRET.into());
    ask_as(world, &chosen, &[("grant_type", "client_credentials")]).await?;
    let answer = answer(world)?;
    world.expect(
        is_refusal(&answer),
        "a refusal with a status of 4xx: clients do not choose their secret",
        shown(&answer),
    )
}

async fn register(world: &World, metadata: &Value) -> Result<(), StepError> {
    world.conversation()?.register(metadata).await.or_fail(world)?;
    Ok(())
}

async fn manage(world: &World, call: Call) -> Result<(), StepError> {
    world.conversation()?.send(call).await.or_fail(world)?;
    Ok(())
}

/// Sends the registration back with one member changed, and keeps what the server made of it.
async fn change(world: &World, member: &str, value: Value) -> Result<(), StepError> {
    let (url, token) = management(world, 0)?;
    let mut metadata = registration(world, 0)?.members;
    MANAGED_BY_SERVER.iter().for_each(|name| drop(metadata.remove(*name)));
    metadata.insert(member.to_owned(), value);
    manage(world, Call::new("PUT", url).bearer(token.reveal()).json(&metadata)).await?;
    let answer = answer(world)?;
    if let (true, Some(changed)) = (answer.is_success(), members(&answer)) {
        // The answer may bring another registration token, and then the old one is dead (RFC 7592, section 3).
        if let Some(kept) = world.conversation()?.memory().registrations.first_mut() {
            kept.members.extend(changed);
        }
    }
    Ok(())
}

fn registration(world: &World, index: usize) -> Result<Registration, StepError> {
    let registration = world.conversation()?.memory().registrations.get(index).cloned();
    match registration {
        Some(registration) => Ok(registration),
        None => Err(world.deviates("a client that can be registered", shown(&answer(world)?))),
    }
}

fn registered_client(world: &World) -> Result<KnownClient, StepError> {
    let client = registration(world, 0)?.client();
    client.ok_or_else(|| world.deviates("a registration with a client_id", "there is none in it"))
}

fn management(world: &World, index: usize) -> Result<(Url, Token), StepError> {
    let management = registration(world, index)?.management();
    management.ok_or_else(|| world.not_applicable(Capability::DcrManagement))
}
