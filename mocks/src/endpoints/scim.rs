//! What the SCIM interfaces have in common (RFC 7644): media type, errors, and the operations of a PATCH.
//! Lists are in `scim_list`, profiles in `scim_me`, users in `scim_users`, roles in `scim_roles`.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use crate::realm::jwt::Object;

pub(crate) fn reply(status: u16, body: &Value) -> Reply {
    Reply::json(status, body).header("content-type", "application/scim+json")
}

pub(crate) fn failed(status: u16, detail: &str) -> Reply {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    reply(status, &json!({ "schemas": schemas, "status": status.to_string(), "detail": detail }))
}

/// Where a search is posted to, below a kind of resource.
pub(crate) const SEARCH: &str = ".search";

/// The body as an object.
pub(crate) fn object(call: &Call) -> Result<Object, Reply> {
    call.object().ok_or_else(|| failed(400, "the body is no JSON object"))
}

/// One operation of a PATCH (RFC 7644, section 3.5.2): what to do, at which path, with what.
pub(crate) struct Operation {
    pub(crate) replaces: bool,
    pub(crate) path: Option<String>,
    pub(crate) value: Value,
}

/// The operations of a PATCH; only `add` and `replace` are played.
pub(crate) fn operations(call: &Call) -> Result<Vec<Operation>, Reply> {
    let asked = object(call)?;
    let operations = asked.get("Operations").and_then(Value::as_array).ok_or_else(|| failed(400, "no operations"))?;
    let read = |operation: &Value| {
        let name = operation.get("op").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        if name != "add" && name != "replace" {
            return Err(failed(400, "only add and replace are supported"));
        }
        let path = operation.get("path").and_then(Value::as_str).map(str::to_owned);
        let value = operation.get("value").cloned().ok_or_else(|| failed(400, "an operation has no value"))?;
        Ok(Operation { replaces: name == "replace", path, value })
    };
    operations.iter().map(read).collect()
}
