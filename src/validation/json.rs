//! A JSON value read in one pass that refuses what two readers could read differently: names that occur twice.
//! What a claim means is [`super::claims`]' business, what a header member means [`super::header`]'s.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, Error, MapAccess, SeqAccess, Visitor},
};

use super::Refusal;

/// A JSON value whose objects have distinct names.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number; finite.
    Float(f64),
    /// A string.
    Text(Box<str>),
    /// An array.
    List(Vec<Value>),
    /// An object, in the order of the text.
    Object(Members),
}

/// The members of a JSON object, names distinct.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    entries: Vec<(Name, Value)>,
    /// Where the members with a usual name are, one higher; 0 where there is none. Finding them is most of the work of
    /// a check, so it takes no search.
    places: [u8; USUAL.len()],
}

#[derive(Debug, Clone, PartialEq)]
enum Name {
    /// Its place in [`USUAL`].
    Usual(u8),
    Other(Box<str>),
}

impl Name {
    fn text(&self) -> &str {
        match self {
            Self::Usual(place) => USUAL[usize::from(*place)],
            Self::Other(text) => text,
        }
    }
}

/// Reads one JSON value and nothing after it.
pub(super) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::MalformedJson)?;
    serde_json::from_str(text).map_err(|_| Refusal::MalformedJson)
}

impl Members {
    /// Reads a JSON object and nothing after it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        parse(bytes)
    }

    /// The value of the member with this name.
    pub fn member(&self, name: &str) -> Option<&Value> {
        match usual(name) {
            Some(place) => {
                let at = usize::from(self.places[usize::from(place)]).checked_sub(1)?;
                Some(&self.entries[at].1)
            }
            None => self
                .entries
                .iter()
                .find(|(each, _)| matches!(each, Name::Other(text) if **text == *name))
                .map(|(_, value)| value),
        }
    }

    /// Name and value of each member, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(name, value)| (name.text(), value))
    }
}

impl Value {
    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same value for `serde_json`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Text(text) => text.as_ref().into(),
            Self::List(values) => values.iter().map(Self::to_json).collect(),
            Self::Object(members) => members.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect(),
        }
    }
}

/// Names that most headers and claims have, or that are looked for in each.
const USUAL: [&str; 24] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "azp",
    "alg",
    "kid",
    "typ",
    "x5t",
    "scope",
    "client_id",
    "aut",
    "cnf",
    "crit",
    "scp",
    "cid",
    "token_use",
    "token_type",
    "at_hash",
    "c_hash",
    "consumerKey",
];

/// The place of a name in [`USUAL`].
#[inline]
fn usual(name: &str) -> Option<u8> {
    Some(match name {
        "iss" => 0,
        "sub" => 1,
        "aud" => 2,
        "exp" => 3,
        "iat" => 4,
        "nbf" => 5,
        "jti" => 6,
        "azp" => 7,
        "alg" => 8,
        "kid" => 9,
        "typ" => 10,
        "x5t" => 11,
        "scope" => 12,
        "client_id" => 13,
        "aut" => 14,
        "cnf" => 15,
        "crit" => 16,
        "scp" => 17,
        "cid" => 18,
        "token_use" => 19,
        "token_type" => 20,
        "at_hash" => 21,
        "c_hash" => 22,
        "consumerKey" => 23,
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Distinct;
        impl<'de> Visitor<'de> for Distinct {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object with distinct names")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Members, A::Error> {
                read_members(map)
            }
        }
        deserializer.deserialize_map(Distinct)
    }
}

pub(super) fn read_members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Members, A::Error> {
    let mut members = Members { entries: Vec::with_capacity(12), places: [0; USUAL.len()] };
    while let Some(TextSlice(name)) = map.next_key()? {
        if members.member(&name).is_some() {
            return Err(A::Error::custom("a name occurs twice"));
        }
        if members.entries.len() == MAX_MEMBERS {
            return Err(A::Error::custom("too many members"));
        }
        let name = match usual(&name) {
            Some(place) => {
                members.places[usize::from(place)] = members.entries.len() as u8 + 1;
                Name::Usual(place)
            }
            None => Name::Other(name.into()),
        };
        members.entries.push((name, map.next_value()?));
    }
    Ok(members)
}

/// Looking for a name that occurs twice is quadratic: more members than any honest token has are refused. Places
/// fit a byte for it.
pub(super) const MAX_MEMBERS: usize = 200;

/// A string, borrowed from the text where it holds no escapes.
pub(super) struct TextSlice<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for TextSlice<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Slice;
        impl<'de> Visitor<'de> for Slice {
            type Value = TextSlice<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<TextSlice<'de>, E> {
                Ok(TextSlice(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TextSlice<'de>, E> {
                Ok(TextSlice(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Slice)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        read_members(map).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_occurs_twice_is_refused_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"sub":"x","\u0073ub":"y"}"#,
            r#"{"cnf":{"jkt":1,"jkt":2}}"#,
            r#"{"list":[{"b":1,"b":1}]}"#,
        ] {
            assert_eq!(Members::parse(text.as_bytes()), Err(Refusal::MalformedJson), "{text}");
        }
        assert!(Members::parse(br#"{"a":{"b":1},"b":{"b":1}}"#).is_ok());
    }

    #[test]
    fn usual_names_stand_where_they_are_looked_for() {
        for (place, name) in USUAL.iter().enumerate() {
            assert_eq!(usual(name).map(usize::from), Some(place));
            let members = Members::parse(format!("{{\"other\":0,\"{name}\":7}}").as_bytes()).unwrap();
            assert_eq!(members.member(name), Some(&Value::Integer(7)));
            assert_eq!(members.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["other", name]);
            assert_eq!(members.member("absent"), None);
        }
    }

    #[test]
    fn what_is_not_one_json_object_is_refused() {
        for text in
            ["", "[]", "1", "{} {}", "{", "{\"a\":1e400}", "\u{feff}{}", r#"{"a":"\ud800"}"#, "{\"a\":\"\u{1}\"}"]
        {
            assert!(Members::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Members::parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(Members::parse("[".repeat(100_000).as_bytes()).is_err());
        let many: String = (0..300).map(|n| format!("\"n{n}\":1,")).collect();
        assert!(Members::parse(format!("{{{many}\"last\":1}}").as_bytes()).is_err());
    }
}
