//! The scopes that a token needs to say what a role carries and who holds it, beside the one for the role itself
//! (WSO2 Identity Server 7, `roles-v2`). What is done with a role is in `scim_roles`.

use serde_json::Value;

use super::call::Call;

/// The parts of a role that have scopes of their own, and those.
const PARTS: [(&str, &str); 3] = [
    ("permissions", "internal_role_mgt_permissions_update"),
    ("users", "internal_role_mgt_users_update"),
    ("groups", "internal_role_mgt_groups_update"),
];

/// This scope, and those of the parts that the body speaks of.
pub(super) fn needed(call: &Call, scope: &str) -> Vec<String> {
    let body = call.object().unwrap_or_default();
    let operations = body.get("Operations").and_then(Value::as_array).into_iter().flatten();
    let in_operations = operations.flat_map(|operation| {
        let path = operation.get("path").and_then(Value::as_str).map(|path| first_word(path).to_owned());
        let members = operation.get("value").and_then(Value::as_object).map(|value| value.keys().cloned().collect());
        path.map_or_else(|| members.unwrap_or_else(Vec::new), |path| vec![path])
    });
    let filled = |value: &Value| value.as_array().is_none_or(|list| !list.is_empty());
    let in_body = body.iter().filter(|(_, value)| filled(value)).map(|(name, _)| name.clone());
    let spoken_of: Vec<String> = in_body.chain(in_operations).collect();
    let parts = PARTS.iter().filter(|(part, _)| spoken_of.iter().any(|name| name == part));
    std::iter::once(scope).chain(parts.map(|(_, scope)| *scope)).map(str::to_owned).collect()
}

/// The attribute of a path, without a filter or a sub-attribute (RFC 7644, section 3.5.2).
fn first_word(path: &str) -> &str {
    path.split(['[', '.']).next().unwrap_or_default()
}
