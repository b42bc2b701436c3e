//! The backends behind an API: which one a call reached, and how the gateway logs in there.
//! What else reaches a backend is observed in `gateway_calls`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cucumber::{given, then, when};
use serde_json::{Value, json};

use crate::world::{HeldKeys, Last, Look, OrFail as _, StepError, World};
use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    credentials::{ConsumerKey, Token},
    devportal::KeyType,
    gateway::Echo,
    reply::Reply,
};
use kmspec_model::exchange::Role;

use super::{
    changes,
    consumer::call,
    further_terms::{Backends, FurtherTerms},
    parameters::{Grant, RESIDENT, ServerKind},
    servers,
    setup::{self, ApiTerms, resource, with_token},
    tokens,
};

const KINDS: [KeyType; 2] = [KeyType::Production, KeyType::Sandbox];

async fn api_with(world: &mut World, name: &str, backends: Backends, login: Option<Value>) -> Result<(), StepError> {
    let further = FurtherTerms { backends, login: login.clone(), ..FurtherTerms::default() };
    setup::api(world, name, &ApiTerms { further, ..ApiTerms::default() }).await?;
    world.seen.backend_login = login;
    Ok(())
}

#[given(expr = "an API {string} that has a backend for each type of keys")]
async fn api_with_both(world: &mut World, name: String) -> Result<(), StepError> {
    api_with(world, &name, Backends::Apart, None).await
}

#[given(expr = "an API {string} that has a backend for sandbox keys only")]
async fn api_for_sandbox(world: &mut World, name: String) -> Result<(), StepError> {
    api_with(world, &name, Backends::SandboxOnly, None).await
}

#[given(expr = "an API {string} whose backends want names and passwords")]
async fn api_with_passwords(world: &mut World, name: String) -> Result<(), StepError> {
    let login = |kind: &str| json!({ "enabled": true, "type": "BASIC", "username": format!("{kind}-gateway"), "password": format!("{kind}-word") });
    let login = json!({ "production": login("production"), "sandbox": login("sandbox") });
    api_with(world, &name, Backends::Apart, Some(login)).await
}

#[given(regex = r#"^an API "([^"]*)" whose backends want tokens of "([^"]*)" by (client credentials|password)$"#)]
async fn api_with_tokens(world: &mut World, name: String, server: String, grant: String) -> Result<(), StepError> {
    servers::start(world, &server, ServerKind::Custom).await?;
    let url = servers::endpoints(world, &server)?.token.map(String::from);
    let mut login = json!({});
    for kind in KINDS {
        let client = servers::new_client(world, &server)?;
        let secret = servers::secret_of(world, &server, &client).map(|secret| secret.reveal().to_owned());
        let mut one = json!({
            "enabled": true, "type": "OAUTH", "tokenUrl": url, "clientId": client.0, "clientSecret": secret,
            "grantType": if grant == "password" { "PASSWORD" } else { "CLIENT_CREDENTIALS" },
        });
        if grant == "password" {
            one["username"] = json!(servers::USER.0);
            one["password"] = json!(servers::USER.1);
        }
        login[kind.to_string()] = one;
    }
    api_with(world, &name, Backends::Apart, Some(login)).await
}

/// A word for a type of keys.
fn key_type(world: &World, word: &str) -> Result<KeyType, StepError> {
    word.parse().map_err(|why: String| world.error(why))
}

#[given(expr = "the application {string} with keys of both types, subscribed to the API {string}")]
async fn with_both_keys(world: &mut World, name: String, api: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    for kind in KINDS {
        let request = setup::key_request(world, RESIDENT, kind, false)?;
        setup::generate(world, &name, RESIDENT, &request).await?;
    }
    setup::subscribe(world, &name, &api).await?;
    for kind in KINDS {
        until_known(world, &name, &api, kind).await?;
    }
    Ok(())
}

