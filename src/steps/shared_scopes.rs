//! Shared scopes: what publishers do with them, and that they are there.
//! Who gets them in a token is observed in `observed_tokens`.

use cucumber::{given, then, when};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::{
    ledger::Created,
    publisher::{Publisher, Scope},
};
use kmspec_model::exchange::Role;

use super::{refusals::was_granted, users::persona};

fn publisher(world: &World) -> Result<Publisher, StepError> {
    world.scene().publisher(Role::Publisher).or_fail(world)
}

#[given(expr = "a shared scope {string} for the role {string}")]
async fn shared_scope(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let reply = publisher(world)?.create_scope(&Scope::named(&name, &[&role])).await;
    world.demand(&format!("the shared scope `{name}`"), reply).map(|_| ())
}

#[given(expr = "the administrator has registered the scope {string} for the role {string} at the resident key manager")]
async fn registered_at_resident(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let administrator = persona(world, Role::Administrator)?;
    let scene = world.scene();
    let reply = scene.resident().or_fail(world)?.register_scope(&administrator, &name, &[&role]).await;
    world.demand(&format!("the scope `{name}` at the resident key manager"), reply)?;
    world.scene().ledger.add(Role::Administrator, Created::ResidentScope(name));
    Ok(())
}

#[when(expr = "the publisher describes the shared scope {string} as {string}")]
async fn describes(world: &mut World, name: String, text: String) -> Result<(), StepError> {
    let scope = Scope { description: Some(text), ..existing(world, &name).await? };
    let reply = publisher(world)?.update_scope(scope.id.as_deref().unwrap_or_default(), &scope).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the publisher describes the shared scope {string} as {string}, as {string} and as {string}")]
async fn describes_thrice(
    world: &mut World,
    name: String,
    first: String,
    second: String,
    third: String,
) -> Result<(), StepError> {
    for text in [first, second, third] {
        describes(world, name.clone(), text).await?;
        was_granted(world, "the change of the shared scope")?;
    }
    Ok(())
}

#[when(expr = "the publisher looks for the role {string}")]
async fn looks_for_role(world: &mut World, role: String) -> Result<(), StepError> {
    let reply = publisher(world)?.find_role(&role).await;
    world.keep(reply).map(|_| ())
}

#[then(expr = "the shared scope {string} is for the role {string} and shown as {string}")]
async fn reads_so(world: &mut World, name: String, role: String, shown: String) -> Result<(), StepError> {
    let listed = existing(world, &name).await?;
    let id = listed.id.clone().unwrap_or_default();
    let read = world.demand("reading the shared scope", publisher(world)?.scope(&id).await)?;
    let wanted = (Some(shown), vec![role]);
    for (place, scope) in [("in the list", listed), ("by itself", read)] {
        let what = format!("display name and roles, {place}");
        world.expect_eq(&what, &wanted, &(scope.display_name, scope.bindings))?;
    }
    Ok(())
}

#[when(expr = "the publisher creates the shared scope {string} for the role {string}")]
async fn creates(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let reply = publisher(world)?.create_scope(&Scope::named(&name, &[&role])).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the developer creates the shared scope {string} for the role {string}")]
async fn outsider_creates(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let outsider = world.scene().publisher(Role::Developer).or_fail(world)?;
    let reply = outsider.create_scope(&Scope::named(&name, &[&role])).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the publisher binds the shared scope {string} to the role {string}")]
async fn binds(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let scope = Scope { bindings: vec![role], ..existing(world, &name).await? };
    let reply = publisher(world)?.update_scope(scope.id.as_deref().unwrap_or_default(), &scope).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the publisher deletes the shared scope {string}")]
async fn deletes(world: &mut World, name: String) -> Result<(), StepError> {
    let scope = existing(world, &name).await?;
    let reply = publisher(world)?.delete_scope(scope.id.as_deref().unwrap_or_default()).await;
    world.keep(reply).map(|_| ())
}

#[then(expr = "the shared scope {string} is described as {string}")]
async fn described(world: &mut World, name: String, text: String) -> Result<(), StepError> {
    let scope = existing(world, &name).await?;
    world.expect_eq("the description", &Some(text), &scope.description)
}

#[then(expr = "there is no shared scope {string}")]
async fn gone(world: &mut World, name: String) -> Result<(), StepError> {
    let there = find(world, &name).await?.is_some();
    world.expect(!there, format!("no shared scope `{name}`"), "one")
}

async fn find(world: &World, name: &str) -> Result<Option<Scope>, StepError> {
    let all = world.demand("listing the shared scopes", publisher(world)?.scopes().await)?;
    Ok(all.into_iter().find(|scope| scope.name == name))
}

async fn existing(world: &World, name: &str) -> Result<Scope, StepError> {
    let found = find(world, name).await?;
    found.ok_or_else(|| world.deviates(format!("the shared scope `{name}` in the list"), "none"))
}
