//! What backends are told of callers, in the gateway's own assertion: its form, and what it says of application and user.
//! Single claims by their names are seen in `gateway_calls`.

use cucumber::{gherkin::Step, given, then, when};
use serde_json::{Value, json};

use crate::world::{Look, OrFail as _, OwnedApplication, StepError, World};
use kmspec_drivers::{
    credentials::Token, devportal::Application, gateway::ApiCall, published_keys::KeySet, reply::Reply,
};
use kmspec_mocks::realm::jwt;
use kmspec_model::exchange::Role;

use super::{
    changes,
    gateway_calls::{assertion, assertion_in},
    parameters::{OWN_CLAIMS, RESIDENT},
    setup::resource,
    tokens, users,
};

#[then(expr = "the assertion that the backend saw is signed by {string}")]
async fn signed_by(world: &mut World, algorithm: String) -> Result<(), StepError> {
    let text = assertion_in(world.echo()?);
    let header = jwt::read(&text).map(|(header, _)| header).unwrap_or_default();
    let observed = header.get("alg").cloned().unwrap_or_default();
    world.expect_eq("`alg` of the assertion", &Value::from(algorithm), &observed)?;
    let client = tokens::oauth_client(world, RESIDENT).or_fail(world)?;
    let published = world.demand("the key set of the resident key manager", client.key_set().await)?;
    let observed = "no published key verifies it";
    world.expect(
        verifies(&published, header.get("kid"), text),
        "a signature by a key that the platform publishes",
        observed,
    )
}

/// Whether any key of a set verifies a token, whatever the key is called: backends may be told another name of it.
fn verifies(published: &Value, kid: Option<&Value>, text: String) -> bool {
    let token = Token(text);
    published["keys"].as_array().into_iter().flatten().any(|key| {
        let mut key = key.clone();
        key["kid"] = kid.cloned().unwrap_or_default();
        KeySet::read(&json!({ "keys": [key] }).to_string()).is_some_and(|set| set.verify(&token).is_ok())
    })
}

#[then(expr = "the assertion that the backend saw has no letters that an address cannot hold")]
async fn spelt_for_addresses(world: &mut World) -> Result<(), StepError> {
    let text = world.echo()?.header("X-JWT-Assertion").unwrap_or_default().to_owned();
    let odd: String = text.chars().filter(|letter| "+/=".contains(*letter)).collect();
    world.expect(
        !text.is_empty() && odd.is_empty(),
        "an assertion in base64url without padding",
        format!("`{odd}` in it"),
    )
}

/// Things of the scenario go by the names that they have at the subject.
#[then(expr = "the assertion that the backend saw names {string} as the platform's own claim {string}")]
async fn names(world: &mut World, name: String, claim: String) -> Result<(), StepError> {
    let wanted = world.scene().name(&name);
    world.expect_eq(&format!("the claim `{claim}`"), &Value::from(wanted), &own(world, &claim)?)
}

#[then(expr = "the assertion that the backend saw names the developer as the platform's own claim {string}")]
async fn names_developer(world: &mut World, claim: String) -> Result<(), StepError> {
    let wanted = users::persona(world, Role::Developer)?.username;
    let said = own(world, &claim)?;
    let local = wanted.split('@').next().unwrap_or_default();
    let named = said == wanted || said == local;
    world.expect(named, format!("the claim `{claim}` names `{wanted}`"), said.to_string())
}

fn own(world: &World, claim: &str) -> Result<Value, StepError> {
    Ok(assertion(world)?.get(&format!("{OWN_CLAIMS}/{claim}")).cloned().unwrap_or_default())
}

// Attributes of applications.

/// The words of a table for an empty text.
const EMPTY: &str = "(empty)";