/// Calls until the gateway knows the keys and the subscription, whatever else it then finds to refuse.
async fn until_known(world: &mut World, application: &str, api: &str, kind: KeyType) -> Result<(), StepError> {
    let token = token_of(world, application, kind).await?;
    let (path, gateway) = (resource(world, api)?, world.scene().gateway().or_fail(world)?);
    let bound = setup::propagation(world);
    world
        .until(bound, format!("the gateway knows the {kind} keys of `{application}`"), async || {
            let reply = gateway.call(&with_token(world, path.clone(), &token)).await.or_fail(world)?;
            let unknown = reply.refusal().is_some_and(|refusal| refusal.has_code("900908"));
            Ok(Look::when(!unknown, (), "refused for want of a subscription"))
        })
        .await
}

/// A token of the application's keys of this type at the resident key manager.
async fn token_of(world: &mut World, application: &str, kind: KeyType) -> Result<Token, StepError> {
    let owned = world.applications.named(application).or_fail(world)?;
    let keys = owned.keys.iter().find(|keys| keys.key_manager == RESIDENT && keys.key_type == kind).cloned();
    let Some(keys): Option<HeldKeys> = keys else {
        return Err(world.error(format!("`{application}` has no {kind} keys\nhint: a `Given` has to make them")));
    };
    Ok(tokens::issued(world, &keys, RESIDENT, Grant::ClientCredentials, None).await?.access_token)
}

#[when(regex = r#"^the API consumer calls "([^"]*)" with a (production|sandbox) token of "([^"]*)"$"#)]
async fn calls_with_kind(world: &mut World, api: String, kind: String, application: String) -> Result<(), StepError> {
    let kind = key_type(world, &kind)?;
    let token = token_of(world, &application, kind).await?;
    let request = with_token(world, resource(world, &api)?, &token);
    call(world, request).await
}

#[then(regex = "^the call reached the (production|sandbox) backend$")]
async fn reached(world: &mut World, kind: String) -> Result<(), StepError> {
    let path = world.echo()?.path.clone();
    world.expect(path.contains(&format!("/{kind}/")), format!("the call at the {kind} backend"), format!("`{path}`"))
}

// How the gateway logs in.

/// What was entered for the backend of a type.
fn entered(world: &World, kind: &str) -> Result<Value, StepError> {
    let login = world.seen.backend_login.as_ref().and_then(|login| login.get(kind)).cloned();
    login.ok_or_else(|| world.error("no login at a backend was entered\nhint: a `Given` has to do it"))
}

/// What follows a scheme in the header of credentials at the backend.
fn credential<'e>(echo: &'e Echo, scheme: &str) -> Option<&'e str> {
    echo.header("Authorization")?.strip_prefix(scheme)?.strip_prefix(' ')
}

#[then(regex = r#"^the backend saw a live token of the (production|sandbox) client at "([^"]*)"$"#)]
async fn saw_live_token(world: &mut World, kind: String, server: String) -> Result<(), StepError> {
    let echo = world.echo()?.clone();
    check_token(world, &echo, &kind, &server).await
}

async fn check_token(world: &World, echo: &Echo, kind: &str, server: &str) -> Result<(), StepError> {
    let Some(token) = credential(echo, "Bearer") else {
        return Err(world.deviates("a bearer token at the backend", "none"));
    };
    let login = entered(world, kind)?;
    let client = ConsumerKey::from(login["clientId"].as_str().unwrap_or_default());
    let secret = servers::secret_of(world, server, &client);
    let secret = secret.ok_or_else(|| world.error(format!("`{server}` knows no such client")))?;
    let asked = ClientAuthentication::Basic(client.clone(), secret);
    let reply = world.oauth_client(server)?.introspect(&asked, &token.into(), None).await;
    let told = world.demand("introspection of the backend's token", reply)?;
    world.expect(told.active, "a live token at the backend", "one that its server calls inactive")?;
    let named = told.members.get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    world.expect_eq("the client of the token", &client.0, &named)
}

#[then(
    regex = r#"^a second call of "([^"]*)" with a (production|sandbox) token of "([^"]*)" brings a live token, too$"#
)]
async fn second_call(world: &mut World, api: String, kind: String, application: String) -> Result<(), StepError> {
    calls_with_kind(world, api, kind.clone(), application).await?;
    let echo = world.echo()?.clone();
    let server = world.servers.iter().next().map(|(name, _)| name.to_owned());
    let server = server.ok_or_else(|| world.error("the scenario has no authorization server"))?;
    check_token(world, &echo, &kind, &server).await
}

