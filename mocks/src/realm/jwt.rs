//! Compact JWTs (RFC 7519, RFC 7515 section 7.1): put together, and taken apart without judging them.
//! Wrong ones are the forge's trade.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::signing_key::SigningKey;

/// A JSON object, in the order its members were added.
pub type Object = Map<String, Value>;

/// A signed JWT; `alg` and `kid` are the key's, the rest of the header is given.
pub fn sign(key: &SigningKey, header: Object, claims: &Object) -> String {
    let mut whole = Object::new();
    whole.insert("alg".to_owned(), Value::String(format!("{:?}", key.algorithm())));
    whole.insert("kid".to_owned(), Value::String(key.kid().to_owned()));
    whole.extend(header);
    let mut token = encode(&whole);
    token.push('.');
    token.push_str(&encode(claims));
    let signature = key.sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// An object as it stands in a part of a token.
pub fn encode(object: &Object) -> String {
    URL_SAFE_NO_PAD.encode(Value::Object(object.clone()).to_string())
}

/// Header and claims of a token as they stand there; `None` when it is no JWT. Nothing is verified.
pub fn read(token: &str) -> Option<(Object, Object)> {
    let (header, claims) = parts(token)?;
    let object = |bytes: Vec<u8>| serde_json::from_slice(&bytes).ok();
    Some((object(header)?, object(claims)?))
}

/// Why a token is none that two readers would be sure to read alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Irregular {
    /// It has not three parts, of which two are JSON objects with distinct names (RFC 7519, section 4).
    #[error("the assertion is no signed JWT")]
    Form,
    /// It names extensions that must be understood (RFC 7515, section 4.1.11); none is known here.
    #[error("the assertion has critical extensions, and none is known here")]
    Critical,
    /// By its `typ` it is a token for another purpose (RFC 8725, section 3.11).
    #[error("the assertion is a token of another type")]
    Type,
    /// A registered claim is of the wrong kind (RFC 7519, section 4.1).
    #[error("the claim {0} of the assertion is malformed")]
    Claim(&'static str),
}

/// What the `typ` of an assertion about somebody else may be: access tokens vouch, too.
pub const VOUCHING: &[&str] = &["jwt", "at+jwt"];

/// What the `typ` of an assertion may be by which a client proves itself (RFC 7523, section 2.2, and its revision, which
/// names a type of its own). An access token never is one.
pub const PROVING: &[&str] = &["jwt", "client-authentication+jwt"];

/// The same for a token that is to vouch for somebody: whatever could be read in two ways is refused, and so is a `typ` that
/// is none of these. Nothing is verified.
///
/// # Errors
///
/// [`Irregular`].
pub fn read_strictly(token: &str, types: &[&str]) -> Result<(Object, Object), Irregular> {
    let (header, claims) = parts(token).ok_or(Irregular::Form)?;
    let object = |bytes: Vec<u8>| distinct(&bytes).ok_or(Irregular::Form);
    let (header, claims) = (object(header)?, object(claims)?);
    if header.contains_key("crit") {
        return Err(Irregular::Critical);
    }
    if !header.get("typ").is_none_or(|typ| typ.as_str().is_some_and(|typ| is_one_of(types, typ))) {
        return Err(Irregular::Type);
    }
    let wrong = KINDS.iter().find(|(name, fits)| claims.get(*name).is_some_and(|value| !fits(value)));
    match wrong {
        Some((name, _)) => Err(Irregular::Claim(name)),
        None => Ok((header, claims)),
    }
}

/// A JSON object whose names are distinct at any depth.
pub(super) fn distinct(bytes: &[u8]) -> Option<Object> {
    match serde_json::from_slice(bytes) {
        Ok(Distinct(Value::Object(object))) => Some(object),
        _ => None,
    }
}

/// The name of a registered claim, and what its value has to be.
type Kind = (&'static str, fn(&Value) -> bool);

/// What registered claims have to be.
const KINDS: [Kind; 7] = [
    ("iss", Value::is_string),
    ("sub", Value::is_string),
    ("jti", Value::is_string),
    ("aud", is_audience),
    ("exp", is_numeric_date),
    ("nbf", is_numeric_date),
    ("iat", is_numeric_date),
];

/// With or without `application/`, and in either case of letters (RFC 7515, section 4.1.9).
fn is_one_of(types: &[&str], typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    types.contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}

fn is_audience(value: &Value) -> bool {
    value.is_string() || value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
}

/// Seconds up to the year 9999: later instants are milliseconds, or a mistake.
fn is_numeric_date(value: &Value) -> bool {
    value.as_f64().is_some_and(|seconds| (0.0..=253_402_300_799.0).contains(&seconds))
}

/// Header and claims of a compact token as bytes.
fn parts(token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((URL_SAFE_NO_PAD.decode(header).ok()?, URL_SAFE_NO_PAD.decode(claims).ok()?))
}

/// A JSON value whose objects have distinct names, at any depth.
struct Distinct(Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctNames).map(Self)
    }
}

