//! What the SCIM interfaces have in common (RFC 7644): media type, errors, bodies.
//! Lists are in `scim_list`, changes in `scim_patch`, profiles in `scim_me`, users in `scim_users`, roles in `scim_roles`.

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

/// The value that an attribute is compared with (RFC 7644, section 3.4.2.2): a JSON text, or a word without quotes, which
/// some clients send.
pub(crate) fn compared(written: &str) -> Option<String> {
    match written.trim() {
        quoted if quoted.starts_with('"') => serde_json::from_str(quoted).ok(),
        word => (!word.is_empty() && !word.contains([' ', '"'])).then(|| word.to_owned()),
    }
}

/// The body as an object.
pub(crate) fn object(call: &Call) -> Result<Object, Reply> {
    call.object().ok_or_else(|| failed(400, "the body is no JSON object"))
}
