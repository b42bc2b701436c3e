//! What the administrator does with key managers, and what outsiders try.
//! What came of it is observed elsewhere.

use cucumber::{gherkin::Step, given, when};

use crate::world::{Last, Look, OrFail as _, StepError, World};
use kmspec_drivers::{admin::Admin, key_manager::KeyManager, reply::Reply};
use kmspec_model::{exchange::Role, target::Persona};

use super::{
    form::{self, Form, permission},
    parameters::{Outsider, RESIDENT, ServerKind},
    servers,
    setup::{keep_key_manager, propagation},
};

/// An id that no platform gives.
const NO_SUCH_ID: &str = "00000000-0000-4000-8000-00000000dead";

fn admin(world: &World) -> Result<Admin, StepError> {
    world.scene().admin(Role::Administrator).or_fail(world)
}

#[when(expr = "the administrator adds a key manager {string} at {kind}")]
async fn adds(world: &mut World, name: String, kind: ServerKind) -> Result<(), StepError> {
    let form = Form::filled(world, &name, kind)?;
    send(world, &name, &form).await
}

#[when(expr = "the administrator adds a key manager {string} at {kind} with")]
async fn adds_with(world: &mut World, name: String, kind: ServerKind, step: &Step) -> Result<(), StepError> {
    let mut form = Form::filled(world, &name, kind)?;
    form.enter_rows(world, step)?;
    send(world, &name, &form).await
}

#[when(expr = "the administrator adds the authorization server {string} as a key manager")]
async fn adds_server(world: &mut World, name: String) -> Result<(), StepError> {
    let form = Form::filled(world, &name, servers::kind(world, &name)?)?;
    send(world, &name, &form).await
}

async fn send(world: &mut World, name: &str, form: &Form) -> Result<(), StepError> {
    send_document(world, name, form.document.clone()).await
}

/// Adds the key manager that a document describes, and notes what was entered.
pub(super) async fn send_document(world: &mut World, name: &str, document: serde_json::Value) -> Result<(), StepError> {
    let reply = admin(world)?.register_document(&document).await;
    world.seen.entered.insert(name.to_owned(), document);
    match world.keep(reply)? {
        Some(document) => keep_key_manager(world, name, document),
        None => Ok(()),
    }
}

#[when(expr = "{outsider} adds a key manager {string} at {kind}")]
async fn outsider_adds(world: &mut World, outsider: Outsider, name: String, kind: ServerKind) -> Result<(), StepError> {
    let form = Form::filled(world, &name, kind)?;
    let reply = outsiders_admin(world, outsider)?.register_document(&form.document).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "{outsider} lists the key managers of the administration")]
async fn outsider_lists(world: &mut World, outsider: Outsider) -> Result<(), StepError> {
    let reply = outsiders_admin(world, outsider)?.key_managers().await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "{outsider} lists the key managers of the administration by the path {string}")]
async fn outsider_lists_by_path(world: &mut World, outsider: Outsider, path: String) -> Result<(), StepError> {
    let reply = outsiders_admin(world, outsider)?.key_managers_spelled("GET", &path).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "{outsider} lists the key managers of the administration by the method {string}")]
async fn outsider_lists_by_method(world: &mut World, outsider: Outsider, method: String) -> Result<(), StepError> {
    let reply = outsiders_admin(world, outsider)?.key_managers_spelled(&method, "key-managers").await;
    world.keep(reply).map(|_| ())
}

fn outsiders_admin(world: &World, outsider: Outsider) -> Result<Admin, StepError> {
    Ok(match outsider.0 {
        Some(role) => world.scene().admin(role).or_fail(world)?,
        None => Admin::new(world.scene().session(Role::Administrator).or_fail(world)?.without_token()),
    })
}

#[when(expr = "the administrator imports the settings of {string}")]
async fn imports(world: &mut World, name: String) -> Result<(), StepError> {
    let url = servers::discovery_url(world, &name)?;
    let kind = Form::filled(world, &name, servers::kind(world, &name)?)?.document["type"].clone();
    let reply = admin(world)?.discover(&url, kind.as_str().unwrap_or_default()).await;
    world.seen.import = world.keep(reply)?;
    Ok(())
}