#[then(regex = "^the backend saw the name and password for the (production|sandbox) backend$")]
async fn saw_password(world: &mut World, kind: String) -> Result<(), StepError> {
    let login = entered(world, &kind)?;
    let text = |member: &str| login[member].as_str().unwrap_or_default().to_owned();
    let wanted = BASE64_STANDARD.encode(format!("{}:{}", text("username"), text("password")));
    let echo = world.echo()?.clone();
    let seen = credential(&echo, "Basic").unwrap_or_default();
    world.expect(seen == wanted, format!("the {kind} backend's name and password"), "others, or none")
}

#[when(expr = "the publisher reads {string}")]
async fn reads(world: &mut World, api: String) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let document = world.demand(&format!("reading `{api}`"), publisher.api(&id).await)?;
    if let Ok(known) = world.apis.named_mut(&api) {
        known.document = document;
    }
    world.last = Some(Last::Granted);
    Ok(())
}

/// What was entered and what reads back for each backend, by member.
fn members(world: &World, api: &str) -> Result<Vec<(String, Value, Value)>, StepError> {
    let config = world.apis.named(api).or_fail(world)?.document.endpoint_config.clone().unwrap_or_default();
    let mut found = Vec::new();
    for kind in KINDS.map(|kind| kind.to_string()) {
        for (member, value) in entered(world, &kind)?.as_object().into_iter().flatten() {
            let read = config["endpoint_security"][&kind].get(member).cloned().unwrap_or_default();
            found.push((format!("{kind}.{member}"), value.clone(), read));
        }
    }
    Ok(found)
}

fn is_secret(member: &str) -> bool {
    member.ends_with("assword") || member.ends_with("clientSecret")
}

#[then(expr = "the secrets of the login at the backends of {string} are empty")]
async fn secrets_empty(world: &mut World, api: String) -> Result<(), StepError> {
    for (member, _, read) in members(world, &api)?.into_iter().filter(|(member, ..)| is_secret(member)) {
        world.expect(read == json!(""), format!("an empty text as `{member}`"), "another one, or nothing")?;
    }
    Ok(())
}

#[then(expr = "the rest of the login at the backends of {string} is as it was entered")]
async fn rest_as_entered(world: &mut World, api: String) -> Result<(), StepError> {
    for (member, entered, read) in members(world, &api)?.into_iter().filter(|(member, ..)| !is_secret(member)) {
        world.expect_eq(&format!("`{member}`"), &entered, &read)?;
    }
    Ok(())
}

#[when(regex = r#"^the publisher changes the password for the production backend of "([^"]*)" to "([^"]*)"$"#)]
async fn changes_password(world: &mut World, api: String, password: String) -> Result<(), StepError> {
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let mut document = world.demand(&format!("reading `{api}`"), publisher.api(&id).await)?;
    if let Some(config) = &mut document.endpoint_config {
        config["endpoint_security"]["production"]["password"] = json!(password);
    }
    world.demand(&format!("changing `{api}`"), publisher.update_api(&id, &document).await)?;
    world.demand(&format!("deploying `{api}` again"), publisher.deploy(&id).await)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[then(regex = r#"^the production backend of "([^"]*)" comes to see the password "([^"]*)" with tokens of "([^"]*)"$"#)]
async fn comes_to_see(world: &mut World, api: String, password: String, application: String) -> Result<(), StepError> {
    let token = token_of(world, &application, KeyType::Production).await?;
    let user = entered(world, "production")?["username"].as_str().unwrap_or_default().to_owned();
    let wanted = BASE64_STANDARD.encode(format!("{user}:{password}"));
    let (path, gateway) = (resource(world, &api)?, world.scene().gateway().or_fail(world)?);
    let (change, bound) = changes::made(world)?;
    world
        .eventually(change, bound, "the new password at the backend", async || {
            Ok(match gateway.call(&with_token(world, path.clone(), &token)).await.or_fail(world)? {
                Reply::Granted(echo) => Look::when(credential(&echo, "Basic") == Some(&wanted), (), "another one"),
                Reply::Refused(refusal) => Look::NotYet(format!("refused: {refusal}")),
            })
        })
        .await
}