struct DistinctNames;

impl<'de> Visitor<'de> for DistinctNames {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value whose objects have distinct names")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Distinct(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Object::new();
        while let Some((name, Distinct(value))) = map.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::realm::test_keys;

    #[test]
    fn a_token_reads_back_and_carries_the_key_it_is_signed_with() {
        let claims = json!({"sub": "ann", "exp": 5}).as_object().unwrap().clone();
        let token = sign(&test_keys::named("p256-amber").unwrap(), Object::new(), &claims);
        let (header, read_claims) = read(&token).unwrap();
        assert_eq!(header["alg"], "ES256");
        assert_eq!(header["kid"], "p256-amber");
        assert_eq!(read_claims, claims);
        assert!(read("9fac7747-bb2d-46be-bef2-a95b2f69f8b2").is_none());
        assert_eq!(read_strictly(&token, VOUCHING), Ok((header, claims)));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused_where_a_token_vouches_for_somebody() {
        let strictly = |header: &str, claims: &str| {
            let (header, claims) = (URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            read_strictly(&format!("{header}.{claims}.c2ln"), VOUCHING).map(|_| ())
        };
        let (plain, empty) = (r#"{"alg":"RS256"}"#, "{}");
        for (header, claims, refusal) in [
            (r#"{"alg":"RS256","alg":"RS256"}"#, empty, Irregular::Form),
            (plain, r#"{"sub":"ann","sub":"eve"}"#, Irregular::Form),
            (plain, r#"{"sub":"ann","s\u0075b":"eve"}"#, Irregular::Form),
            (plain, r#"{"act":[{"sub":"ann","sub":"eve"}]}"#, Irregular::Form),
            (plain, "[]", Irregular::Form),
            (r#"{"crit":["x"]}"#, empty, Irregular::Critical),
            (r#"{"crit":[]}"#, empty, Irregular::Critical),
            (r#"{"crit":["b64"],"b64":false}"#, empty, Irregular::Critical),
            (r#"{"typ":"logout+jwt"}"#, empty, Irregular::Type),
            (r#"{"typ":"application/dpop+jwt"}"#, empty, Irregular::Type),
            (r#"{"typ":["JWT"]}"#, empty, Irregular::Type),
            (plain, r#"{"aud":["traders",5]}"#, Irregular::Claim("aud")),
            (plain, r#"{"aud":{"traders":1}}"#, Irregular::Claim("aud")),
            (plain, r#"{"exp":1e30}"#, Irregular::Claim("exp")),
            (plain, r#"{"exp":"5"}"#, Irregular::Claim("exp")),
            (plain, r#"{"nbf":-1}"#, Irregular::Claim("nbf")),
            (plain, r#"{"iat":null}"#, Irregular::Claim("iat")),
            (plain, r#"{"sub":7}"#, Irregular::Claim("sub")),
            (plain, r#"{"jti":7}"#, Irregular::Claim("jti")),
        ] {
            assert_eq!(strictly(header, claims), Err(refusal), "{header} {claims}");
        }
        for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt", "application/JWT"] {
            let claims = r#"{"aud":["a","b"],"exp":1700000000.5,"a":{"b":[null,true,-1,1.5,"x"]},"b":{}}"#;
            assert_eq!(strictly(&format!(r#"{{"typ":"{typ}"}}"#), claims), Ok(()), "{typ}");
        }
    }
}
