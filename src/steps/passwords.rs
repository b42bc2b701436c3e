//! Users who call APIs by name and password, and the tenant that a name leads to.
//! How they come to have a name and a password is told by `people`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cucumber::{given, then, when};

use crate::world::{Look, OrFail as _, StepError, World};
use kmspec_drivers::gateway::ApiCall;
use kmspec_model::{exchange::Role, target::Persona};

use super::{
    consumer::call,
    elsewhere::{Terms, publish},
    refusals,
    setup::{propagation, resource},
};

/// The tenant that every platform has.
pub(super) const SUPER: &str = "the super tenant";

#[given(regex = r#"^an API "([^"]*)" of (the super tenant|the own tenant) that takes the passwords of users$"#)]
async fn api_for_passwords(world: &mut World, name: String, tenant: String) -> Result<(), StepError> {
    if tenant == SUPER && world.neighbours.named(SUPER).is_err() {
        world.add_super_tenant(SUPER);
    }
    let schemes = ["basic_auth", "oauth_basic_auth_api_key_mandatory"];
    publish(world, &tenant, &name, Terms { plans: &["Unlimited"], schemes: Some(&schemes) }).await
}

#[given(expr = "the super tenant has a user called {string}")]
async fn super_user(world: &mut World, name: String) -> Result<(), StepError> {
    if world.neighbours.named(SUPER).is_err() {
        world.add_super_tenant(SUPER);
    }
    let scene = world.neighbours.named(SUPER).or_fail(world)?;
    let admin = scene.session(Role::Administrator).or_fail(world)?.persona().cloned();
    let admin = admin.ok_or_else(|| world.error("the administrator of the super tenant has no password here"))?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    let user = Persona { username: name, password, roles: Vec::new() };
    let reply = scene.resident().or_fail(world)?.sign_up(&admin, &user, &[]).await;
    world.demand("a user of the super tenant", reply)?;
    world.seen.former = Some(user);
    Ok(())
}

/// A call in the name of somebody.
fn by_password(world: &World, api: &str, who: &Persona) -> Result<ApiCall, StepError> {
    let pair = STANDARD.encode(format!("{}:{}", who.username, who.password));
    Ok(ApiCall::get(resource(world, api)?).header("Authorization", format!("Basic {pair}")))
}

#[when(expr = "the API consumer calls {string} in the name of that user")]
async fn calls_as_user(world: &mut World, api: String) -> Result<(), StepError> {
    let who = world.seen.former.clone().ok_or_else(|| world.error("no step before this one let a user in"))?;
    let request = by_password(world, &api, &who)?;
    call(world, request).await
}

#[then(expr = "{string} comes to accept the developer's new password")]
async fn accepts_new(world: &mut World, api: String) -> Result<(), StepError> {
    let now = world.scene().session(Role::Developer).or_fail(world)?.persona().cloned();
    let now = now.ok_or_else(|| world.error("the developer has no password here"))?;
    comes_to(world, &api, &now, true).await
}

#[then(expr = "{string} comes to refuse the developer's old password")]
async fn refuses_old(world: &mut World, api: String) -> Result<(), StepError> {
    let former = world.seen.former.clone().ok_or_else(|| world.error("nobody changed a password"))?;
    comes_to(world, &api, &former, false).await
}

/// Calls until somebody is let in, or is refused for the credentials.
async fn comes_to(world: &World, api: &str, who: &Persona, accept: bool) -> Result<(), StepError> {
    let (request, gateway) = (by_password(world, api, who)?, world.scene().gateway().or_fail(world)?);
    let wanted = format!("`{api}` {} the password", if accept { "accepts" } else { "refuses" });
    world
        .until(propagation(world), wanted, async || {
            let reply = gateway.call(&request).await.or_fail(world)?;
            let Some(refusal) = reply.refusal() else { return Ok(Look::when(accept, (), "it is accepted")) };
            let right = refusals::is_for(world, refusal, "the credentials are invalid")?;
            Ok(Look::when(right && !accept, (), format!("refused: {refusal}")))
        })
        .await
}
