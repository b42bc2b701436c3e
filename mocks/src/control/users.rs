//! `/servers/{server}/users` and `…/roles`: who can log in, and what for.
//! SCIM and its dialects are the vendor's endpoints.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::Body,
    house::House,
    patch::{need_text, patched},
    refusal::{Answer, Refusal},
};
use crate::{
    realm::{User, UserSpec, jwt::Object, random},
    server::AuthorizationServer,
};

/// Members that can be set.
const SETTABLE: [&str; 5] = ["password", "roles", "scopes", "claims", "active"];

pub(super) async fn list(State(house): State<House>, Path(server): Path<String>) -> Answer {
    Ok(Json(house.named(&server)?.realm().users()).into_response())
}

pub(super) async fn create(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(mut wanted): Body<Object>,
) -> Answer {
    let server = house.named(&server)?;
    let (name, password) = (need_text(&mut wanted, "name")?, need_text(&mut wanted, "password")?);
    if server.realm().user(&name).is_some() {
        return Err(Refusal::conflict(format!("there is a user `{name}` already")).hint("PATCH it instead"));
    }
    let user = patched(&UserSpec::new(name, password).0, wanted, &SETTABLE)?;
    let user = server.realm().add_user(UserSpec(user));
    Ok((StatusCode::CREATED, Json(user)).into_response())
}

pub(super) async fn show(State(house): State<House>, Path((server, name)): Path<(String, String)>) -> Answer {
    Ok(Json(named(&*house.named(&server)?, &name)?).into_response())
}

pub(super) async fn change(
    State(house): State<House>,
    Path((server, name)): Path<(String, String)>,
    Body(changes): Body<Object>,
) -> Answer {
    let server = house.named(&server)?;
    let changed: User = patched(&named(&server, &name)?, changes, &SETTABLE)?;
    server.realm().update_user(&name, |user| *user = changed);
    Ok(Json(named(&server, &name)?).into_response())
}

pub(super) async fn remove(State(house): State<House>, Path((server, name)): Path<(String, String)>) -> Answer {
    let server = house.named(&server)?;
    named(&server, &name)?;
    server.realm().remove_user(&name);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn named(server: &AuthorizationServer, name: &str) -> Result<User, Refusal> {
    let known = || server.realm().users().into_iter().map(|user| user.name);
    server.realm().user(name).ok_or_else(|| Refusal::missing("user", name, known()))
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

fn role(server: &AuthorizationServer, name: &str) -> Option<(String, Value)> {
    let (id, name) = server.realm().roles().into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?;
    let document = json!({ "id": id, "name": name, "scopes": server.realm().carried_by(&name), "permissions": server.realm().permitted_to(&name) });
    Some((id, document))
}

pub(super) async fn list_roles(State(house): State<House>, Path(server): Path<String>) -> Answer {
    let server = house.named(&server)?;
    let roles = server.realm().roles();
    let all: Vec<Value> = roles.iter().filter_map(|(_, name)| role(&server, name)).map(|(_, role)| role).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn put_role(
    State(house): State<House>,
    Path((server, name)): Path<(String, String)>,
    Body(wanted): Body<Role>,
) -> Answer {
    let server = house.named(&server)?;
    if let Some(unknown) = wanted.scopes.iter().find(|scope| server.realm().scope(scope).is_none()) {
        let known = server.realm().scopes().into_iter().map(|scope| scope.name);
        return Err(Refusal::missing("scope", unknown, known));
    }
    if wanted.permissions.iter().flatten().any(|permission| permission.trim().is_empty()) {
        return Err(Refusal::bad("`permissions` holds an empty one").hint("a path, such as /permission/admin"));
    }
    server.realm().add_role(&random::uuid(), &name);
    server.realm().carry(&name, &wanted.scopes);
    if let Some(permissions) = wanted.permissions {
        server.realm().permit(&name, permissions);
    }
    let (_, document) = role(&server, &name).ok_or_else(|| Refusal::bad("the role is gone again"))?;
    Ok(Json(document).into_response())
}

pub(super) async fn remove_role(State(house): State<House>, Path((server, name)): Path<(String, String)>) -> Answer {
    let server = house.named(&server)?;
    let known = server.realm().roles().into_iter().map(|(_, name)| name);
    let (id, _) = role(&server, &name).ok_or_else(|| Refusal::missing("role", &name, known))?;
    server.realm().remove_role(&id);
    Ok(StatusCode::NO_CONTENT.into_response())
}
