//! Applications as documents: created, described, read, given away, deleted; whose they are and who may see them.
//! Their keys stand in `developer` and `observed_keys`, their subscriptions in `developer`.

use cucumber::{given, then, when};
use serde_json::{Value, json};

use crate::world::{OrFail as _, OwnedApplication, StepError, World};
use kmspec_drivers::{
    devportal::{Application, Devportal},
    ledger::Created,
    reply::Reply,
};
use kmspec_model::exchange::Role;

use super::{elsewhere::OTHER, parameters::Developer, refusals::was_granted, setup};

fn portal(world: &World, role: Role) -> Result<Devportal, StepError> {
    world.scene().devportal(role).or_fail(world)
}

/// Creates an application; the scenario calls it by `name`, the subject by the name in the draft.
async fn create(world: &mut World, role: Role, name: &str, draft: Application) -> Result<(), StepError> {
    let reply = portal(world, role)?.create_application(&draft).await;
    let Some(created) = world.keep(reply)? else { return Ok(()) };
    let id = created.id.ok_or_else(|| world.deviates(format!("an id for the application `{name}`"), "none"))?;
    world.applications.keep(name, OwnedApplication { id, name: draft.name, owner: role, keys: Vec::new() });
    Ok(())
}

#[when(regex = r#"^the (developer|other developer|publisher) creates the application "([^"]*)"$"#)]
async fn creates(world: &mut World, who: String, name: String) -> Result<(), StepError> {
    let role = match who.as_str() {
        "publisher" => Role::Publisher,
        "developer" => Role::Developer,
        _ => Role::OtherDeveloper,
    };
    let draft = Application::named(&world.scene().name(&name));
    create(world, role, &name, draft).await
}

#[given(expr = "{developer} has created another application called {string}")]
async fn has_created_another(world: &mut World, who: Developer, name: String) -> Result<(), StepError> {
    creates_another(world, who, name).await?;
    was_granted(world, "another application of that name")
}

#[given(expr = "the developer has created the application {string} for the group {string}")]
async fn has_created_for_group(world: &mut World, name: String, group: String) -> Result<(), StepError> {
    creates_for_group(world, name, group).await?;
    was_granted(world, "an application for a group")
}

#[when(expr = "{developer} creates another application called {string}")]
async fn creates_another(world: &mut World, who: Developer, name: String) -> Result<(), StepError> {
    let draft = Application::named(&world.scene().name(&name));
    create(world, who.0, &format!("another {name}"), draft).await
}

#[when(expr = "the developer creates the application {string} for the group {string}")]
async fn creates_for_group(world: &mut World, name: String, group: String) -> Result<(), StepError> {
    let mut draft = Application::named(&world.scene().name(&name));
    draft.other.insert("groups".to_owned(), json!([group]));
    create(world, Role::Developer, &name, draft).await
}

#[when(expr = "{developer} describes the application {string} as {string}")]
async fn describes(world: &mut World, who: Developer, name: String, text: String) -> Result<(), StepError> {
    let owned = world.applications.named(&name).or_fail(world)?.clone();
    let read = world.demand(&format!("reading `{name}`"), portal(world, owned.owner)?.application(&owned.id).await)?;
    let changed = Application { description: Some(text), ..read };
    let reply = portal(world, who.0)?.update_application(&owned.id, &changed).await;
    world.keep(reply).map(drop)
}

#[when(expr = "{developer} reads the application {string}")]
async fn reads(world: &mut World, who: Developer, name: String) -> Result<(), StepError> {
    let id = world.applications.named(&name).or_fail(world)?.id.clone();
    let reply = portal(world, who.0)?.application(&id).await;
    world.keep(reply).map(drop)
}

#[given(expr = "the developer has deleted {string}")]
async fn has_deleted(world: &mut World, name: String) -> Result<(), StepError> {
    let owned = world.applications.named(&name).or_fail(world)?.clone();
    let reply = portal(world, owned.owner)?.delete_application(&owned.id).await;
    world.demand(&format!("deleting `{name}`"), reply)
}

#[when(expr = "the publisher subscribes {string} to {string}")]
async fn outsider_subscribes(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let (owned, api) = setup::subscription_parts(world, &application, &api)?;
    let reply = portal(world, Role::Publisher)?.subscribe(&owned.id, &api).await;
    world.keep(reply).map(drop)
}

