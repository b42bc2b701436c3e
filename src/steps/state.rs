//! Givens about authorization servers and key managers.
//! How they come about is told by `setup` and `servers`.

use std::time::Duration;

use cucumber::{gherkin::Step, given, when};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_model::exchange::Role;

use super::{
    form::{Form, UUID_FORM, permission},
    parameters::ServerKind,
    servers, setup,
};

#[given(expr = "the authorization server {string}, which is {kind}")]
async fn authorization_server(world: &mut World, name: String, kind: ServerKind) -> Result<(), StepError> {
    servers::start(world, &name, kind).await
}

#[given(expr = "{string} knows the scope {string}")]
async fn known_scope(world: &mut World, name: String, scope: String) -> Result<(), StepError> {
    servers::register_scope(world, &name, &scope)
}

#[given(expr = "the authorization server {string} is down")]
async fn server_down(world: &mut World, name: String) -> Result<(), StepError> {
    servers::take_down(world, &name).await
}

#[given(expr = "a key manager {string} at {kind}")]
async fn key_manager(world: &mut World, name: String, kind: ServerKind) -> Result<(), StepError> {
    setup::key_manager_at(world, &name, kind, |_, _| Ok(())).await
}

#[given(expr = "a key manager {string} at {kind} with")]
async fn key_manager_with(world: &mut World, name: String, kind: ServerKind, step: &Step) -> Result<(), StepError> {
    setup::key_manager_at(world, &name, kind, |world, form| form.enter_rows(world, step)).await
}

#[given(expr = "a key manager {string} at {kind} that issues opaque tokens")]
async fn opaque_key_manager(world: &mut World, name: String, kind: ServerKind) -> Result<(), StepError> {
    setup::key_manager_at(world, &name, kind, opaque).await?;
    servers::issue_opaque_tokens(world, &name)
}

#[given(expr = "a key manager {string} at {kind} that issues opaque tokens with")]
async fn opaque_key_manager_with(
    world: &mut World,
    name: String,
    kind: ServerKind,
    step: &Step,
) -> Result<(), StepError> {
    setup::key_manager_at(world, &name, kind, |world, form| {
        opaque(world, form)?;
        form.enter_rows(world, step)
    })
    .await?;
    servers::issue_opaque_tokens(world, &name)
}

fn opaque(world: &World, form: &mut Form) -> Result<(), StepError> {
    form.enter(world, "token validation", "introspection")?;
    form.enter(world, "token handling", &format!("REFERENCE {UUID_FORM}"))
}

#[given(expr = "a key manager {string} at {kind} that allows only the role {string}")]
async fn allowing(world: &mut World, name: String, kind: ServerKind, role: String) -> Result<(), StepError> {
    permitted(world, &name, kind, &format!("ALLOW {role}")).await
}

#[given(expr = "a key manager {string} at {kind} that allows only the roles {string} and {string}")]
async fn allowing_two(
    world: &mut World,
    name: String,
    kind: ServerKind,
    one: String,
    other: String,
) -> Result<(), StepError> {
    permitted(world, &name, kind, &format!("ALLOW {one}, {other}")).await
}

#[given(expr = "a key manager {string} at {kind} that denies the role {string}")]
async fn denying(world: &mut World, name: String, kind: ServerKind, role: String) -> Result<(), StepError> {
    permitted(world, &name, kind, &format!("DENY {role}")).await
}

async fn permitted(world: &mut World, name: &str, kind: ServerKind, words: &str) -> Result<(), StepError> {
    setup::key_manager_at(world, name, kind, |_, form| {
        form.document["permissions"] = permission(words);
        Ok(())
    })
    .await
}

#[given(expr = "a described key manager {string} at {kind}")]
async fn described(world: &mut World, name: String, kind: ServerKind) -> Result<(), StepError> {
    let form = Form::filled(world, &name, kind)?;
    described_by(world, &name, form).await
}

#[given(expr = "a described key manager {string} at {kind} with")]
async fn described_with(world: &mut World, name: String, kind: ServerKind, step: &Step) -> Result<(), StepError> {
    let mut form = Form::filled(world, &name, kind)?;
    form.enter_rows(world, step)?;
    described_by(world, &name, form).await
}

/// A key manager that only stands in the administration. Two that are described alike still have issuers of their own.
async fn described_by(world: &mut World, name: &str, mut form: Form) -> Result<(), StepError> {
    if world.key_managers.iter().any(|(_, other)| other.document.issuer.as_deref() == form.document["issuer"].as_str())
    {
        form.document["issuer"] = format!("{}/{name}", form.document["issuer"].as_str().unwrap_or_default()).into();
    }
    setup::register(world, name, &form).await?;
    let registered = world.key_managers.named(name).or_fail(world)?.document.clone();
    world.seen.before.insert(name.to_owned(), registered);
    Ok(())
}

