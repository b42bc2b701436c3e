//! `…/users` and `…/roles`: who can log in, and what for.
//! SCIM and its dialects are the vendor's endpoints.

use axum::{Json, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::Body,
    patch::{need_text, patched},
    place::Place,
    refusal::{Answer, Refusal},
};
use crate::realm::{Realm, User, UserSpec, jwt::Object, random};

/// Members that can be set.
const SETTABLE: [&str; 5] = ["password", "roles", "scopes", "claims", "active"];

pub(super) async fn list(place: Place) -> Answer {
    Ok(Json(place.realm.users()).into_response())
}

pub(super) async fn create(place: Place, Body(mut wanted): Body<Object>) -> Answer {
    let (name, password) = (need_text(&mut wanted, "name")?, need_text(&mut wanted, "password")?);
    if place.realm.user(&name).is_some() {
        return Err(Refusal::conflict(format!("there is a user `{name}` already")).hint("PATCH it instead"));
    }
    let user = patched(&UserSpec::new(name, password).0, wanted, &SETTABLE)?;
    let user = place.realm.add_user(UserSpec(user));
    Ok((StatusCode::CREATED, Json(user)).into_response())
}

pub(super) async fn show(place: Place) -> Answer {
    let name = place.name();
    Ok(Json(named(&place.realm, name)?).into_response())
}

pub(super) async fn change(place: Place, Body(changes): Body<Object>) -> Answer {
    let name = place.name();
    let changed: User = patched(&named(&place.realm, name)?, changes, &SETTABLE)?;
    place.realm.update_user(name, |user| *user = changed);
    Ok(Json(named(&place.realm, name)?).into_response())
}

pub(super) async fn remove(place: Place) -> Answer {
    let name = place.name();
    named(&place.realm, name)?;
    place.realm.remove_user(name);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn named(realm: &Realm, name: &str) -> Result<User, Refusal> {
    let known = || realm.users().into_iter().map(|user| user.name);
    realm.user(name).ok_or_else(|| Refusal::missing("user", name, known()))
}

/// A role with the scopes that it carries, and with its permissions in the old mode of Identity Server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    #[serde(default)]
    scopes: Vec<String>,
    /// Left as they are when left out.
    #[serde(default)]
    permissions: Option<Vec<String>>,
}

fn role(realm: &Realm, name: &str) -> Option<(String, Value)> {
    let (id, name) = realm.roles().into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?;
    let document =
        json!({ "id": id, "name": name, "scopes": realm.carried_by(&name), "permissions": realm.permitted_to(&name) });
    Some((id, document))
}

pub(super) async fn list_roles(place: Place) -> Answer {
    let roles = place.realm.roles();
    let all: Vec<Value> = roles.iter().filter_map(|(_, name)| role(&place.realm, name)).map(|(_, role)| role).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn put_role(place: Place, Body(wanted): Body<Role>) -> Answer {
    let name = place.name();
    if let Some(unknown) = wanted.scopes.iter().find(|scope| place.realm.scope(scope).is_none()) {
        let known = place.realm.scopes().into_iter().map(|scope| scope.name);
        return Err(Refusal::missing("scope", unknown, known));
    }
    if wanted.permissions.iter().flatten().any(|permission| permission.trim().is_empty()) {
        return Err(Refusal::bad("`permissions` holds an empty one").hint("a path, such as /permission/admin"));
    }
    place.realm.add_role(&random::uuid(), name);
    place.realm.carry(name, &wanted.scopes);
    if let Some(permissions) = wanted.permissions {
        place.realm.permit(name, permissions);
    }
    let (_, document) = role(&place.realm, name).ok_or_else(|| Refusal::bad("the role is gone again"))?;
    Ok(Json(document).into_response())
}

pub(super) async fn remove_role(place: Place) -> Answer {
    let name = place.name();
    let known = place.realm.roles().into_iter().map(|(_, name)| name);
    let (id, _) = role(&place.realm, name).ok_or_else(|| Refusal::missing("role", name, known))?;
    place.realm.remove_role(&id);
    Ok(StatusCode::NO_CONTENT.into_response())
}
