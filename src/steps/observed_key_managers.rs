//! What is seen of key managers: in the administration, in an import, in the developer portal.
//! How a line of the form reads is told by `form`.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cucumber::{gherkin::Step, then};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::key_manager::KeyManager;
use kmspec_model::exchange::Role;

use super::{
    form::{expanded, origin, shown},
    parameters::RESIDENT,
    servers,
};

/// What the platform shows instead of a secret.
pub(super) const MASK: &str = "*****";
/// The resident key manager's name at the subject.
const RESIDENT_NAME: &str = "Resident Key Manager";

/// Reads a key manager as it is now.
async fn current(world: &mut World, name: &str) -> Result<KeyManager, StepError> {
    let id = world.key_managers.named(name).or_fail(world)?.id.clone();
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let document = world.demand(&format!("reading `{name}`"), admin.key_manager(&id).await)?;
    world.seen.shown.push((Role::Administrator, serde_json::to_string(&document).unwrap_or_default()));
    Ok(document)
}

/// Names at the subject of every key manager that the administration lists now.
async fn listed_now(world: &World) -> Result<BTreeSet<String>, StepError> {
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let listed = world.demand("listing the key managers", admin.key_managers().await)?;
    Ok(listed.into_iter().map(|each| each.name).collect())
}

#[then(regex = r#"^the (.+) of "([^"]*)" is "([^"]*)"$"#)]
async fn line_is(world: &mut World, label: String, name: String, text: String) -> Result<(), StepError> {
    let document = current(world, &name).await?;
    let observed = shown(world, &document, &label)?;
    let base = match servers::base(world, &name)? {
        Some(base) => base,
        None => origin(document.token_endpoint.as_deref().unwrap_or_default()),
    };
    // Another token endpoint may have been entered than the one that tells the server's place.
    let wanted = expanded(&base, &text);
    world.expect(observed == wanted, format!("the {label} of `{name}` reads `{wanted}`"), format!("`{observed}`"))
}

#[then(regex = r#"^the (username|password) of "([^"]*)" is masked$"#)]
async fn line_is_masked(world: &mut World, label: String, name: String) -> Result<(), StepError> {
    let document = current(world, &name).await?;
    masked(world, &document, &label, &name)
}

#[then(expr = "the password of the resident key manager is masked")]
async fn resident_password_masked(world: &mut World) -> Result<(), StepError> {
    let document = current(world, RESIDENT).await?;
    masked(world, &document, "password", RESIDENT)
}

fn masked(world: &World, document: &KeyManager, label: &str, name: &str) -> Result<(), StepError> {
    let observed = shown(world, document, label)?;
    let told = if observed.is_empty() { "nothing" } else { "something else than the mask" };
    world.expect(observed == MASK, format!("the {label} of `{name}` reads `{MASK}`"), told)
}

#[then(expr = "the resident key manager shows the username {string}")]
async fn resident_username(world: &mut World, username: String) -> Result<(), StepError> {
    let document = current(world, RESIDENT).await?;
    let observed = shown(world, &document, "username")?;
    world.expect_eq("the username of the resident key manager", &username, &observed)
}

#[then(expr = "{string} offers exactly the grant types")]
async fn offers_grants(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let document = current(world, &name).await?;
    let wanted: BTreeSet<String> =
        step.table.iter().flat_map(|table| &table.rows).flatten().map(String::clone).collect();
    let observed: BTreeSet<String> = document.grant_types.into_iter().flatten().collect();
    world.expect_eq(&format!("the set of grant types of `{name}`"), &wanted, &observed)
}

#[then(expr = "the certificate of {string} is the one that was pasted")]
async fn certificate_as_pasted(world: &mut World, name: String) -> Result<(), StepError> {
    let document = current(world, &name).await?;
    let wanted = STANDARD.encode(servers::certificate_pem(world, &name)?);
    let observed = shown(world, &document, "certificate")?;
    world.expect(observed == wanted, "the certificate as it was pasted", "another text")
}

