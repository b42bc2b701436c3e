//! The scope interface v1.0 of WSO2 Identity Server 7.
//! What a registered scope does to a token is the scope rule's decision.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::{numbered, permitted},
};
use crate::{
    realm::{Scope, jwt::Object, scope},
    server::Site,
};

pub(crate) const BASE: &str = "/api/identity/oauth2/v1.0/scopes";

/// What a scope is written with.
const MEMBERS: [&str; 5] = ["name", "displayName", "description", "bindings", "scopeBindings"];

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let permission = match call.method.as_str() {
        "POST" => "internal_oauth_scope_create",
        "GET" | "HEAD" => "internal_oauth_scope_view",
        "PUT" => "internal_oauth_scope_update",
        "DELETE" => "internal_oauth_scope_delete",
        _ => return Reply::empty(405),
    };
    if let Err(refusal) = permitted(site, call, permission) {
        return refusal;
    }
    let name = call.below(&format!("{BASE}/name"));
    match (call.method.as_str(), name) {
        ("POST", None) => create(site, call).unwrap_or_else(|refusal| refusal),
        ("GET", None) => list(site, call),
        ("GET", Some(name)) => found(site, &name, 200),
        ("HEAD", Some(name)) => Reply::empty(if site.realm.scope(&name).is_some() { 200 } else { 404 }),
        ("PUT", Some(name)) => update(site, call, &name).unwrap_or_else(|refusal| refusal),
        ("DELETE", Some(name)) => {
            match managed(&name, "41010").or_else(|| site.realm.remove_scope(&name).is_none().then(not_found)) {
                Some(refusal) => refusal,
                // The published interface says 204.
                None => Reply::empty(200),
            }
        }
        _ => Reply::empty(405),
    }
}

fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let scope = read(call, None, "41008")?;
    if site.realm.scope(&scope.name).is_some() {
        return Err(numbered(409, "41004", "a scope of that name exists already"));
    }
    // The reply to this one call names the inner lists differently.
    let reply =
        Reply::json(201, &document(&scope, "bindings")).header("location", format!("{BASE}/name/{}", scope.name));
    site.realm.add_scope(scope);
    Ok(reply)
}

fn update(site: &Site, call: &Call, name: &str) -> Result<Reply, Reply> {
    if let Some(refusal) = managed(name, "41009") {
        return Err(refusal);
    }
    if site.realm.scope(name).is_none() {
        return Err(not_found());
    }
    site.realm.add_scope(read(call, Some(name), "41009")?);
    Ok(found(site, name, 200))
}

fn list(site: &Site, call: &Call) -> Reply {
    let number = |name: &str| call.query_value(name).and_then(|value| value.parse::<usize>().ok());
    let count = number("count").unwrap_or(30).min(30);
    let skipped = number("startIndex").unwrap_or(1).saturating_sub(1);
    let mut known = site.realm.scopes();
    if call.query_value("includeOIDCScopes").as_deref() == Some("true") {
        let of_openid = scope::OPENID.into_iter().filter(|name| known.iter().all(|scope| scope.name != *name));
        let of_openid: Vec<_> = of_openid.map(of_openid_connect).collect();
        known.extend(of_openid);
    }
    let wanted = call.query_value("requestedScopes");
    let wanted: Option<Vec<&str>> = wanted.as_deref().map(|names| names.split_whitespace().collect());
    known.retain(|scope| wanted.as_ref().is_none_or(|wanted| wanted.contains(&scope.name.as_str())));
    let page: Vec<_> = known.iter().skip(skipped).take(count).map(|scope| document(scope, "binding")).collect();
    Reply::json(200, &Value::Array(page))
}

/// A scope that the server has without anybody having registered it.
fn of_openid_connect(name: &str) -> Scope {
    Scope { name: name.to_owned(), display_name: name.to_owned(), ..Scope::default() }
}

fn found(site: &Site, name: &str, status: u16) -> Reply {
    site.realm.scope(name).map_or_else(not_found, |scope| Reply::json(status, &document(&scope, "binding")))
}

fn not_found() -> Reply {
    numbered(404, "41003", "the scope was not found")
}

/// The server's own scopes cannot be touched.
fn managed(name: &str, code: &str) -> Option<Reply> {
    name.starts_with("internal_").then(|| numbered(403, code, "internal scopes are managed by the system"))
}

fn read(call: &Call, name: Option<&str>, code: &str) -> Result<Scope, Reply> {
    let asked = call.object().ok_or_else(|| numbered(400, "41005", "the scope is missing"))?;
    if let Some(unknown) = asked.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(numbered(400, "41007", &format!("the member {unknown} is not recognised")));
    }
    let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let scope = Scope {
        name: name.map_or_else(|| text("name"), str::to_owned),
        display_name: text("displayName"),
        description: asked.get("description").and_then(Value::as_str).map(str::to_owned),
        roles: bindings(&asked, "DEFAULT"),
        permissions: bindings(&asked, "PERMISSION"),
    };
    let refusal = match &scope {
        scope if scope.name.is_empty() => ("41001", "the scope's name is missing"),
        scope if scope.display_name.is_empty() => ("41002", "the scope's display name is missing"),
        scope if scope.name.contains(char::is_whitespace) => ("41006", "the scope's name holds white space"),
        scope if scope.name.contains(['?', '#', '/', '(', ')']) => {
            ("41011", "the scope's name holds a character that is not allowed")
        }
        scope if scope.name.chars().count() > 255 => ("41013", "the scope's name is too long"),
        scope if scope.display_name.chars().count() > 255 => ("41014", "the scope's display name is too long"),
        scope if scope.description.as_ref().is_some_and(|text| text.chars().count() > 512) => {
            ("41015", "the scope's description is too long")
        }
        scope => return managed(&scope.name, code).map_or_else(|| Ok(scope.clone()), Err),
    };
    Err(numbered(400, refusal.0, refusal.1))
}

/// The bindings of one type; those without a type are roles.
fn bindings(asked: &Object, kind: &str) -> Vec<String> {
    let texts = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let typed = asked.get("scopeBindings").and_then(Value::as_array).into_iter().flatten();
    let mut found: Vec<String> = typed
        .filter(|each| each.get("bindingType").and_then(Value::as_str) == Some(kind))
        .flat_map(|each| texts(each.get("binding")))
        .collect();
    if kind == "DEFAULT" && found.is_empty() {
        found = texts(asked.get("bindings"));
    }
    found
}

fn document(scope: &Scope, inner: &str) -> Value {
    let typed = [("DEFAULT", &scope.roles), ("PERMISSION", &scope.permissions)];
    let typed: Vec<_> = typed
        .iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(kind, list)| json!({ "bindingType": kind, inner: list }))
        .collect();
    let all: Vec<_> = scope.roles.iter().chain(&scope.permissions).collect();
    json!({
        "name": scope.name,
        "displayName": scope.display_name,
        "description": scope.description,
        "bindings": all,
        "scopeBindings": typed,
    })
}
