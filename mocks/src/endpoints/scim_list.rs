//! Lists of the SCIM interfaces (RFC 7644, section 3.4): filters that compare one attribute, pages, and attributes left
//! out. What is in a list is for `scim_users` and `scim_roles` to say.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    scim::{compared, failed, object, reply},
};

/// What is asked of a list, in the query of a GET or in the body of a search (RFC 7644, sections 3.4.2 and 3.4.3).
struct Search {
    filter: Option<String>,
    start: usize,
    count: usize,
    attributes: Vec<String>,
    excluded: Vec<String>,
}

impl Search {
    fn read(call: &Call) -> Result<Self, Reply> {
        let asked = if call.method == "GET" { None } else { Some(object(call)?) };
        let text = |name: &str| match &asked {
            None => call.query_value(name),
            Some(body) => match body.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Array(texts) => Some(texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")),
                other => Some(other.to_string()),
            },
        };
        let number = |name: &str, otherwise: usize| match text(name).map(|text| text.parse::<i64>()) {
            None => Ok(otherwise),
            // What is too small counts as the smallest (RFC 7644, section 3.4.2.4).
            Some(Ok(number)) => Ok(usize::try_from(number).unwrap_or(0)),
            Some(Err(_)) => Err(failed(400, &format!("{name} is no number"))),
        };
        let names = |name: &str| -> Vec<String> {
            let names = text(name).unwrap_or_default();
            names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        Ok(Self {
            filter: text("filter"),
            start: number("startIndex", 1)?.max(1),
            count: number("count", usize::MAX)?,
            attributes: names("attributes"),
            excluded: names("excludedAttributes"),
        })
    }

    /// The resource with the attributes that were asked for; two of them always stay (RFC 7643, section 7).
    fn shown(&self, mut resource: Value) -> Value {
        let names = |list: &[String], name: &str| {
            list.iter().any(|each| each.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(name)))
        };
        if let Some(members) = resource.as_object_mut() {
            members.retain(|name, _| {
                let always = name == "schemas" || name == "id";
                always || (self.attributes.is_empty() || names(&self.attributes, name)) && !names(&self.excluded, name)
            });
        }
        resource
    }
}

/// A page of what fits the filter.
///
/// # Errors
///
/// 400 for a filter that does not compare one attribute with one value, and for what should be a number and is none.
pub(crate) fn list(call: &Call, all: Vec<Value>) -> Result<Reply, Reply> {
    let search = Search::read(call)?;
    let filter = match &search.filter {
        None => None,
        Some(text) => Some(Filter::read(text).ok_or_else(|| failed(400, "the filter is not supported"))?),
    };
    let found: Vec<_> = all.into_iter().filter(|each| filter.as_ref().is_none_or(|filter| filter.fits(each))).collect();
    let total = found.len();
    let page = found.into_iter().skip(search.start - 1).take(search.count).map(|each| search.shown(each));
    let page: Vec<_> = page.collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": search.start,
        "itemsPerPage": page.len(),
        "Resources": page,
    });
    Ok(reply(200, &body))
}

/// One attribute compared with one value, quoted or not (RFC 7644, section 3.4.2.2).
struct Filter {
    attribute: String,
    compare: fn(&str, &str) -> bool,
    value: String,
}

impl Filter {
    fn read(text: &str) -> Option<Self> {
        let (attribute, rest) = text.trim().split_once(' ')?;
        let (operator, value) = rest.trim_start().split_once(' ')?;
        let compare: fn(&str, &str) -> bool = match operator.to_ascii_lowercase().as_str() {
            "eq" => |held, value| held == value,
            "sw" => |held, value| held.starts_with(value),
            "ew" => |held, value| held.ends_with(value),
            "co" => |held, value| held.contains(value),
            _ => return None,
        };
        Some(Self { attribute: attribute.to_owned(), compare, value: compared(value)? })
    }

    fn fits(&self, resource: &Value) -> bool {
        let mut held = vec![resource];
        for name in self.attribute.split('.') {
            let inner = held.into_iter().filter_map(|each| each.get(name));
            held = inner
                .flat_map(|each| each.as_array().map_or_else(|| vec![each], |list| list.iter().collect()))
                .collect();
        }
        let texts = held.into_iter().filter_map(|each| each.as_str().or_else(|| each.get("value")?.as_str()));
        texts.into_iter().any(|text| (self.compare)(text, &self.value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_none(text: String, attribute in "[a-z.]{0,8}", value: String) {
            let resource = json!({ "a": { "b": ["c", { "value": "d" }] } });
            for text in [text, format!("{attribute} eq {value}"), format!("{attribute} co \"{value}")] {
                let _ = Filter::read(&text).map(|filter| filter.fits(&resource));
            }
        }

        #[test]
        fn a_filter_that_was_written_is_read_as_it_was(
            path in proptest::collection::vec("[a-zA-Z][a-zA-Z0-9_-]{0,5}", 1..4),
            operator in 0..4_usize,
            case: bool,
            value: String,
            blanks in " {1,3}",
        ) {
            let operator = ["eq", "sw", "ew", "co"][operator];
            let written = if case { operator.to_uppercase() } else { operator.to_owned() };
            let filter = Filter::read(&format!("{} {written}{blanks}{}", path.join("."), json!(value)));
            let filter = filter.expect("it is well-formed");
            prop_assert_eq!((&filter.attribute, &filter.value), (&path.join("."), &value));
            let resource = path.iter().rev().fold(json!(value), |inner, name| json!({ name.as_str(): inner }));
            prop_assert!(filter.fits(&resource));
            let other = format!("\u{1}{value}\u{1}");
            let resource = path.iter().rev().fold(json!(other), |inner, name| json!({ name.as_str(): inner }));
            prop_assert_eq!(filter.fits(&resource), operator == "co" || (value.is_empty() && operator != "eq"));
        }
    }

    #[test]
    fn a_filter_compares_one_attribute_with_one_value() {
        let user = json!({
            "userName": "ann lee", "name": { "givenName": "Ann" }, "emails": [{ "value": "ann@example.com" }],
        });
        for (text, fits) in [
            ("userName eq \"ann lee\"", Some(true)),
            ("userName EQ ann", Some(false)),
            ("userName sw ann", Some(true)),
            ("userName ew lee", Some(true)),
            ("userName co \"n l\"", Some(true)),
            ("userName co x", Some(false)),
            ("name.givenName eq Ann", Some(true)),
            ("emails eq ann@example.com", Some(true)),
            ("emails.value sw ann", Some(true)),
            ("nobody eq x", Some(false)),
            ("userName", None),
            ("userName gt a", None),
            ("userName eq a and userName eq b", None),
        ] {
            assert_eq!(Filter::read(text).map(|filter| filter.fits(&user)), fits, "{text}");
        }
    }
}