#[then(expr = "{string} reads as before")]
async fn reads_as_before(world: &mut World, name: String) -> Result<(), StepError> {
    let Some(before) = world.seen.before.get(&name).cloned() else {
        return Err(world.error(format!("nobody noted how `{name}` read before")));
    };
    let after = current(world, &name).await?;
    let text = |document: &KeyManager| serde_json::to_value(document).unwrap_or_default();
    let (before, after) = (text(&before), text(&after));
    let changed: Vec<_> = before
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(member, value)| after.get(member.as_str()) != Some(value))
        .map(|(member, value)| format!("{member}: {value} became {}", after.get(member).unwrap_or_default()))
        .collect();
    world.expect(changed.is_empty(), format!("`{name}` reads as before"), changed.join("; "))
}

#[then(expr = "there is no key manager {string}")]
async fn not_there(world: &mut World, name: String) -> Result<(), StepError> {
    let listed = listed_now(world).await?;
    let at_subject = world.scene().name(&name);
    world.expect(!listed.contains(&at_subject), format!("no key manager `{name}`"), "it is listed")
}

#[then(expr = "no key manager has the issuer of {string}")]
async fn issuer_unknown(world: &mut World, server: String) -> Result<(), StepError> {
    let issuer = servers::issuer(world, &server)?;
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    for entry in world.demand("listing the key managers", admin.key_managers().await)? {
        // One of another scenario may go between the list and the look; it is none of this server's then.
        let document = admin.key_manager(&entry.id).await.or_fail(world)?;
        let found = document.granted().is_some_and(|document| document.issuer.as_deref() == Some(&issuer));
        world.expect(!found, format!("no key manager of the issuer `{issuer}`"), format!("`{}` is one", entry.name))?;
    }
    Ok(())
}

#[then(expr = "the key manager {string} is listed")]
async fn is_listed(world: &mut World, name: String) -> Result<(), StepError> {
    let listed = listed_now(world).await?;
    let at_subject = world.scene().name(&name);
    world.expect(listed.contains(&at_subject), format!("the key manager `{name}` is listed"), format!("{listed:?}"))
}

#[then(expr = "the key manager {string} is listed with the type {string}")]
async fn listed_with_type(world: &mut World, name: String, kind: String) -> Result<(), StepError> {
    let at_subject = world.scene().name(&name);
    let found = world.seen.listed.iter().find(|each| each.name == at_subject).map(|each| each.kind.clone());
    world.expect_eq(&format!("the type of `{name}` in the list"), &Some(kind), &found)
}

#[then(expr = "the list counts its key managers")]
async fn list_counts(world: &mut World) -> Result<(), StepError> {
    let wanted = u64::try_from(world.seen.listed.len()).ok();
    world.expect_eq("the count in the list", &wanted, &world.seen.listed_count)
}

#[then(regex = r#"^the answer gives "([^"]*)" as the (.+) of "([^"]*)"$"#)]
async fn answered_line(world: &mut World, text: String, label: String, name: String) -> Result<(), StepError> {
    let document = world.key_managers.named(&name).or_fail(world)?.document.clone();
    let observed = shown(world, &document, &label)?;
    world.expect_eq(&format!("the {label} in the answer"), &text, &observed)
}

#[then(expr = "the key manager {string} is not listed")]
async fn is_not_listed(world: &mut World, name: String) -> Result<(), StepError> {
    not_there(world, name).await
}

#[then(expr = "the resident key manager is listed")]
async fn resident_listed(world: &mut World) -> Result<(), StepError> {
    let listed = listed_now(world).await?;
    world.expect(listed.contains(RESIDENT_NAME), "the resident key manager is listed", format!("{listed:?}"))
}

#[then(expr = "the resident key manager is enabled")]
async fn resident_enabled(world: &mut World) -> Result<(), StepError> {
    let enabled = world.seen.listed.iter().any(|each| each.name == RESIDENT_NAME && each.enabled);
    world.expect(enabled, "the resident key manager is enabled", format!("{:?}", world.seen.listed))
}

