//! Tenants that an identity server announces to the platform, and what becomes of them.
//! Tenants that the run makes itself are the business of provisioning.

use cucumber::{given, then, when};
use serde_json::{Value, json};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_drivers::{
    admin::{Admin, KeyManagerEntry},
    devportal::{Application, Devportal, KeyRequest},
    error::DriverError,
    ledger::Ledger,
    session::Session,
};
use kmspec_model::{exchange::Role, target::Persona};

use super::setup::GRANTS;

/// The announced tenant, and its owner.
const DOMAIN: &str = "announced.example";
const OWNER: &str = "olga";
const FIRST_PASSWORD: &str = "first-word-7";
const NEXT_PASSWORD: &str = "next-word-8";

/// What an administrator configures who wants no resident key managers.
const SKIP: &str = "[apim.key_manager]\nskip_create_resident_key_manager = true\n";

/// The handler of such events, by the header that names it.
const HANDLER: &str = "TENANT_MANAGEMENT";
const EVENT: &str = "https://schemas.identity.wso2.org/events/tenant/event-type/";

/// The platform's own administrator, as the reference has it on fresh data.
fn root() -> Persona {
    person("admin", "admin")
}

fn person(username: &str, password: &str) -> Persona {
    Persona { username: username.to_owned(), password: password.to_owned(), roles: vec!["admin".to_owned()] }
}

fn owner(password: &str) -> Persona {
    person(&format!("{OWNER}@{DOMAIN}"), password)
}

/// Somebody whom no scene has at the management planes.
fn session(world: &World, persona: Persona) -> Session {
    let scene = world.scene();
    let client = format!("kmspec-{}", persona.username.replace('@', "-"));
    let (planes, wire, log) = (scene.planes.clone(), scene.wire.clone(), scene.log.clone());
    Session::of(persona, Role::Administrator, &client, planes, wire, log, Ledger::default())
}

#[given(expr = "the platform gives announced tenants a key manager at their identity server")]
async fn shares(world: &mut World) -> Result<(), StepError> {
    let text = "[apim.key_manager]\nskip_create_resident_key_manager = true\n\
                [[apim.tenant_sharing]]\ntype = \"WSO2-IS-7\"\n[apim.tenant_sharing.properties]\n\
                auto_configure_key_manager = true\nidentity_server_base_url = \"https://identity.invalid:9444\"\n";
    world.configure_platform(text).await
}

#[given(expr = "the platform gives announced tenants no key manager")]
async fn shares_nothing(world: &mut World) -> Result<(), StepError> {
    world.configure_platform(SKIP).await
}

#[when(expr = "the platform is set up without resident key managers")]
async fn set_up_without(world: &mut World) -> Result<(), StepError> {
    world.set_up_platform(SKIP).await
}

#[then(expr = "the first tenant is there and has no key manager")]
async fn first_has_none(world: &mut World) -> Result<(), StepError> {
    let found = key_managers(world, session(world, root())).await?;
    world.expect_eq("the list of its key managers", &Vec::new(), &found)
}

async fn announce(world: &mut World, user: &Persona, kind: &str, tenant: Value) -> Result<(), StepError> {
    let events = json!({ format!("{EVENT}{kind}"): { "initiatorType": "ADMIN", "action": "X", "tenant": tenant } });
    let now = jiff::Timestamp::now().as_second();
    let id = uuid::Uuid::new_v4().to_string();
    let notice = json!({ "iss": "https://identity.invalid", "jti": id, "iat": now, "events": events });
    let reply = world.scene().notify().or_fail(world)?.tell(user, HANDLER, &notice).await;
    world.keep(reply).map(|_| ())
}

fn new_tenant() -> Value {
    let owner = json!({
        "username": OWNER, "password": FIRST_PASSWORD, "email": "olga@mail.example", "firstname": "Olga", "lastname": "O",
    });
    json!({ "id": "7", "domain": DOMAIN, "ref": "r", "owners": [owner] })
}

#[when(expr = "the identity server announces a tenant")]
async fn announces(world: &mut World) -> Result<(), StepError> {
    announce(world, &root(), "tenantCreated", new_tenant()).await
}

#[given(expr = "the identity server has announced a tenant")]
async fn has_announced(world: &mut World) -> Result<(), StepError> {
    announces(world).await?;
    received(world).await
}

#[when(regex = "^a tenant is announced in the name of the administrator (of another tenant|with a wrong password)$")]
async fn announced_by(world: &mut World, who: String) -> Result<(), StepError> {
    let user = if who == "with a wrong password" {
        person("admin", "not-the-password")
    } else {
        let session = world.scene().session(Role::Administrator).or_fail(world)?;
        let persona = session.persona().cloned();
        persona.ok_or_else(|| world.error("the administrator has no password"))?
    };
    announce(world, &user, "tenantCreated", new_tenant()).await
}

