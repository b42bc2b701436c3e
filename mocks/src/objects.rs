//! Reading JSON so that what has members is an object at every depth: serde alone would read a list into a structure,
//! member after member, and leave out those that the list lacks.
//! What the members mean is left to the structures.

mod strict;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Error, Value};

use strict::Strict;

/// Reads a JSON text.
///
/// # Errors
///
/// Those of [`serde_json::from_slice`], and a list where a structure is expected.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    let mut source = serde_json::Deserializer::from_slice(text);
    let read = T::deserialize(Strict(&mut source))?;
    source.end().map(|()| read)
}

/// Reads a JSON value.
///
/// # Errors
///
/// Those of [`serde_json::from_value`], and a list where a structure is expected.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(Strict(value))
}

/// Reads a member that is told apart by a tag inside it: serde keeps such a one first, whatever it is.
///
/// # Errors
///
/// Those of the source, and all that is no object.
pub fn tagged<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<T, D::Error> {
    struct Object<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, written: &mut fmt::Formatter<'_>) -> fmt::Result {
            written.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }
    source.deserialize_map(Object(std::marker::PhantomData))
}

/// Reads a list of such.
///
/// # Errors
///
/// Those of the source, and a row that is no object.
pub fn all_tagged<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Row<T>(#[serde(deserialize_with = "tagged")] T);
    Ok(Vec::<Row<T>>::deserialize(source)?.into_iter().map(|Row(row)| row).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        rows: Vec<Inner>,
        #[serde(default)]
        named: BTreeMap<String, Inner>,
        #[serde(default)]
        chosen: Option<Choice>,
        #[serde(default)]
        pair: Option<(u8, Inner)>,
        #[serde(default)]
        free: Value,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        #[serde(default)]
        a: u8,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Choice {
        None,
        Held(Inner),
        Spelled { a: u8 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "kind")]
    enum Kind {
        One { a: u8 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Holder {
        #[serde(deserialize_with = "tagged")]
        kind: Kind,
        #[serde(default, deserialize_with = "all_tagged")]
        kinds: Vec<Kind>,
    }

    fn both<T: DeserializeOwned + fmt::Debug + PartialEq>(value: &Value) -> Option<T> {
        let (of_value, of_text) = (from_value(value.clone()), from_slice(value.to_string().as_bytes()));
        assert_eq!(of_value.as_ref().ok(), of_text.as_ref().ok(), "{value}");
        of_value.ok()
    }

    #[test]
    fn a_list_is_no_structure_at_any_depth() {
        for value in [
            json!([]),
            json!([{}]),
            json!({"inner": []}),
            json!({"inner": [1]}),
            json!({"rows": [[1]]}),
            json!({"rows": [{"a": 1}, []]}),
            json!({"named": {"x": [1]}}),
            json!({"chosen": {"Held": [1]}}),
            json!({"chosen": {"Spelled": [1]}}),
            json!({"pair": [1, [2]]}),
        ] {
            assert_eq!(both::<Outer>(&value), None, "{value}");
        }
        assert_eq!(both::<Holder>(&json!({"kind": ["One", 1]})), None);
        assert_eq!(both::<Holder>(&json!({"kind": {"kind": "One", "a": 1}, "kinds": [["One", 1]]})), None);
    }

    #[test]
    fn what_fits_is_read_as_ever() {
        let value = json!({
            "inner": {"a": 1}, "rows": [{"a": 2}], "named": {"x": {"a": 3}}, "chosen": {"Spelled": {"a": 4}},
            "pair": [5, {"a": 6}], "free": [[1.5], {"b": null}],
        });
        let read: Outer = both(&value).unwrap();
        assert_eq!((read.inner, read.rows), (Some(Inner { a: 1 }), vec![Inner { a: 2 }]));
        assert_eq!((read.chosen, read.pair), (Some(Choice::Spelled { a: 4 }), Some((5, Inner { a: 6 }))));
        assert_eq!(read.free, value["free"]);
        assert_eq!(both::<Outer>(&json!({"chosen": "None"})).unwrap().chosen, Some(Choice::None));
        assert_eq!(both::<Holder>(&json!({"kind": {"kind": "One", "a": 1}})).unwrap().kind, Kind::One { a: 1 });
        assert!(from_slice::<Outer>(b"{} x").is_err());
    }
}