#[then(expr = "the key managers {string}, {string} and the resident one are listed")]
async fn all_listed(world: &mut World, one: String, other: String) -> Result<(), StepError> {
    let listed: BTreeSet<_> = world.seen.listed.iter().map(|each| each.name.clone()).collect();
    all_of(world, &listed, &one, &other)
}

#[then(expr = "the key managers {string}, {string} and the resident one are offered")]
async fn all_offered(world: &mut World, one: String, other: String) -> Result<(), StepError> {
    let offered: BTreeSet<_> = world.seen.offered.iter().map(|each| each.name.clone()).collect();
    all_of(world, &offered, &one, &other)
}

fn all_of(world: &World, seen: &BTreeSet<String>, one: &str, other: &str) -> Result<(), StepError> {
    let wanted = [world.scene().name(one), world.scene().name(other), RESIDENT_NAME.to_owned()];
    world.expect(wanted.iter().all(|name| seen.contains(name)), format!("all of {wanted:?}"), format!("{seen:?}"))
}

#[then(expr = "the other tenant still has its key manager {string}")]
async fn still_elsewhere(world: &mut World, name: String) -> Result<(), StepError> {
    let id = super::administrator::id_elsewhere(world, &name)?;
    let neighbour = world.neighbours.last().or_fail(world)?;
    let admin = neighbour.admin(Role::Administrator).or_fail(world)?;
    world.demand(&format!("reading `{name}` in its own tenant"), admin.key_manager(&id).await).map(|_| ())
}

#[then(expr = "no reply to the administrator shows {string}")]
async fn not_shown_to_administrator(world: &mut World, secret: String) -> Result<(), StepError> {
    not_shown(world, Role::Administrator, &secret)
}

#[then(expr = "no reply to the developer shows {string}")]
async fn not_shown_to_developer(world: &mut World, secret: String) -> Result<(), StepError> {
    not_shown(world, Role::Developer, &secret)
}

fn not_shown(world: &World, role: Role, secret: &str) -> Result<(), StepError> {
    let replies: Vec<_> = world.seen.shown.iter().filter(|(to, _)| *to == role).collect();
    if replies.is_empty() {
        return Err(world.error(format!("nothing was shown to the {role}")));
    }
    let leaks = replies.iter().filter(|(_, text)| text.contains(secret)).count();
    world.expect(leaks == 0, "no reply with the secret in it", format!("{leaks} of {} replies show it", replies.len()))
}

// An import.

fn imported(world: &World) -> Result<KeyManager, StepError> {
    match &world.seen.import {
        Some(import) if import.valid => Ok(import.value.clone()),
        Some(_) => Err(world.deviates("the import is valid", "it is not")),
        None => Err(world.deviates("the import is granted", "it was refused")),
    }
}

#[then(regex = r#"^the imported (.+) is "([^"]*)"$"#)]
async fn imported_line(world: &mut World, label: String, text: String) -> Result<(), StepError> {
    let draft = imported(world)?;
    let observed = shown(world, &draft, &label)?;
    let (name, _) = world.servers.iter().last().map(|(name, server)| (name.to_owned(), server)).unzip();
    let base = servers::base(world, &name.unwrap_or_default())?.unwrap_or_default();
    let wanted = expanded(&base, &text);
    world.expect(observed == wanted, format!("the imported {label} reads `{wanted}`"), format!("`{observed}`"))
}

#[then(expr = "the imported grant types are those that {string} advertises")]
async fn imported_grants(world: &mut World, name: String) -> Result<(), StepError> {
    let draft = imported(world)?;
    let advertised = advertised(world, &name).await?;
    let wanted: BTreeSet<String> = advertised["grant_types_supported"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|each| each.as_str().map(str::to_owned))
        .collect();
    let observed: BTreeSet<String> = draft.grant_types.into_iter().flatten().collect();
    world.expect(!wanted.is_empty(), format!("grant types in the discovery document of `{name}`"), "none")?;
    world.expect_eq("the set of imported grant types", &wanted, &observed)
}

