//! Phrases about scopes that are bound to roles, and about client ids that whoever registers chooses.
//! Roles are given through the stage's handle of the mock.

use cucumber::{gherkin::Step, given, then, when};
use kmspec_mocks::realm::Scope;
use serde_json::json;

use super::{
    judging::{answer, members, rows, shown},
    token_endpoint::ask_for_the_user,
};
use crate::world::{Arrangement, OrFail, StepError, World};
use kmspec_model::capability::Capability;

#[given(expr = "a scope that only users with the role {string} may have")]
async fn a_bound_scope(world: &mut World, role: String) -> Result<(), StepError> {
    let server = world.certified_mock()?;
    let realm = server.mock().or_fail(world)?.realm();
    let name = format!("orders:{}", uuid::Uuid::new_v4().simple());
    let role = format!("{role}-{}", &name[7..15]);
    realm.add_scope(Scope {
        name: name.clone(),
        display_name: name.clone(),
        roles: vec![role.clone()],
        ..Scope::default()
    });
    // A client that is limited to other scopes would say nothing about roles.
    let client = super::token_endpoint::client(world)?;
    realm.update_client(&client.id.0, |client| client.scopes = None);
    world.bound_scope = Some((name, role));
    Ok(())
}

#[given("the administrator of the server has set these switches:")]
async fn configured(world: &mut World, step: &Step) -> Result<(), StepError> {
    let lines = rows(step).into_iter().map(|row| row.join(" = "));
    world.arrange_server(Arrangement::Deployment(lines.collect::<Vec<_>>().join("\n"))).await
}

#[given("the user has that role")]
async fn has_role(world: &mut World) -> Result<(), StepError> {
    let (_, role) = bound(world)?;
    let server = world.certified_mock()?;
    let user = world.conversation()?.server().user.clone();
    let (name, _) = user.ok_or_else(|| world.not_applicable(Capability::UserCredentials))?;
    let changed = server.mock().or_fail(world)?.realm().update_user(&name, |user| user.roles.push(role));
    changed.map(drop).ok_or_else(|| world.error(format!("the mock knows no user `{name}`")))
}

#[when("the OAuth client asks for a token with that scope and the user's password")]
async fn ask_for_bound_scope(world: &mut World) -> Result<(), StepError> {
    let (scope, _) = bound(world)?;
    ask_for_the_user(world, None, &[("scope", &scope)]).await
}

#[then("the token answer grants that scope")]
async fn grants_scope(world: &mut World) -> Result<(), StepError> {
    let (scope, answer) = (bound(world)?.0, answer(world)?);
    world.expect(holds(&granted(&answer), &scope), format!("`scope` with `{scope}` in it"), shown(&answer))
}

#[then("the token answer does not grant that scope")]
async fn does_not_grant_scope(world: &mut World) -> Result<(), StepError> {
    let (scope, answer) = (bound(world)?.0, answer(world)?);
    let told = granted(&answer).is_some() || !answer.is_success();
    world.expect(
        told && answer.status < 500 && !holds(&granted(&answer), &scope),
        format!("a refusal, or a token whose `scope` is without `{scope}`"),
        shown(&answer),
    )
}

#[when("the integrator registers a second client under the same id")]
async fn register_same_id(world: &mut World) -> Result<(), StepError> {
    register_chosen(world).await
}

#[given("a client registered under an id that the integrator chose")]
async fn registered_under_id(world: &mut World) -> Result<(), StepError> {
    world.chosen_id = Some(uuid::Uuid::new_v4().simple().to_string()[..24].to_owned());
    register_chosen(world).await?;
    let (answer, id) = (answer(world)?, world.chosen_id.clone().unwrap_or_default());
    let given = members(&answer).and_then(|members| members.get("client_id")?.as_str().map(str::to_owned));
    world.expect(answer.is_success() && given == Some(id), "a registration under the chosen id", shown(&answer))
}

async fn register_chosen(world: &World) -> Result<(), StepError> {
    let talk = world.conversation()?;
    let id = world.chosen_id.clone().ok_or_else(|| world.error("no step before this one chose an id"))?;
    let metadata = json!({
        "client_name": talk.client_name(),
        "grant_types": ["client_credentials"],
        "ext_param_client_id": id,
    });
    talk.register(&metadata).await.or_fail(world)?;
    Ok(())
}

fn bound(world: &World) -> Result<(String, String), StepError> {
    world.bound_scope.clone().ok_or_else(|| world.error("no step before this one bound a scope"))
}

fn granted(answer: &kmspec_drivers::wire::Answered) -> Option<String> {
    Some(members(answer)?.get("scope")?.as_str()?.to_owned())
}

fn holds(granted: &Option<String>, scope: &str) -> bool {
    granted.as_deref().is_some_and(|granted| granted.split(' ').any(|each| each == scope))
}
