//! Users of WSO2 Identity Server 7's SCIM interface: search, create, read, replace, patch, delete.
//! One's own profile is in `scim_me`, which also writes a user down.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::permitted,
    scim::{self, failed},
    scim_list, scim_me, scim_patch,
};
use crate::{
    realm::{User, UserSpec, jwt::Object},
    server::Site,
};

pub(crate) const BASE: &str = "/scim2/Users";

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let below = call.below(BASE);
    let permission = match (call.method.as_str(), &below) {
        ("GET", None) => "internal_user_mgt_list",
        ("POST", Some(below)) if below == scim::SEARCH => "internal_user_mgt_list",
        ("GET", Some(_)) => "internal_user_mgt_view",
        ("POST", _) => "internal_user_mgt_create",
        ("PUT" | "PATCH", _) => "internal_user_mgt_update",
        ("DELETE", _) => "internal_user_mgt_delete",
        _ => return Reply::only("GET, POST, PUT, PATCH, DELETE"),
    };
    if let Err(refusal) = permitted(site, call, permission) {
        return refusal;
    }
    // The only user store is the primary one.
    let here = call.query_value("domain").is_none_or(|domain| domain.eq_ignore_ascii_case("PRIMARY"));
    let all = || site.realm.users().iter().filter(|_| here).map(|user| scim_me::document(site, user)).collect();
    if call.method == "POST" && below.as_deref() == Some(scim::SEARCH) {
        return scim_list::list(call, all()).unwrap_or_else(|refusal| refusal);
    }
    let user = below.map(|id| site.realm.user_by_id(&id));
    let done = match (call.method.as_str(), user) {
        ("GET", None) => scim_list::list(call, all()),
        ("POST", None) => create(site, call),
        (_, Some(None)) => Err(failed(404, "there is no such user")),
        ("GET", Some(Some(user))) => Ok(scim::reply(200, &scim_me::document(site, &user))),
        ("PUT", Some(Some(user))) => replace(site, call, &user),
        ("PATCH", Some(Some(user))) => patch(site, call, &user),
        ("DELETE", Some(Some(user))) => {
            site.realm.remove_user(&user.name);
            Ok(Reply::empty(204))
        }
        _ => Err(Reply::empty(405)),
    };
    done.unwrap_or_else(|refusal| refusal)
}

pub(super) fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked = scim::object(call)?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("userName").ok_or_else(|| failed(400, "userName is missing"))?;
    let password = text("password").ok_or_else(|| failed(400, "password is missing"))?;
    if site.realm.user(name).is_some() {
        return Err(failed(409, "a user of that name exists already"));
    }
    let mut spec = UserSpec::new(name, password);
    fill(&mut spec.0, &asked)?;
    let user = site.realm.add_user(spec);
    let location = site.managed_url(&format!("{BASE}/{}", user.id));
    Ok(scim::reply(201, &scim_me::document(site, &user)).header("location", location))
}

/// Takes the attributes that are sent for all there are; password and state stay as they are unless they are sent.
pub(super) fn replace(site: &Site, call: &Call, user: &User) -> Result<Reply, Reply> {
    let mut changed = user.clone();
    changed.claims.retain(|name, _| !["given_name", "family_name", "email"].contains(&name.as_str()));
    fill(&mut changed, &scim::object(call)?)?;
    keep(site, user, changed)
}

pub(super) fn patch(site: &Site, call: &Call, user: &User) -> Result<Reply, Reply> {
    let mut changed = user.clone();
    for operation in scim_patch::operations(call)? {
        let members = match operation.put()? {
            (Some(path), value) => match path.split_once('.') {
                Some((whole, part)) => Object::from_iter([(whole.to_owned(), json!({ part: value }))]),
                None => Object::from_iter([(path, value)]),
            },
            (None, Value::Object(members)) => members,
            (None, _) => return Err(failed(400, "an operation without a path needs an object")),
        };
        fill(&mut changed, &members)?;
    }
    keep(site, user, changed)
}

fn keep(site: &Site, user: &User, changed: User) -> Result<Reply, Reply> {
    let kept = site.realm.update_user(&user.name, |kept| *kept = changed);
    kept.map(|user| scim::reply(200, &scim_me::document(site, &user))).ok_or_else(|| failed(404, "the user is gone"))
}

/// Takes over the attributes that a user has here.
fn fill(user: &mut User, asked: &Object) -> Result<(), Reply> {
    for (name, value) in asked {
        match name.as_str() {
            // What cannot be changed, and what clients send back as they were told it.
            "schemas" | "userName" | "id" | "meta" | "roles" | "groups" => {}
            "password" => match value.as_str().filter(|text| !text.is_empty()) {
                Some(password) => password.clone_into(&mut user.password),
                None => return Err(failed(400, "the password is no text")),
            },
            "active" => user.active = value.as_bool().ok_or_else(|| failed(400, "active is no boolean"))?,
            "name" => {
                for (part, claim) in [("givenName", "given_name"), ("familyName", "family_name")] {
                    if let Some(text) = value.get(part).and_then(Value::as_str) {
                        user.claims.insert(claim.to_owned(), text.into());
                    }
                }
            }
            "emails" => {
                // Objects in the standard, plain texts from some clients.
                let first = value.get(0).and_then(|first| first.get("value").unwrap_or(first).as_str());
                let first = first.ok_or_else(|| failed(400, "the emails are malformed"))?;
                user.claims.insert("email".to_owned(), first.into());
            }
            other => return Err(failed(400, &format!("the attribute {other} is not supported"))),
        }
    }
    Ok(())
}
