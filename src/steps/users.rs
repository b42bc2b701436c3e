//! Users who sign up at the platform, and their tokens by password.
//! The roles that play in every scenario have users of their own.

use cucumber::{gherkin::Step, given, when};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::{authorization_server::TokenGrant, devportal::Devportal};
use kmspec_model::{exchange::Role, target::Persona};

use super::{
    parameters::{OWN_CLAIMS, RESIDENT},
    tokens::{self, keys_of},
};

#[given(expr = "the user {string}")]
async fn user(world: &mut World, name: String) -> Result<(), StepError> {
    signs_up(world, &name, &[]).await
}

#[given(expr = "the user {string} with")]
async fn user_with(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    let claims = rows.map(|row| match row.as_slice() {
        [claim, value] => Some((format!("{OWN_CLAIMS}/{claim}"), value.clone())),
        _ => None,
    });
    let claims: Option<Vec<_>> = claims.collect();
    let claims = claims.ok_or_else(|| world.error("a row about a user has a claim and its value"))?;
    signs_up(world, &name, &claims).await
}

/// Signs a user up under a name that nobody else has there.
async fn signs_up(world: &mut World, name: &str, claims: &[(String, String)]) -> Result<(), StepError> {
    let administrator = persona(world, Role::Administrator)?;
    let tenant = world.scene().tenant.clone();
    let persona = Persona {
        username: format!("{}@{tenant}", world.scene().name(name)),
        password: format!("Pw-{}", &uuid::Uuid::new_v4().simple().to_string()[..20]),
        roles: Vec::new(),
    };
    let reply = world.scene().resident().or_fail(world)?.sign_up(&administrator, &persona, claims).await;
    world.demand(&format!("signing up `{name}`"), reply)?;
    world.seen.users.insert(name.to_owned(), persona);
    Ok(())
}

#[given(expr = "the API consumer holds a token of {string} from the resident key manager by the password of {string}")]
async fn holds(world: &mut World, application: String, user: String) -> Result<(), StepError> {
    take(world, &application, &user, None).await
}

#[given(
    expr = "the API consumer holds a token of {string} from the resident key manager by the password of {string} for the scope {string}"
)]
async fn holds_for(world: &mut World, application: String, user: String, scope: String) -> Result<(), StepError> {
    take(world, &application, &user, Some(&scope)).await
}

async fn take(world: &mut World, application: &str, user: &str, scope: Option<&str>) -> Result<(), StepError> {
    let granted = by_password(world, application, user, scope).await?;
    world.seen.id_token.clone_from(&granted.id_token);
    tokens::hold(world, application, RESIDENT, granted);
    Ok(())
}

async fn by_password(
    world: &mut World,
    application: &str,
    user: &str,
    scope: Option<&str>,
) -> Result<TokenGrant, StepError> {
    let persona = known(world, user)?;
    let keys = keys_of(world, application, RESIDENT)?;
    let mut fields = vec![("username", persona.username.as_str()), ("password", persona.password.as_str())];
    fields.extend(scope.map(|scope| ("scope", scope)));
    let reply = tokens::request(world, &keys, RESIDENT, "password", &fields).await;
    world.demand(&format!("a token for the password of `{user}`"), reply)
}

#[when(expr = "{string} changes the password")]
async fn changes_password(world: &mut World, user: String) -> Result<(), StepError> {
    let persona = known(world, &user)?;
    let session = world.scene().session(Role::Developer).or_fail(world)?.of_another(persona.clone());
    let new = format!("Pw-{}", &uuid::Uuid::new_v4().simple().to_string()[..20]);
    let reply = Devportal::new(session).change_password(&persona.password, &new).await;
    if world.keep(reply)?.is_some() {
        world.seen.users.insert(user, Persona { password: new, ..persona });
    }
    Ok(())
}

/// A user who signed up, with the password that counts by now.
pub(super) fn known(world: &World, user: &str) -> Result<Persona, StepError> {
    let known = world.seen.users.get(user).cloned();
    known.ok_or_else(|| world.error(format!("no user is called `{user}`\nhint: a `Given` has to sign one up")))
}

/// Who plays a role, with the password.
pub(super) fn persona(world: &World, role: Role) -> Result<Persona, StepError> {
    let session = world.scene().session(role).or_fail(world)?;
    session.persona().cloned().ok_or_else(|| world.error(format!("the {role} has no password here")))
}