#[when(expr = "the administrator imports the key set of {string} as if it were its settings")]
async fn imports_key_set(world: &mut World, name: String) -> Result<(), StepError> {
    let form = Form::filled(world, &name, servers::kind(world, &name)?)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let (url, kind) = (text(&form.document["certificates"]["value"]), text(&form.document["type"]));
    let reply = admin(world)?.discover(&url, &kind).await;
    world.seen.import = world.keep(reply)?;
    Ok(())
}

#[given(expr = "the administrator has imported the settings of {string}")]
async fn has_imported(world: &mut World, name: String) -> Result<(), StepError> {
    imports(world, name).await?;
    super::refusals::was_granted(world, "the import")
}

#[when(expr = "the administrator saves the import as the key manager {string} with")]
async fn saves_import(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let Some(import) = world.seen.import.clone() else {
        return Err(world.error("no step before this one imported anything"));
    };
    // The draft fills the form; what the document does not tell (names, connector credentials) was there before.
    let mut form = Form::filled(world, &name, servers::kind(world, &name)?)?;
    let draft = serde_json::to_value(&import.value).unwrap_or_default();
    for (member, value) in draft.as_object().into_iter().flatten() {
        if member != "name" && !value.is_null() {
            form.document[member] = value.clone();
        }
    }
    form.enter_rows(world, step)?;
    send(world, &name, &form).await
}

#[when(expr = "the administrator reads {string}")]
async fn reads(world: &mut World, name: String) -> Result<(), StepError> {
    let id = world.key_managers.named(&name).or_fail(world)?.id.clone();
    let reply = admin(world)?.key_manager(&id).await;
    match world.keep(reply)? {
        Some(document) => keep_key_manager(world, &name, document),
        None => Ok(()),
    }
}

#[when(expr = "the administrator lists the key managers")]
pub(super) async fn lists(world: &mut World) -> Result<(), StepError> {
    let reply = admin(world)?.counted_key_managers().await;
    let (count, listed) = world.keep(reply)?.unwrap_or_default();
    world.seen.listed_count = count;
    world.seen.shown.push((Role::Administrator, serde_json::to_string(&listed).unwrap_or_default()));
    world.seen.listed = listed;
    Ok(())
}