#[when(expr = "the identity server announces another password of the owner")]
async fn announces_password(world: &mut World) -> Result<(), StepError> {
    let owner = json!({ "password": NEXT_PASSWORD, "email": "olga@mail.example" });
    announce(world, &root(), "tenantOwnerUpdated", json!({ "domain": DOMAIN, "owners": [owner] })).await
}

#[when(regex = "^the identity server announces that the tenant is switched (on|off)$")]
async fn announces_switch(world: &mut World, position: String) -> Result<(), StepError> {
    let status = json!({ "activated": position == "on" });
    announce(world, &root(), "tenantActivated", json!({ "domain": DOMAIN, "lifecycleStatus": status })).await
}

#[given(expr = "the identity server has announced that the tenant is switched off")]
async fn has_switched_off(world: &mut World) -> Result<(), StepError> {
    announces_switch(world, "off".to_owned()).await?;
    received(world).await?;
    not_let_in(world).await
}

#[then(expr = "the announcement is received")]
async fn received(world: &mut World) -> Result<(), StepError> {
    super::refusals::was_granted(world, "the announcement")
}

// What such a tenant has.

async fn key_managers(world: &World, session: Session) -> Result<Vec<(String, String)>, StepError> {
    let listed = world.demand("the list of key managers", Admin::new(session).key_managers().await)?;
    Ok(listed.into_iter().map(|KeyManagerEntry { name, kind, .. }| (name, kind)).collect())
}

/// The owner with the password that counts by now.
async fn let_in(world: &World) -> Result<Session, StepError> {
    for password in [FIRST_PASSWORD, NEXT_PASSWORD] {
        let session = session(world, owner(password));
        if logs_in(world, &session).await? {
            return Ok(session);
        }
    }
    Err(world.deviates("the owner of the announced tenant is let in", "no password opens"))
}

async fn logs_in(world: &World, session: &Session) -> Result<bool, StepError> {
    match session.token().await {
        Ok(_) => Ok(true),
        Err(DriverError::LoginRefused { .. }) => Ok(false),
        Err(other) => Err(world.fail(other)),
    }
}

#[then(expr = "the announced tenant has exactly one key manager, of the type {string}")]
async fn has_one(world: &mut World, kind: String) -> Result<(), StepError> {
    let session = let_in(world).await?;
    let kinds: Vec<String> = key_managers(world, session).await?.into_iter().map(|(_, kind)| kind).collect();
    world.expect_eq("the types of its key managers", &vec![kind], &kinds)
}

#[then(expr = "the announced tenant has no key manager")]
async fn has_none(world: &mut World) -> Result<(), StepError> {
    let session = let_in(world).await?;
    world.expect_eq("the list of its key managers", &Vec::new(), &key_managers(world, session).await?)
}

#[when(expr = "a tenant is made that nobody announced")]
async fn ordinary(world: &mut World) -> Result<(), StepError> {
    world.add_tenant("ordinary").await.map(|_| ())
}

#[then(expr = "that tenant has exactly one key manager, the resident one")]
async fn ordinary_has_resident(world: &mut World) -> Result<(), StepError> {
    let session = world.neighbours.named("ordinary").or_fail(world)?.session(Role::Administrator).or_fail(world)?;
    let found = key_managers(world, session.clone()).await?;
    let names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
    world.expect_eq("the names of its key managers", &vec!["Resident Key Manager".to_owned()], &names)
}

#[when(expr = "the owner of the announced tenant generates keys for a new application")]
async fn generates(world: &mut World) -> Result<(), StepError> {
    let portal = Devportal::new(let_in(world).await?);
    let made = portal.create_application(&Application::named("shop")).await;
    let made = world.demand("an application of the announced tenant's owner", made)?;
    let grant_types = GRANTS.map(str::to_owned).to_vec();
    let request = KeyRequest { grant_types, ..KeyRequest::default() };
    let reply = portal.generate_keys(&made.id.unwrap_or_default(), &request).await;
    world.keep(reply).map(|_| ())
}

// The owner's way in.

#[then(expr = "the owner is let in")]
async fn is_let_in(world: &mut World) -> Result<(), StepError> {
    let_in(world).await.map(|_| ())
}

#[then(expr = "the owner is not let in")]
async fn not_let_in(world: &mut World) -> Result<(), StepError> {
    let entered = logs_in(world, &session(world, owner(FIRST_PASSWORD))).await?;
    world.expect(!entered, "a refusal of the owner's password", "the owner was let in")
}

#[then(expr = "the owner is let in with the new password and not with the old one")]
async fn new_password_counts(world: &mut World) -> Result<(), StepError> {
    let with_old = logs_in(world, &session(world, owner(FIRST_PASSWORD))).await?;
    let with_new = logs_in(world, &session(world, owner(NEXT_PASSWORD))).await?;
    world.expect_eq("the old and the new password are let in", &(false, true), &(with_old, with_new))?;
    world.last = Some(Last::Granted);
    Ok(())
}
