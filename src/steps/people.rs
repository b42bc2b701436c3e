//! Users: who they are called, which group or organization they are in, and their passwords.
//! What they may do is observed where they do it.

use cucumber::{given, then, when};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_drivers::reply::Reply;
use kmspec_model::{exchange::Role, target::Persona};

use super::parameters::Developer;

/// Claims by which a user is in a group, and in an organization (the product's defaults).
const GROUP: &str = "http://wso2.org/claims/organization";
const ORGANIZATION: &str = "http://wso2.org/claims/organizationId";

#[given(expr = "{developer} is in the group {string}")]
async fn in_group(world: &mut World, who: Developer, group: String) -> Result<(), StepError> {
    signed_up(world, who.0, &anybody(), &[(GROUP, &group)]).await
}

#[given(expr = "{developer} is a member of the organization {string}")]
async fn member_of(world: &mut World, who: Developer, organization: String) -> Result<(), StepError> {
    let name = world.scene().name(&organization);
    signed_up(world, who.0, &anybody(), &[(ORGANIZATION, &name)]).await
}

#[given(expr = "the developer has signed up as {string}")]
async fn signed_up_as(world: &mut World, name: String) -> Result<(), StepError> {
    let name = world.scene().name(&name);
    signed_up(world, Role::Developer, &name, &[]).await
}

/// A name that nobody has yet.
fn anybody() -> String {
    format!("user-{}", uuid::Uuid::new_v4().simple())
}

/// Lets a new user in who plays the role from here on.
async fn signed_up(world: &mut World, role: Role, name: &str, claims: &[(&str, &str)]) -> Result<(), StepError> {
    let administrator = persona(world, Role::Administrator)?;
    let password = persona(world, role)?.password;
    let resident = world.scene().resident().or_fail(world)?;
    let user = Persona { username: name.to_owned(), password: password.clone(), roles: Vec::new() };
    let claims: Vec<_> = claims.iter().map(|(claim, value)| ((*claim).to_owned(), (*value).to_owned())).collect();
    let reply = resident.sign_up(&administrator, &user, &claims).await;
    world.demand(&format!("letting the {role} in"), reply)?;
    let username = format!("{name}@{}", world.scene().tenant);
    world.recast(role, Persona { username, password, roles: vec!["Internal/subscriber".to_owned()] });
    Ok(())
}

fn persona(world: &World, role: Role) -> Result<Persona, StepError> {
    let session = world.scene().session(role).or_fail(world)?;
    session.persona().cloned().ok_or_else(|| world.error(format!("the {role} has no password here")))
}

#[given(regex = "^the (developer|publisher|administrator) is called by a mail address$")]
async fn called_by_mail(world: &mut World, who: String) -> Result<(), StepError> {
    world.call_by_mail(role(&who))
}

fn role(who: &str) -> Role {
    match who {
        "developer" => Role::Developer,
        "publisher" => Role::Publisher,
        _ => Role::Administrator,
    }
}

#[when(regex = "^the (developer|publisher|administrator) logs in$")]
async fn logs_in(world: &mut World, who: String) -> Result<(), StepError> {
    let persona = persona(world, role(&who))?;
    let resident = world.scene().resident().or_fail(world)?;
    let reply = resident.register(&persona, &world.scene().name("a-try-to-log-in"), "password").await;
    world.keep(reply).map(drop)
}

#[then(regex = "^the (developer|publisher|administrator) is at home in the own plane$")]
async fn at_home(world: &mut World, who: String) -> Result<(), StepError> {
    let (scene, role) = (world.scene(), role(&who));
    let what = format!("a list in the plane of the {who}");
    match role {
        Role::Developer => {
            let portal = scene.devportal(role).or_fail(world)?;
            world.demand(&what, portal.applications().await).map(drop)
        }
        Role::Publisher => {
            let publisher = scene.publisher(role).or_fail(world)?;
            world.demand(&what, publisher.apis().await).map(drop)
        }
        _ => {
            let admin = scene.admin(role).or_fail(world)?;
            world.demand(&what, admin.key_managers().await).map(drop)
        }
    }
}

#[when(expr = "the developer changes the password")]
async fn changes_password(world: &mut World) -> Result<(), StepError> {
    let former = persona(world, Role::Developer)?;
    let password = uuid::Uuid::new_v4().simple().to_string().chars().take(20).collect::<String>();
    let portal = world.scene().devportal(Role::Developer).or_fail(world)?;
    world.demand("changing the password", portal.change_password(&former.password, &password).await)?;
    world.recast(Role::Developer, Persona { password, ..former.clone() });
    world.seen.former = Some(former);
    world.last = Some(Last::Granted);
    Ok(())
}

/// Whether somebody with that name and password is let in.
async fn is_let_in(world: &World, who: &Persona) -> Result<bool, StepError> {
    let resident = world.scene().resident().or_fail(world)?;
    let client = world.scene().name("a-try-to-log-in");
    let reply = resident.register(who, &client, "password").await.or_fail(world)?;
    match reply {
        Reply::Granted(_) => Ok(true),
        Reply::Refused(refusal) => {
            world.expect_eq("the refusal of a password", &401, &refusal.status)?;
            Ok(false)
        }
    }
}

#[then(expr = "the developer logs in with the new password")]
async fn new_password(world: &mut World) -> Result<(), StepError> {
    let now = persona(world, Role::Developer)?;
    let open = is_let_in(world, &now).await?;
    world.expect(open, "the new password opens the platform", "it is refused")?;
    let portal = world.scene().devportal(Role::Developer).or_fail(world)?;
    world.demand("looking into the portal with the new password", portal.applications().await).map(drop)
}

#[then(expr = "the old password lets nobody in")]
async fn old_password(world: &mut World) -> Result<(), StepError> {
    let former = world.seen.former.clone().ok_or_else(|| world.error("nobody changed a password"))?;
    let open = is_let_in(world, &former).await?;
    world.expect(!open, "the old password is refused", "it still opens the platform")
}