#[when(expr = "the administrator reads the key manager {string} of the other tenant")]
async fn reads_elsewhere(world: &mut World, name: String) -> Result<(), StepError> {
    let id = id_elsewhere(world, &name)?;
    let reply = admin(world)?.key_manager(&id).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the administrator deletes the key manager {string} of the other tenant")]
async fn deletes_elsewhere(world: &mut World, name: String) -> Result<(), StepError> {
    let id = id_elsewhere(world, &name)?;
    let reply = admin(world)?.delete_key_manager(&id).await;
    world.keep(reply).map(|_| ())
}

/// The id of a key manager that another tenant has.
pub(super) fn id_elsewhere(world: &World, name: &str) -> Result<String, StepError> {
    let document = world.seen.elsewhere.get(name);
    document.and_then(|document| document.id.clone()).ok_or_else(|| {
        world.error(format!("no other tenant has a key manager `{name}`\nhint: a `Given` has to make it"))
    })
}

#[when(regex = r#"^the administrator changes the (.+) of "([^"]*)" to "([^"]*)"$"#)]
async fn changes(world: &mut World, label: String, name: String, value: String) -> Result<(), StepError> {
    let reply = change(world, &name, |world, form| form.enter(world, &label, &value)).await?;
    keep_changed(world, &name, reply)
}

#[given(regex = r#"^the administrator has changed the (.+) of "([^"]*)" to "([^"]*)"$"#)]
async fn has_changed(world: &mut World, label: String, name: String, value: String) -> Result<(), StepError> {
    let reply = change(world, &name, |world, form| form.enter(world, &label, &value)).await?;
    let what = format!("changing the {label} of `{name}`");
    let document = world.demand(&what, Ok(reply))?;
    keep_key_manager(world, &name, document)
}

#[given(expr = "the administrator has made {string} allow only the role {string}")]
async fn has_made_allow(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    has_permitted(world, &name, &format!("ALLOW {role}")).await
}

#[given(expr = "the administrator has made {string} deny the role {string}")]
async fn has_made_deny(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    has_permitted(world, &name, &format!("DENY {role}")).await
}

async fn has_permitted(world: &mut World, name: &str, words: &str) -> Result<(), StepError> {
    let reply = change(world, name, |_, form| {
        form.document["permissions"] = permission(words);
        Ok(())
    })
    .await?;
    let document = world.demand(&format!("changing the permission of `{name}`"), Ok(reply))?;
    keep_key_manager(world, name, document)
}

#[when(expr = "the administrator saves {string} as it was read")]
async fn saves_as_read(world: &mut World, name: String) -> Result<(), StepError> {
    let reply = change(world, &name, |_, _| Ok(())).await?;
    keep_changed(world, &name, reply)
}

#[given(expr = "the administrator has saved {string} as it was read")]
async fn has_saved_as_read(world: &mut World, name: String) -> Result<(), StepError> {
    let reply = change(world, &name, |_, _| Ok(())).await?;
    let document = world.demand(&format!("saving `{name}` as it was read"), Ok(reply))?;
    keep_key_manager(world, &name, document)
}

fn keep_changed(world: &mut World, name: &str, reply: Reply<KeyManager>) -> Result<(), StepError> {
    match world.keep(Ok(reply))? {
        Some(document) => keep_key_manager(world, name, document),
        None => Ok(()),
    }
}

/// Reads the key manager, changes the document and sends the whole of it back, as the form does.
pub(super) async fn change(
    world: &World,
    name: &str,
    edit: impl FnOnce(&World, &mut Form) -> Result<(), StepError>,
) -> Result<Reply<KeyManager>, StepError> {
    let admin = admin(world)?;
    let id = id_of(world, name).await?;
    let document = world.demand(&format!("reading `{name}`"), admin.key_manager(&id).await)?;
    let mut form = form::Form::of(world, name, &document)?;
    edit(world, &mut form)?;
    let changed: KeyManager = serde_json::from_value(form.document)
        .map_err(|error| world.error(format!("the changed document of `{name}` cannot be sent: {error}")))?;
    admin.update_key_manager(&id, &changed).await.or_fail(world)
}

/// The id of a key manager; the resident one is found in the list.
pub(super) async fn id_of(world: &World, name: &str) -> Result<String, StepError> {
    if name != RESIDENT {
        return Ok(world.key_managers.named(name).or_fail(world)?.id.clone());
    }
    let listed = world.demand("listing the key managers", admin(world)?.key_managers().await)?;
    let resident = listed.into_iter().find(|each| each.name == "Resident Key Manager");
    resident.map(|each| each.id).ok_or_else(|| world.deviates("a resident key manager in the list", "none"))
}

#[when(expr = "the administrator deletes {string}")]
async fn deletes(world: &mut World, name: String) -> Result<(), StepError> {
    let id = id_of(world, &name).await?;
    let reply = admin(world)?.delete_key_manager(&id).await;
    world.keep(reply).map(|_| ())
}

#[given(expr = "the administrator has deleted {string}")]
async fn has_deleted(world: &mut World, name: String) -> Result<(), StepError> {
    let id = id_of(world, &name).await?;
    let reply = admin(world)?.delete_key_manager(&id).await;
    world.demand(&format!("deleting `{name}`"), reply)
}

#[when(expr = "the administrator deletes the resident key manager")]
async fn deletes_resident(world: &mut World) -> Result<(), StepError> {
    deletes(world, RESIDENT.to_owned()).await
}

#[when(expr = "the administrator deletes a key manager that does not exist")]
async fn deletes_nothing(world: &mut World) -> Result<(), StepError> {
    let reply = admin(world)?.delete_key_manager(NO_SUCH_ID).await;
    world.keep(reply).map(|_| ())
}

#[when(expr = "the administrator disables {string}")]
async fn disables(world: &mut World, name: String) -> Result<(), StepError> {
    switch(world, &name, false).await
}

#[when(expr = "the administrator enables {string}")]
async fn enables(world: &mut World, name: String) -> Result<(), StepError> {
    switch(world, &name, true).await
}

#[when(expr = "the administrator disables the resident key manager")]
#[given(expr = "the administrator has disabled the resident key manager")]
async fn disables_resident(world: &mut World) -> Result<(), StepError> {
    switch(world, RESIDENT, false).await
}

#[when(expr = "the administrator disables and enables {string} ten times")]
async fn toggles(world: &mut World, name: String) -> Result<(), StepError> {
    for _ in 0..10 {
        switch(world, &name, false).await?;
        switch(world, &name, true).await?;
    }
    Ok(())
}

#[when(expr = "the administrator disables {string} after disabling and enabling it ten times")]
async fn toggles_and_disables(world: &mut World, name: String) -> Result<(), StepError> {
    toggles(world, name.clone()).await?;
    switch(world, &name, false).await
}

async fn switch(world: &mut World, name: &str, on: bool) -> Result<(), StepError> {
    let reply = change(world, name, |world, form| form.enter(world, "enabled", if on { "on" } else { "off" })).await?;
    world.demand(&format!("switching `{name}` {}", if on { "on" } else { "off" }), Ok(reply))?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[given(expr = "the administrator has disabled {string} and its tokens are refused")]
async fn disabled_and_refused(world: &mut World, name: String) -> Result<(), StepError> {
    let Some((application, _)) = world.applications.iter().last() else {
        return Err(world.error("no application has keys there\nhint: a `Given` has to make one"));
    };
    let application = application.to_owned();
    let token = super::tokens::of_application(world, &application, &name, &super::flaws::Flaw::Sound).await?;
    switch(world, &name, false).await?;
    let gateway = world.scene().gateway().or_fail(world)?;
    let path = format!("{}/orders", world.apis.last().or_fail(world)?.path);
    let wanted = format!("tokens of the disabled `{name}` are refused");
    world
        .until(propagation(world), wanted, async || {
            let call = kmspec_drivers::gateway::ApiCall::get(path.clone()).bearer(token.reveal());
            let reply = gateway.call(&call).await.or_fail(world)?;
            Ok(Look::when(reply.refusal().is_some(), (), "the token is still accepted"))
        })
        .await
}

#[given(expr = "the administrator has entered a wrong password for the resident key manager's connector")]
async fn wrong_resident_credentials(world: &mut World) -> Result<(), StepError> {
    resident_connector(world, "not-the-password-of-anybody").await
}

#[given(expr = "the administrator has entered the right password for the resident key manager's connector")]
async fn right_resident_credentials(world: &mut World) -> Result<(), StepError> {
    let password = administrator(world)?.password;
    resident_connector(world, &password).await
}

/// Enters the administrator's own name with this password.
async fn resident_connector(world: &mut World, password: &str) -> Result<(), StepError> {
    let username = administrator(world)?.username;
    let reply = change(world, RESIDENT, |world, form| {
        form.enter(world, "username", &username)?;
        form.enter(world, "password", password)
    })
    .await?;
    let document = world.demand("the connector of the resident key manager", Ok(reply))?;
    keep_key_manager(world, RESIDENT, document)
}

fn administrator(world: &World) -> Result<Persona, StepError> {
    let session = world.scene().session(Role::Administrator).or_fail(world)?;
    session.persona().cloned().ok_or_else(|| world.error("the administrator has no password here"))
}

#[when(expr = "the administrator enters the username {string} and a password for the resident key manager")]
async fn enters_resident_credentials(world: &mut World, username: String) -> Result<(), StepError> {
    let reply = change(world, RESIDENT, |world, form| {
        form.enter(world, "username", &username)?;
        form.enter(world, "password", "another-password-of-the-connector")
    })
    .await?;
    match world.keep(Ok(reply))? {
        Some(document) => keep_key_manager(world, RESIDENT, document),
        None => Ok(()),
    }
}
