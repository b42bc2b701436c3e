//! Roles v2 of WSO2 Identity Server 7's SCIM interface: search, create, read, replace, patch, delete.
//! What a role carries and who holds it is in `scim_role_parts`; kept is it with scopes and users, see `realm::directory`.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::permitted_with,
    scim::{self, failed},
    scim_list, scim_patch,
    scim_role_parts::{Parts, SCHEMA},
    scim_role_scopes,
};
use crate::{realm::random, server::Site};

pub(crate) const BASE: &str = "/scim2/v2/Roles";
/// Where roles are in their old form.
pub(crate) const OLD: &str = "/scim2/Roles";

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let searches = call.method == "POST" && call.below(BASE).as_deref() == Some(scim::SEARCH);
    let permission = match call.method.as_str() {
        "GET" => "internal_role_mgt_view",
        "POST" if searches => "internal_role_mgt_view",
        "POST" => "internal_role_mgt_create",
        "PUT" | "PATCH" => "internal_role_mgt_update",
        "DELETE" => "internal_role_mgt_delete",
        _ => return Reply::only("GET, POST, PUT, PATCH, DELETE"),
    };
    if let Err(refusal) = permitted_with(site, call, &scim_role_scopes::needed(call, permission)) {
        return refusal;
    }
    let all = || site.realm.roles().iter().map(|(id, name)| document(site, id, name)).collect();
    if searches {
        return scim_list::list(call, all()).unwrap_or_else(|refusal| refusal);
    }
    let role = call.below(BASE).map(|id| site.realm.roles().into_iter().find(|(known, _)| *known == id));
    let done = match (call.method.as_str(), role) {
        ("GET", None) => scim_list::list(call, all()),
        ("POST", None) => create(site, call),
        (_, Some(None)) => Err(failed(404, "there is no such role")),
        ("GET", Some(Some((id, name)))) => Ok(scim::reply(200, &document(site, &id, &name))),
        ("PUT", Some(Some((id, name)))) => replace(site, call, &id, &name),
        ("PATCH", Some(Some((id, name)))) => patch(site, call, &id, &name),
        ("DELETE", Some(Some((id, _)))) => {
            site.realm.remove_role(&id);
            Ok(Reply::empty(204))
        }
        _ => Err(Reply::empty(405)),
    };
    done.unwrap_or_else(|refusal| refusal)
}

fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked = scim::object(call)?;
    let name = asked.get("displayName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| failed(400, "displayName is missing"))?;
    if name.to_ascii_lowercase().starts_with("system_") && !site.settings.system_roles {
        return Err(failed(400, "names of roles may not begin with system_"));
    }
    let parts = Parts::read(&asked)?;
    parts.known(site)?;
    let id = random::uuid();
    if !site.realm.add_role(&id, name) {
        return Err(failed(409, "a role of that name exists already"));
    }
    parts.keep(site, name)?;
    Ok(scim::reply(201, &document(site, &id, name)).header("location", location(site, &id)))
}

/// The interface in its old form: there is no audience, since every role is the organisation's. Served in `legacy_mode`
/// only.
pub(crate) fn old(site: &Site, call: &Call) -> Reply {
    if !site.settings.old_roles() {
        return Reply::empty(404);
    }
    let path = call.path.replacen(OLD, BASE, 1);
    let mut reply = answer(site, &Call { path, ..call.clone() });
    if let Ok(mut body) = serde_json::from_str::<Value>(&reply.body) {
        let listed = body.get_mut("Resources").and_then(Value::as_array_mut);
        match listed {
            Some(roles) => roles.iter_mut().for_each(aged),
            None => aged(&mut body),
        }
        reply.body = body.to_string();
    }
    for (_, value) in reply.headers.iter_mut().filter(|(name, _)| name == "location") {
        *value = value.replacen(BASE, OLD, 1);
    }
    reply
}

/// A role as the old form has it.
fn aged(role: &mut Value) {
    if let Some(members) = role.as_object_mut() {
        members.remove("audience");
    }
    if let Some(Value::String(location)) = role.pointer_mut("/meta/location") {
        *location = location.replacen(BASE, OLD, 1);
    }
}

/// The name of a role stays; what it carries and who holds it is what is sent.
fn replace(site: &Site, call: &Call, id: &str, name: &str) -> Result<Reply, Reply> {
    let asked = scim::object(call)?;
    if asked.get("displayName").is_some_and(|asked| asked.as_str() != Some(name)) {
        return Err(failed(400, "a role cannot be renamed"));
    }
    Parts::read(&asked)?.keep(site, name)?;
    Ok(scim::reply(200, &document(site, id, name)))
}

/// All operations are carried out, or none.
fn patch(site: &Site, call: &Call, id: &str, name: &str) -> Result<Reply, Reply> {
    let mut parts = Parts::of(site, name);
    for operation in scim_patch::operations(call)? {
        parts.apply(site, operation)?;
    }
    parts.keep(site, name)?;
    Ok(scim::reply(200, &document(site, id, name)))
}

fn document(site: &Site, id: &str, name: &str) -> Value {
    let carried = site.realm.carried_by(name);
    let permissions: Vec<_> = carried.iter().map(|scope| json!({ "value": scope, "display": scope })).collect();
    let holders = site.realm.users().into_iter().filter(|user| user.has_role(name));
    let users: Vec<_> = holders.map(|user| json!({ "value": user.id, "display": user.name })).collect();
    json!({
        "schemas": [SCHEMA],
        "id": id,
        "displayName": name,
        "audience": { "value": "10084a8d-113f-4211-a0d5-efe36b082211", "display": "Super", "type": "organization" },
        "permissions": permissions,
        "users": users,
        "groups": [],
        "meta": { "resourceType": "Role", "location": location(site, id) },
    })
}

fn location(site: &Site, id: &str) -> String {
    format!("{}{BASE}/{id}", site.base_url)
}