#[given(expr = "the administrator has just added the key manager {string}")]
async fn just_added(world: &mut World, name: String) -> Result<(), StepError> {
    let kind = servers::kind(world, &name)?;
    let form = Form::filled(world, &name, kind)?;
    setup::register(world, &name, &form).await
}

#[given(expr = "another tenant with a key manager {string}")]
async fn another_tenant(world: &mut World, name: String) -> Result<(), StepError> {
    let form = Form::filled(world, &name, ServerKind::Custom)?;
    make_another_tenant(world, name, form).await
}

#[given(expr = "another tenant with a key manager {string} with")]
async fn another_tenant_with(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let mut form = Form::filled(world, &name, ServerKind::Custom)?;
    form.enter_rows(world, step)?;
    make_another_tenant(world, name, form).await
}

async fn make_another_tenant(world: &mut World, name: String, mut form: Form) -> Result<(), StepError> {
    let neighbour = world.add_tenant("the other tenant").await?;
    form.document["name"] = neighbour.name(&name).into();
    let admin = neighbour.admin(Role::Administrator).or_fail(world)?;
    let reply = admin.register_document(&form.document).await;
    let document = world.demand(&format!("the key manager `{name}` of another tenant"), reply)?;
    world.seen.elsewhere.insert(name, document);
    Ok(())
}

#[given(expr = "{string} refuses client registration")]
async fn refuses_registration(world: &mut World, name: String) -> Result<(), StepError> {
    servers::answer_registration_with(world, &name, Some(400)).await
}

#[given(expr = "{string} fails at client registration")]
async fn fails_registration(world: &mut World, name: String) -> Result<(), StepError> {
    servers::answer_registration_with(world, &name, Some(500)).await
}

#[given(expr = "{string} accepts client registration again")]
async fn accepts_registration(world: &mut World, name: String) -> Result<(), StepError> {
    servers::answer_registration_with(world, &name, None).await
}

#[when(expr = "the authorization server {string} rotates its signing key")]
async fn rotates(world: &mut World, name: String) -> Result<(), StepError> {
    servers::forge(world, &name)?.keys().rotate();
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the authorization server {string} withdraws its signing key")]
async fn withdraws(world: &mut World, name: String) -> Result<(), StepError> {
    let forge = servers::forge(world, &name)?;
    let old = forge.keys().current(kmspec_mocks::realm::KeyPurpose::Access).kid().to_owned();
    forge.keys().rotate();
    world.expect(forge.keys().withdraw(&old), "a key to withdraw", "none")?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[given(expr = "{string} fails at its token endpoint")]
async fn fails_tokens(world: &mut World, name: String) -> Result<(), StepError> {
    servers::fail_at_tokens(world, &name)
}

#[given(expr = "the secret of {string} was changed at {string}")]
async fn secret_changed(world: &mut World, application: String, name: String) -> Result<(), StepError> {
    let client = super::tokens::keys_of(world, &application, &name)?.consumer_key;
    servers::change_secret(world, &name, &client)
}

#[given(expr = "{string} calls the token active until {int} seconds ago")]
async fn active_until_past(world: &mut World, name: String, seconds: i64) -> Result<(), StepError> {
    servers::call_active(world, &name, -seconds, None)
}

#[given(expr = "{string} has accepted the token, which {string} called active for {int} more seconds")]
async fn accepted_while_active(world: &mut World, api: String, name: String, seconds: i64) -> Result<(), StepError> {
    servers::call_active(world, &name, seconds, None)?;
    let token = super::tokens::held(world)?.token;
    super::consumer::accepted_before(world, &api, &token).await
}

#[given(expr = "{string} calls the token active in the name of another issuer")]
async fn active_elsewhere(world: &mut World, name: String) -> Result<(), StepError> {
    servers::call_active(world, &name, 3_600, Some("https://evil.example.org"))
}

#[when(expr = "{int} seconds pass")]
#[given(expr = "{int} seconds have passed")]
async fn seconds_passed(world: &mut World, seconds: u64) -> Result<(), StepError> {
    world.pass_time(Duration::from_secs(seconds))
}

#[given(expr = "two hours have passed")]
async fn two_hours_passed(world: &mut World) -> Result<(), StepError> {
    world.pass_time(Duration::from_secs(7_200))
}

#[given(expr = "the platform has restarted")]
#[when(expr = "the platform restarts")]
async fn restart(world: &mut World) -> Result<(), StepError> {
    world.restart_platform().await?;
    world.last = Some(Last::Granted);
    Ok(())
}
