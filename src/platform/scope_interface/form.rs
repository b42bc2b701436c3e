//! A scope as the scope interface spells it, read and written.
//! Keeping scopes is left to `calls`.

use std::collections::HashMap;

use kmspec_validation::ClaimValue;
use serde_json::{Map, Value, json};

use super::asked::{Refused, wrong};
use crate::{domain::Scope, resident::is_scope_name};

/// What a scope is written with.
const MEMBERS: [&str; 5] = ["name", "displayName", "description", "bindings", "scopeBindings"];

/// Most entries of one list.
const LONGEST_LIST: usize = 30;

/// The scope that a body describes. `named` is the scope of the path, whose name stays whatever the body says.
pub(super) fn read(body: &[u8], named: Option<&str>) -> Result<Scope, Refused> {
    // A member that comes twice would be read differently by different readers.
    let asked: Option<ClaimValue> = serde_json::from_slice(body).ok();
    let Some(Value::Object(asked)) = asked.map(|asked| asked.to_json()) else {
        return Err(wrong("41005", "the scope is missing: the body is no JSON object with each member once"));
    };
    if let Some(unknown) = asked.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(wrong("41007", format!("the member {unknown} is not recognised")));
    }
    let name = match named {
        // The publisher plane made some under names that could not be made here.
        Some(name) => name.to_owned(),
        None => new_name(&asked)?,
    };
    let display_name =
        text(&asked, "displayName")?.ok_or_else(|| wrong("41002", "the scope's display name is missing"))?;
    let description = as_sent(&asked, "description")?;
    let too_long = |text: &str, most: usize| text.chars().count() > most;
    if too_long(&display_name, 255) {
        return Err(wrong("41014", "the scope's display name is longer than 255 characters"));
    }
    if description.as_deref().is_some_and(|text| too_long(text, 512)) {
        return Err(wrong("41015", "the scope's description is longer than 512 characters"));
    }
    let bindings = roles(&asked)?;
    Ok(Scope { id: None, name, display_name: Some(display_name), description, bindings, usage_count: None })
}

fn new_name(asked: &Map<String, Value>) -> Result<String, Refused> {
    let name = text(asked, "name")?.ok_or_else(|| wrong("41001", "the scope's name is missing"))?;
    if name.contains(char::is_whitespace) {
        return Err(wrong("41006", "the scope's name holds white space"));
    }
    if name.contains(['?', '#', '/', '(', ')']) || !is_scope_name(&name) {
        return Err(wrong("41011", "the scope's name holds a character that is not allowed"));
    }
    if name.chars().count() > 255 {
        return Err(wrong("41013", "the scope's name is longer than 255 characters"));
    }
    Ok(name)
}

/// A member that is a text, if it is there and says something.
fn text(asked: &Map<String, Value>, member: &str) -> Result<Option<String>, Refused> {
    let sent = as_sent(asked, member)?;
    Ok(sent.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// A member that is a text, if it is there.
fn as_sent(asked: &Map<String, Value>, member: &str) -> Result<Option<String>, Refused> {
    match asked.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong("41005", format!("the member {member} is no text"))),
    }
}

/// The roles that may have the scope, from `bindings` or, where it says anything, from `scopeBindings`.
fn roles(asked: &Map<String, Value>) -> Result<Vec<String>, Refused> {
    let mut roles = texts(asked.get("bindings"), "bindings")?;
    let typed = match asked.get("scopeBindings") {
        None | Some(Value::Null) => return Ok(distinct(roles)),
        Some(Value::Array(typed)) => typed,
        Some(_) => return Err(wrong("41005", "the member scopeBindings is no list")),
    };
    for each in typed {
        if each.get("bindingType").and_then(Value::as_str) != Some("DEFAULT") {
            return Err(wrong("41005", "scopeBindings: scopes are bound to roles here, by the bindingType DEFAULT"));
        }
        roles.extend(texts(each.get("binding").or_else(|| each.get("bindings")), "scopeBindings")?);
    }
    Ok(distinct(roles))
}

fn texts(value: Option<&Value>, member: &str) -> Result<Vec<String>, Refused> {
    let value = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(value) => value.clone(),
    };
    serde_json::from_value(value).map_err(|_| wrong("41005", format!("the member {member} is no list of texts")))
}

fn distinct(mut roles: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    roles.retain(|role| !role.trim().is_empty() && seen.insert(role.clone()));
    roles
}

/// A scope as it is told.
pub(super) fn document(scope: &Scope) -> Value {
    described(scope, "binding")
}

/// A scope as it is told to whoever made it: the inner lists go by another name (sheet of the product's family, A.14).
pub(super) fn created(scope: &Scope) -> Value {
    described(scope, "bindings")
}

fn described(scope: &Scope, inner: &str) -> Value {
    let typed: Vec<Value> = match scope.bindings.is_empty() {
        true => Vec::new(),
        false => vec![json!({"bindingType": "DEFAULT", inner: scope.bindings})],
    };
    json!({
        "name": scope.name,
        "displayName": scope.display_name.as_ref().unwrap_or(&scope.name),
        "description": scope.description,
        "bindings": scope.bindings,
        "scopeBindings": typed,
    })
}

/// Which scopes of a tenant a query asks for: `requestedScopes` by name, `startIndex` from 1 and `count`.
pub(super) fn shown(query: &HashMap<String, String>, known: Vec<Scope>) -> Result<Vec<Value>, Refused> {
    let number = |name: &str, usual: usize| match query.get(name) {
        None => Ok(usual),
        Some(text) => text.parse::<usize>().map_err(|_| wrong("41005", format!("{name} is no number"))),
    };
    let count = number("count", LONGEST_LIST)?.min(LONGEST_LIST);
    let skipped = number("startIndex", 1)?.saturating_sub(1);
    let wanted: Option<Vec<&str>> = query.get("requestedScopes").map(|names| names.split_whitespace().collect());
    let asked = known.iter().filter(|scope| wanted.as_ref().is_none_or(|wanted| wanted.contains(&scope.name.as_str())));
    Ok(asked.skip(skipped).take(count).map(document).collect())
}
