//! Phrases about what an administrator's switches change at WSO2 Identity Server: subjects, permissions, tenants' paths.
//! The switches themselves are set by a phrase of `roles`.

use cucumber::{then, when};
use serde_json::Value;

use super::{
    client_registration::for_client_credentials,
    judging::{answer, members, shown},
    keys::verified,
};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{published_keys::KeySet, wire::Call};
use kmspec_mocks::realm::UserSpec;
use kmspec_model::capability::Capability;

#[then(expr = "the claim {string} has the value {string}")]
async fn claim_is(world: &mut World, claim: String, value: String) -> Result<(), StepError> {
    let found = verified(world)?.claims.get(&claim).cloned().unwrap_or(Value::Null);
    world.expect(
        found.as_str() == Some(value.as_str()),
        format!("`{claim}` is `{value}`"),
        format!("`{claim}` is {found}"),
    )
}

#[then(expr = "introspection names the user {string}")]
async fn introspection_names(world: &mut World, name: String) -> Result<(), StepError> {
    let answer = answer(world)?;
    let found = members(&answer).and_then(|members| members.get("username")?.as_str().map(str::to_owned));
    // The name may have its tenant behind it.
    let named = found.is_some_and(|found| found == name || found.starts_with(&format!("{name}@")));
    world.expect(named, format!("`username` is `{name}`"), shown(&answer))
}

#[then("introspection names no user")]
async fn introspection_names_nobody(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let members = members(&answer).unwrap_or_default();
    let active = members.get("active") == Some(&Value::Bool(true));
    world.expect(active && !members.contains_key("username"), "an active token without `username`", shown(&answer))
}

#[when(expr = "a user whose role has the permission {string} registers a client")]
async fn registers_with(world: &mut World, permission: String) -> Result<(), StepError> {
    registers(world, vec![permission]).await
}

#[when("a user whose role has no permission registers a client")]
async fn registers_without(world: &mut World) -> Result<(), StepError> {
    registers(world, Vec::new()).await
}

/// Registers a client as somebody whose only role has these permissions.
async fn registers(world: &World, permissions: Vec<String>) -> Result<(), StepError> {
    let (server, talk) = (world.certified_mock()?, world.conversation()?);
    let realm = server.mock().or_fail(world)?.realm();
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let role = format!("registrar-{mark}");
    realm.add_role(&mark, &role);
    realm.permit(&role, permissions);
    let user = realm.add_user(UserSpec::new(format!("user-{mark}"), format!("password-of-{mark}")).roles([&role]));
    let endpoint = talk.endpoints().registration.clone();
    let call = Call::new("POST", endpoint.ok_or_else(|| world.not_applicable(Capability::Dcr))?);
    let call = call.basic(&user.name, &user.password).json(&for_client_credentials(world)?);
    talk.send(call).await.or_fail(world)?;
    Ok(())
}

#[when(expr = "the integrator fetches the key set below the path of the tenant {string}")]
async fn tenants_keys(world: &mut World, tenant: String) -> Result<(), StepError> {
    let talk = world.conversation()?;
    let mut url = talk.endpoints().jwks.clone().ok_or_else(|| world.not_applicable(Capability::Jwks))?;
    url.set_path(&format!("/t/{tenant}{}", url.path()));
    let answer = talk.send(Call::new("GET", url)).await.or_fail(world)?;
    talk.memory().keys = KeySet::read(&answer.body);
    Ok(())
}