#[when(
    regex = r#"^the administrator gives "([^"]*)" to (the other developer|a user whom nobody knows|the developer of the other tenant)$"#
)]
async fn gives(world: &mut World, name: String, to: String) -> Result<(), StepError> {
    let id = world.applications.named(&name).or_fail(world)?.id.clone();
    let owner = match to.as_str() {
        "the other developer" => username(world, Role::OtherDeveloper)?,
        "a user whom nobody knows" => format!("nobody@{}", world.scene().tenant),
        _ => {
            let scene = world.neighbours.named(OTHER).or_fail(world)?;
            let persona = scene.session(Role::Developer).or_fail(world)?.persona();
            persona.map(|persona| persona.username.clone()).unwrap_or_default()
        }
    };
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let reply = admin.change_owner(&id, &owner).await;
    if world.keep(reply)?.is_some() && to == "the other developer" {
        world.scene().ledger.hand_over(&Created::Application(id), Role::OtherDeveloper);
    }
    Ok(())
}

/// The full name of whoever plays a role.
fn username(world: &World, role: Role) -> Result<String, StepError> {
    let persona = world.scene().session(role).or_fail(world)?.persona();
    let persona = persona.ok_or_else(|| world.error(format!("the {role} has no password here")))?;
    Ok(persona.username.clone())
}

// What is seen of them.

/// An application as somebody reads it.
async fn read_by(world: &World, role: Role, name: &str) -> Result<Reply<Application>, StepError> {
    let id = world.applications.named(name).or_fail(world)?.id.clone();
    portal(world, role)?.application(&id).await.or_fail(world)
}

/// An application as its owner reads it.
async fn read(world: &World, name: &str) -> Result<Application, StepError> {
    let owner = world.applications.named(name).or_fail(world)?.owner;
    let reply = read_by(world, owner, name).await?;
    world.demand(&format!("reading `{name}`"), Ok(reply))
}

#[then(expr = "the application {string} is described as {string}")]
async fn described(world: &mut World, name: String, text: String) -> Result<(), StepError> {
    let observed = read(world, &name).await?.description;
    world.expect_eq(&format!("the description of `{name}`"), &Some(text), &observed)
}

#[then(expr = "the application {string} is still without a description")]
async fn not_described(world: &mut World, name: String) -> Result<(), StepError> {
    let observed = read(world, &name).await?.description.unwrap_or_default();
    world.expect(observed.is_empty(), format!("no description of `{name}`"), format!("`{observed}`"))
}

#[then(expr = "the developer can read the application {string}")]
#[then(expr = "the owner of {string} still has it")]
async fn can_read(world: &mut World, name: String) -> Result<(), StepError> {
    read(world, &name).await.map(drop)
}

#[then(expr = "there is no application {string}")]
async fn gone(world: &mut World, name: String) -> Result<(), StepError> {
    let owner = world.applications.named(&name).or_fail(world)?.owner;
    let reply = read_by(world, owner, &name).await?;
    let status = reply.refusal().map(|refusal| refusal.status);
    world.expect_eq(&format!("the answer to whoever reads `{name}`"), &Some(404), &status)
}

#[then(expr = "the application {string} is shared with exactly the group {string}")]
async fn shared_with(world: &mut World, name: String, group: String) -> Result<(), StepError> {
    let observed = read(world, &name).await?.other.get("groups").cloned().unwrap_or(Value::Null);
    world.expect_eq(&format!("the groups of `{name}`"), &json!([group]), &observed)
}

#[then(regex = r#"^the (developer|other developer) (has|does not have) the application "([^"]*)"$"#)]
async fn has(world: &mut World, who: String, verb: String, name: String) -> Result<(), StepError> {
    let role = if who == "developer" { Role::Developer } else { Role::OtherDeveloper };
    let id = world.applications.named(&name).or_fail(world)?.id.clone();
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let owner = username(world, role)?;
    let all = world.demand("listing the applications of a user", admin.applications_of(&owner).await)?;
    let listed = world.demand("listing the applications", portal(world, role)?.applications().await)?;
    let observed = (all.contains(&id), listed.iter().any(|one| one.id.as_ref() == Some(&id)));
    let wanted = verb == "has";
    world.expect_eq(
        &format!("whether the {who} has `{name}`, to the administrator and in the portal"),
        &(wanted, wanted),
        &observed,
    )
}

#[then(expr = "{developer} owns {string} under the full name")]
async fn full_name(world: &mut World, who: Developer, name: String) -> Result<(), StepError> {
    let observed = read(world, &name).await?.other.get("owner").and_then(Value::as_str).map(str::to_owned);
    world.expect_eq(&format!("the owner of `{name}`"), &Some(username(world, who.0)?), &observed)
}