#[then(expr = "the imported settings are those that {string} advertises")]
async fn imported_settings(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let draft = imported(world)?;
    let document = advertised(world, &name).await?;
    for label in step.table.iter().flat_map(|table| &table.rows).flatten() {
        let member = match label.as_str() {
            "issuer" => "issuer",
            "token endpoint" => "token_endpoint",
            "revoke endpoint" => "revocation_endpoint",
            "key set" => "jwks_uri",
            other => return Err(world.error(format!("no discovery document tells a `{other}`"))),
        };
        let wanted = document[member].as_str().unwrap_or_default();
        let observed = shown(world, &draft, label)?;
        world.expect(
            observed == wanted && !wanted.is_empty(),
            format!("the imported {label} reads `{wanted}`"),
            format!("`{observed}`"),
        )?;
    }
    Ok(())
}

/// The discovery document, read by the scenario itself.
async fn advertised(world: &World, name: &str) -> Result<serde_json::Value, StepError> {
    let client = servers::client(world, name).or_fail(world)?;
    let document = world.demand(&format!("the discovery document of `{name}`"), client.discovery().await)?;
    Ok(serde_json::Value::Object(document))
}

#[then(expr = "the import is not valid")]
async fn import_invalid(world: &mut World) -> Result<(), StepError> {
    let valid = world.seen.import.as_ref().is_some_and(|import| import.valid);
    world.expect(!valid, "no valid import", "a valid one")
}

// The developer's view.

#[then(expr = "the key manager {string} is offered")]
async fn is_offered(world: &mut World, name: String) -> Result<(), StepError> {
    offered(world, &name).map(|_| ())
}

#[then(expr = "the key manager {string} is not offered")]
async fn is_not_offered(world: &mut World, name: String) -> Result<(), StepError> {
    super::refusals::was_granted(world, "the list of key managers")?;
    let at_subject = world.scene().name(&name);
    let found = world.seen.offered.iter().any(|each| each.name == at_subject);
    world.expect(!found, format!("`{name}` is not offered"), "it is offered")
}

fn offered(world: &World, name: &str) -> Result<kmspec_drivers::devportal::OfferedKeyManager, StepError> {
    let at_subject = world.scene().name(name);
    let found = world.seen.offered.iter().find(|each| each.name == at_subject).cloned();
    found.ok_or_else(|| world.deviates(format!("`{name}` is offered"), "it is not"))
}

#[then(regex = r#"^the (token|revoke) endpoint offered for "([^"]*)" is "([^"]*)"$"#)]
async fn offered_endpoint(world: &mut World, which: String, name: String, text: String) -> Result<(), StepError> {
    let offered = offered(world, &name)?;
    let observed = if which == "token" { offered.token_endpoint } else { offered.revocation_endpoint };
    let registered = world.key_managers.named(&name).or_fail(world)?.document.token_endpoint.clone();
    let wanted = expanded(&origin(&registered.unwrap_or_default()), &text);
    world.expect_eq(&format!("the {which} endpoint offered for `{name}`"), &Some(wanted), &observed)
}

#[then(expr = "the token endpoint offered for {string} is the one that {string} advertises")]
async fn offered_as_advertised(world: &mut World, name: String, server: String) -> Result<(), StepError> {
    let observed = offered(world, &name)?.token_endpoint;
    let wanted = advertised(world, &server).await?["token_endpoint"].as_str().map(str::to_owned);
    world.expect_eq(&format!("the token endpoint offered for `{name}`"), &wanted, &observed)
}

#[then(expr = "token generation is not offered for {string}")]
async fn no_token_generation(world: &mut World, name: String) -> Result<(), StepError> {
    let observed = offered(world, &name)?.token_generation;
    world.expect_eq(&format!("token generation offered for `{name}`"), &Some(false), &observed)
}
