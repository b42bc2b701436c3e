//! Roles of WSO2 Identity Server 7's SCIM interface, v2 and the old form: search, create, read, replace, patch, delete.
//! What a role carries and who holds it is in `scim_role_parts`; kept is it with scopes and users, see `realm::directory`.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::permitted_with,
    scim::{self, failed},
    scim_list, scim_patch,
    scim_role_parts::{Form, Parts, SCHEMA},
    scim_role_scopes,
};
use crate::{realm::random, server::Site};

pub(crate) const BASE: &str = "/scim2/v2/Roles";
/// Where roles are in their old form.
pub(crate) const OLD: &str = "/scim2/Roles";

impl Form {
    fn base(self) -> &'static str {
        match self {
            Self::New => BASE,
            Self::Old => OLD,
        }
    }
}

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    answer_in(site, call, Form::New)
}

/// The interface in its old form. Served in `legacy_mode` only.
pub(crate) fn old(site: &Site, call: &Call) -> Reply {
    if site.settings.old_roles() { answer_in(site, call, Form::Old) } else { Reply::empty(404) }
}

fn answer_in(site: &Site, call: &Call, form: Form) -> Reply {
    let base = form.base();
    let searches = call.method == "POST" && call.below(base).as_deref() == Some(scim::SEARCH);
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
    let all = || site.realm.roles().iter().map(|(id, name)| document(site, form, id, name)).collect();
    if searches {
        return scim_list::list(call, all()).unwrap_or_else(|refusal| refusal);
    }
    let role = call.below(base).map(|id| site.realm.roles().into_iter().find(|(known, _)| *known == id));
    let done = match (call.method.as_str(), role) {
        ("GET", None) => scim_list::list(call, all()),
        ("POST", None) => create(site, call, form),
        (_, Some(None)) => Err(failed(404, "there is no such role")),
        ("GET", Some(Some((id, name)))) => Ok(scim::reply(200, &document(site, form, &id, &name))),
        ("PUT", Some(Some((id, name)))) => replace(site, call, form, &id, &name),
        ("PATCH", Some(Some((id, name)))) => patch(site, call, form, &id, &name),
        ("DELETE", Some(Some((id, _)))) => {
            site.realm.remove_role(&id);
            Ok(Reply::empty(204))
        }
        _ => Err(Reply::empty(405)),
    };
    done.unwrap_or_else(|refusal| refusal)
}

fn create(site: &Site, call: &Call, form: Form) -> Result<Reply, Reply> {
    let asked = scim::object(call)?;
    let name = asked.get("displayName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| failed(400, "displayName is missing"))?;
    if name.to_ascii_lowercase().starts_with("system_") && !site.settings.system_roles {
        return Err(failed(400, "names of roles may not begin with system_"));
    }
    let parts = Parts::read(form, &asked)?;
    parts.known(site)?;
    let id = random::uuid();
    if !site.realm.add_role(&id, name) {
        return Err(failed(409, "a role of that name exists already"));
    }
    parts.keep(site, name)?;
    Ok(scim::reply(201, &document(site, form, &id, name)).header("location", location(site, form, &id)))
}

/// The name of a role stays; what it carries and who holds it is what is sent.
fn replace(site: &Site, call: &Call, form: Form, id: &str, name: &str) -> Result<Reply, Reply> {
    let asked = scim::object(call)?;
    if asked.get("displayName").is_some_and(|asked| asked.as_str() != Some(name)) {
        return Err(failed(400, "a role cannot be renamed"));
    }
    Parts::read(form, &asked)?.keep(site, name)?;
    Ok(scim::reply(200, &document(site, form, id, name)))
}

/// All operations are carried out, or none.
fn patch(site: &Site, call: &Call, form: Form, id: &str, name: &str) -> Result<Reply, Reply> {
    let mut parts = Parts::of(site, form, name);
    for operation in scim_patch::operations(call)? {
        parts.apply(site, operation)?;
    }
    parts.keep(site, name)?;
    Ok(scim::reply(200, &document(site, form, id, name)))
}

fn document(site: &Site, form: Form, id: &str, name: &str) -> Value {
    let parts = Parts::of(site, form, name);
    let users = parts.users.iter().filter_map(|id| site.realm.user_by_id(id));
    let users: Vec<_> = users.map(|user| json!({ "value": user.id, "display": user.name })).collect();
    let mut role = json!({
        "schemas": [SCHEMA],
        "id": id,
        "displayName": name,
        "permissions": form.permissions(parts.permissions),
        "users": users,
        "groups": [],
        "meta": { "resourceType": "Role", "location": location(site, form, id) },
    });
    if form == Form::New {
        role["audience"] =
            json!({ "value": "10084a8d-113f-4211-a0d5-efe36b082211", "display": "Super", "type": "organization" });
    }
    role
}

fn location(site: &Site, form: Form, id: &str) -> String {
    site.managed_url(&format!("{}/{id}", form.base()))
}