#[given(expr = "the application {string} with")]
async fn application_with(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let at_subject = world.scene().name(&name);
    let mut draft = Application::named(&at_subject);
    let mut attributes = serde_json::Map::new();
    for row in step.table.iter().flat_map(|table| &table.rows) {
        match row.as_slice() {
            [label, kind] if label == "token type" => draft.token_type = Some(kind.clone()),
            [label, value] if label.starts_with("attribute ") => {
                let value = if value == EMPTY { "" } else { value };
                attributes.insert(label["attribute ".len()..].to_owned(), value.into());
            }
            _ => {
                return Err(
                    world.error(format!("a row of an application is a token type or an attribute, not {row:?}"))
                );
            }
        }
    }
    if !attributes.is_empty() {
        draft.other.insert("attributes".to_owned(), Value::Object(attributes));
    }
    let portal = world.scene().devportal(Role::Developer).or_fail(world)?;
    let created = world.demand(&format!("the application `{name}`"), portal.create_application(&draft).await)?;
    let id = created.id.ok_or_else(|| world.deviates(format!("an id for the application `{name}`"), "none"))?;
    let owned = OwnedApplication { id, name: at_subject, owner: Role::Developer, keys: Vec::new() };
    world.applications.keep(&name, owned);
    Ok(())
}

#[when(expr = "the developer changes the attribute {string} of {string} to {string}")]
async fn changes_attribute(world: &mut World, label: String, name: String, value: String) -> Result<(), StepError> {
    let owned = world.applications.named(&name).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let mut document = world.demand(&format!("reading `{name}`"), portal.application(&owned.id).await)?;
    document.other["attributes"][&label] = json!(value);
    let reply = portal.update_application(&owned.id, &document).await;
    world.keep(reply).map(|_| ())
}

#[then(expr = "{string} has the attribute {string} of {string}")]
async fn has_attribute(world: &mut World, name: String, label: String, value: String) -> Result<(), StepError> {
    let owned = world.applications.named(&name).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let document = world.demand(&format!("reading `{name}`"), portal.application(&owned.id).await)?;
    let observed = document.other.get("attributes").and_then(|all| all.get(&label)).cloned().unwrap_or_default();
    world.expect_eq(&format!("the attribute `{label}`"), &Value::from(value), &observed)
}

#[then(expr = "the assertion that the backend saw says {string} as the attribute {string}")]
async fn says_attribute(world: &mut World, value: String, label: String) -> Result<(), StepError> {
    let value = if value == EMPTY { String::new() } else { value };
    let observed = own(world, "applicationAttributes")?.get(&label).cloned().unwrap_or_default();
    world.expect_eq(&format!("the attribute `{label}`"), &Value::from(value), &observed)
}

#[then(expr = "{string} comes to tell its backend {string} as the attribute {string}")]
async fn comes_to_tell(world: &mut World, api: String, value: String, label: String) -> Result<(), StepError> {
    let (change, bound) = changes::made(world)?;
    let token = tokens::held(world)?.token;
    let call = ApiCall::get(resource(world, &api)?).bearer(token.reveal());
    let gateway = world.scene().gateway().or_fail(world)?;
    world
        .eventually(change, bound, format!("the backend of `{api}` is told `{value}`"), async || {
            Ok(match gateway.call(&call).await.or_fail(world)? {
                Reply::Refused(refusal) => Look::NotYet(format!("refused: {refusal}")),
                Reply::Granted(echo) => {
                    let claims = jwt::read(&assertion_in(&echo)).map(|(_, claims)| claims).unwrap_or_default();
                    let told =
                        claims.get(&format!("{OWN_CLAIMS}/applicationAttributes")).map(|all| all[&label].clone());
                    Look::when(told == Some(json!(value)), (), format!("told {told:?}"))
                }
            })
        })
        .await
}

/// The ID token that came with the token that the API consumer holds is no access token.
#[when(expr = "the API consumer calls {string} with the ID token that came with it")]
async fn calls_with_id_token(world: &mut World, api: String) -> Result<(), StepError> {
    let token = world.seen.id_token.clone();
    let token = token.ok_or_else(|| world.deviates("an ID token with the token", "none"))?;
    let path = resource(world, &api)?;
    world.seen.sent_token = Some(token.clone());
    super::consumer::call(world, ApiCall::get(path).bearer(token.reveal())).await
}
