//! A PATCH in SCIM (RFC 7644, section 3.5.2): its operations, and the paths that they name.
//! Which attributes there are, and what an operation does to them, is left to the resources.

use serde_json::Value;

use super::{
    call::{Call, Reply},
    scim::{self, failed},
};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Puts a value beside those that are there.
    Add,
    /// Puts a value in the place of those that are there.
    Replace,
    /// Takes values away.
    Remove,
}

/// One operation: what to do, at which path, with what. A removal may come without a value.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) act: Act,
    pub(crate) path: Option<String>,
    pub(crate) value: Option<Value>,
}

impl Operation {
    /// What is to be put there.
    ///
    /// # Errors
    ///
    /// 400 for a removal, which resources that cannot lose anything refuse, and when there is no value.
    pub(crate) fn put(self) -> Result<(Option<String>, Value), Reply> {
        match (self.act, self.value) {
            (Act::Remove, _) => Err(failed(400, "only add and replace are supported")),
            (_, Some(value)) => Ok((self.path, value)),
            (_, None) => Err(failed(400, "an operation has no value")),
        }
    }
}

/// The operations of a request, in their order.
///
/// # Errors
///
/// 400 when the body lists none, or one that is neither add nor replace nor remove.
pub(crate) fn operations(call: &Call) -> Result<Vec<Operation>, Reply> {
    let asked = scim::object(call)?;
    let operations = asked.get("Operations").and_then(Value::as_array).ok_or_else(|| failed(400, "no operations"))?;
    operations.iter().map(operation).collect()
}

fn operation(written: &Value) -> Result<Operation, Reply> {
    // Microsoft's clients begin the names with a capital, which the RFC allows.
    let act = match written.get("op").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase().as_str() {
        "add" => Act::Add,
        "replace" => Act::Replace,
        "remove" => Act::Remove,
        _ => return Err(failed(400, "only add, replace and remove are supported")),
    };
    let path = match written.get("path") {
        None => None,
        Some(path) => Some(path.as_str().ok_or_else(|| failed(400, "the path of an operation is no text"))?.to_owned()),
    };
    Ok(Operation { act, path, value: written.get("value").cloned() })
}

/// What a path names: an attribute, and perhaps which of its values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The attribute, in small letters: names of attributes are the same in any case (RFC 7643, section 2.1).
    pub(crate) attribute: String,
    /// `attribute[member eq value]`: the member, in small letters, and the value.
    pub(crate) chosen: Option<(String, String)>,
}

impl Target {
    /// Reads a path; the schema's name may stand before it.
    ///
    /// # Errors
    ///
    /// 400 for a filter that is not one comparison for equality, and for what goes deeper.
    pub(crate) fn read(path: &str, schema: &str) -> Result<Self, Reply> {
        let unclear = || failed(400, "the path of an operation is not supported");
        let own = path.strip_prefix(schema).and_then(|rest| rest.strip_prefix(':')).unwrap_or(path).trim();
        let (attribute, chosen) = match own.split_once('[') {
            None => (own, None),
            Some((attribute, filter)) => {
                let filter = filter.strip_suffix(']').ok_or_else(unclear)?;
                let (member, value) = equality(filter).ok_or_else(unclear)?;
                (attribute, Some((member.to_ascii_lowercase(), value)))
            }
        };
        let plain = !attribute.is_empty() && attribute.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if plain { Ok(Self { attribute: attribute.to_ascii_lowercase(), chosen }) } else { Err(unclear()) }
    }
}

/// `member eq value`, the value quoted or not.
fn equality(filter: &str) -> Option<(&str, String)> {
    let (member, rest) = filter.trim().split_once(' ')?;
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let value = scim::compared(value)?;
    operator.eq_ignore_ascii_case("eq").then_some((member, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_path_or_refused(text: String, attribute in "[a-z:.]{0,8}", filter: String) {
            for text in [text, format!("{attribute}[{filter}]"), format!("urn:x:Role:{attribute}[value eq {filter}]")] {
                if let Err(refusal) = Target::read(&text, "urn:x:Role") {
                    prop_assert_eq!(refusal.status, 400);
                }
            }
        }

        #[test]
        fn a_path_that_was_written_is_read_as_it_was(
            attribute in "[a-z][a-z0-9]{0,8}",
            member in "[a-z][a-z0-9]{0,8}",
            value: String,
            schema: bool,
            filtered: bool,
        ) {
            let schema = if schema { "urn:x:Role:" } else { "" };
            let filter = if filtered { format!("[{member} eq {}]", Value::from(value.as_str())) } else { String::new() };
            let chosen = filtered.then(|| (member.clone(), value));
            prop_assert_eq!(read(&format!("{schema}{attribute}{filter}")), Some(Target { attribute, chosen }));
        }
    }

    fn read(path: &str) -> Option<Target> {
        Target::read(path, "urn:x:Role").ok()
    }

    fn target(attribute: &str, chosen: Option<(&str, &str)>) -> Option<Target> {
        let chosen = chosen.map(|(member, value)| (member.to_owned(), value.to_owned()));
        Some(Target { attribute: attribute.to_owned(), chosen })
    }

    #[test]
    fn a_path_names_an_attribute_and_perhaps_one_of_its_values() {
        assert_eq!(read("users"), target("users", None));
        assert_eq!(read("urn:x:Role:Users"), target("users", None));
        assert_eq!(read("users[Value EQ \"a b\"]"), target("users", Some(("value", "a b"))));
        assert_eq!(read("users[display eq ann]"), target("users", Some(("display", "ann"))));
    }

    #[test]
    fn a_path_that_is_more_than_that_is_refused() {
        for path in
            ["", "users[value eq ann", "users[value sw a]", "users[value eq a].display", "name.givenName", "[a eq b]"]
        {
            assert_eq!(read(path), None, "{path}");
        }
    }
}
