//! What the SCIM interfaces have in common (RFC 7644): media type, errors, lists, and the filters that are understood.
//! Profiles are in `scim_me`, users in `scim_users`, roles in `scim_roles`.

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

/// What is asked of a list, in the query of a GET or in the body of a search (RFC 7644, sections 3.4.2 and 3.4.3).
struct Search {
    filter: Option<String>,
    start: usize,
    count: usize,
}

impl Search {
    fn read(call: &Call) -> Result<Self, Reply> {
        if call.method == "GET" {
            let number = |name: &str| call.query_value(name).and_then(|value| value.parse::<usize>().ok());
            let (start, count) = (number("startIndex").unwrap_or(1), number("count").unwrap_or(usize::MAX));
            return Ok(Self { filter: call.query_value("filter"), start, count });
        }
        let asked = object(call)?;
        let number = |name: &str| asked.get(name).and_then(Value::as_u64).and_then(|value| usize::try_from(value).ok());
        let (start, count) = (number("startIndex").unwrap_or(1), number("count").unwrap_or(usize::MAX));
        Ok(Self { filter: asked.get("filter").and_then(Value::as_str).map(str::to_owned), start, count })
    }
}

/// A page of what fits the filter.
///
/// # Errors
///
/// 400 for a filter that is not `attribute eq value`.
pub(crate) fn list(call: &Call, all: Vec<Value>) -> Result<Reply, Reply> {
    let search = Search::read(call)?;
    let found = match search.filter {
        None => all,
        Some(filter) => {
            let (attribute, value) = equality(&filter).ok_or_else(|| failed(400, "the filter is not supported"))?;
            let fits = |each: &Value| each.get(attribute).and_then(Value::as_str) == Some(value);
            all.into_iter().filter(fits).collect()
        }
    };
    let start = search.start.max(1);
    let total = found.len();
    let page: Vec<_> = found.into_iter().skip(start - 1).take(search.count).collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    });
    Ok(reply(200, &body))
}

/// `attribute eq value`, the value quoted or not.
fn equality(filter: &str) -> Option<(&str, &str)> {
    let (attribute, rest) = filter.trim().split_once(' ')?;
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    operator.eq_ignore_ascii_case("eq").then_some((attribute, value))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_compares_one_attribute_with_one_value() {
        assert_eq!(equality("displayName eq \"a b\""), Some(("displayName", "a b")));
        assert_eq!(equality("userName EQ ann"), Some(("userName", "ann")));
        assert_eq!(equality("userName sw a"), None);
        assert_eq!(equality("userName"), None);
    }
}
