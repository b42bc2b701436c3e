//! Compact JWTs (RFC 7519, RFC 7515 section 7.1): put together, and taken apart without judging them.
//! Wrong ones are the forge's trade.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
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
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    Some((object(header)?, object(claims)?))
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
    }
}
