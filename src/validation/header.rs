//! The JOSE header: what a token says of itself. Nothing it says chooses an algorithm or fetches a key.
//! `jwk`, `jku`, `x5u` and `x5c` are never looked at (RFC 8725, section 3.10).

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use super::{
    Algorithm, Refusal,
    json::{self, TextSlice, Value},
};

/// The header members that validation reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The algorithm, `None` when it is not one for public keys: `none`, `HS256`, anything unknown.
    pub alg: Option<Algorithm>,
    /// Which key signed, by its name.
    pub kid: Option<Box<str>>,
    /// What kind of token this is.
    pub typ: Option<Box<str>>,
}

impl Header {
    /// Reads a decoded header. Every token brings one, so it is read without a copy of what nobody asks for.
    ///
    /// # Errors
    ///
    /// [`Refusal::MalformedJson`], [`Refusal::MalformedHeader`] and, for any `crit`, [`Refusal::CriticalExtension`].
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let seen: Seen<'_> = json::parse(bytes)?;
        if seen.crit {
            return Err(Refusal::CriticalExtension);
        }
        let alg = seen.alg.text()?.ok_or(Refusal::MalformedHeader)?;
        Ok(Self {
            alg: Algorithm::named(&alg),
            kid: seen.kid.text()?.map(Into::into),
            typ: seen.typ.text()?.map(Into::into),
        })
    }
}

/// A header as it is read: names distinct, texts borrowed.
#[derive(Default)]
struct Seen<'de> {
    alg: Member<'de>,
    kid: Member<'de>,
    typ: Member<'de>,
    crit: bool,
    /// The names of all other members.
    others: Vec<Cow<'de, str>>,
}

/// A member that must be a text if it is there.
#[derive(Default)]
enum Member<'de> {
    #[default]
    Absent,
    Text(Cow<'de, str>),
    /// Of another type.
    Wrong,
}

impl<'de> Member<'de> {
    fn text(self) -> Result<Option<Cow<'de, str>>, Refusal> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Wrong => Err(Refusal::MalformedHeader),
        }
    }
}

impl<'de> Deserialize<'de> for Seen<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Seen<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JOSE header with distinct names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen<'de>, A::Error> {
                let mut seen = Seen::default();
                while let Some(TextSlice(name)) = map.next_key()? {
                    if !seen.take(name, map.next_value()?) {
                        return Err(A::Error::custom("a name occurs twice, or there are too many"));
                    }
                }
                Ok(seen)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'de> Seen<'de> {
    /// Notes a member; `false` when its name was there before.
    fn take(&mut self, name: Cow<'de, str>, value: Member<'de>) -> bool {
        let place = match name.as_ref() {
            "alg" => &mut self.alg,
            "kid" => &mut self.kid,
            "typ" => &mut self.typ,
            _ => {
                self.crit |= name == "crit";
                let is_new = self.others.len() < json::MAX_MEMBERS && !self.others.contains(&name);
                self.others.push(name);
                return is_new;
            }
        };
        matches!(std::mem::replace(place, value), Member::Absent)
    }
}

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Member<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Member<'de>, E> {
                Ok(Member::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Member<'de>, E> {
                Ok(Member::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Member<'de>, E> {
                Ok(Member::Wrong)
            }

            fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Member<'de>, E> {
                Ok(Member::Wrong)
            }

            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Member<'de>, E> {
                Ok(Member::Wrong)
            }

            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Member<'de>, E> {
                Ok(Member::Wrong)
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Member<'de>, E> {
                Ok(Member::Wrong)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Member<'de>, A::Error> {
                while list.next_element::<Value>()?.is_some() {}
                Ok(Member::Wrong)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Member<'de>, A::Error> {
                json::read_members(map).map(|_| Member::Wrong)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_without_a_textual_algorithm_or_with_critical_extensions_is_refused() {
        for (text, refusal) in [
            (r#"{}"#, Refusal::MalformedHeader),
            (r#"{"alg":1}"#, Refusal::MalformedHeader),
            (r#"{"alg":"RS256","kid":7}"#, Refusal::MalformedHeader),
            (r#"{"alg":"RS256","typ":null}"#, Refusal::MalformedHeader),
            (r#"{"alg":"RS256","alg":"RS256"}"#, Refusal::MalformedJson),
            (r#"{"alg":"RS256","kid":7,"kid":"k"}"#, Refusal::MalformedJson),
            (r#"{"alg":"RS256","x5t":"a","x5\u0074":"a"}"#, Refusal::MalformedJson),
            (r#"{"alg":"RS256","jwk":{"n":1,"n":1}}"#, Refusal::MalformedJson),
            (r#"{"alg":"RS256","x":[{"n":1,"n":1}]}"#, Refusal::MalformedJson),
            (r#"{"alg":"RS256","cr\u0069t":[]}"#, Refusal::CriticalExtension),
            (r#"{"alg":"RS256","crit":["x"],"x":1}"#, Refusal::CriticalExtension),
            (r#"{"alg":"RS256","crit":[]}"#, Refusal::CriticalExtension),
        ] {
            assert_eq!(Header::parse(text.as_bytes()), Err(refusal), "{text}");
        }
    }

    #[test]
    fn algorithms_for_shared_secrets_and_no_signature_are_no_algorithm() {
        for name in ["none", "None", "nOnE", "HS256", "HS512", "XX999", "", "rs256", "RS256 "] {
            assert_eq!(Header::parse(format!(r#"{{"alg":"{name}"}}"#).as_bytes()).unwrap().alg, None, "{name}");
        }
        assert_eq!(Header::parse(br#"{"alg":"ES384"}"#).unwrap().alg, Some(Algorithm::Es384));
    }

    #[test]
    fn members_of_any_kind_may_stand_beside_those_that_are_read() {
        let text = r#"{"x":null,"a":[1,{"b":-2}],"alg":"RS256","n":1.5,"t":true,"kid":"k\u0031","typ":"JWT","jwk":{}}"#;
        let header = Header::parse(text.as_bytes()).unwrap();
        assert_eq!((header.kid.as_deref(), header.typ.as_deref()), (Some("k1"), Some("JWT")));
        let many: String = (0..300).map(|n| format!("\"n{n}\":1,")).collect();
        assert_eq!(Header::parse(format!("{{{many}\"alg\":\"RS256\"}}").as_bytes()), Err(Refusal::MalformedJson));
    }
}
