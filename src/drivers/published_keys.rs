//! A published key set (RFC 7517), and tokens verified with it by `jsonwebtoken`; ES512, which that does not know, by `es512`.
//! The platform's own validation is not used here on purpose: a slip that both shared would go unseen.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::Jwk};
use serde_json::{Map, Value};

use super::{credentials::Token, es512};

/// The keys of a set, as served.
#[derive(Debug, Clone, PartialEq)]
pub struct KeySet {
    keys: Vec<Map<String, Value>>,
}

/// A token whose signature and times held.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedToken {
    /// Members of its header.
    pub header: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
}

/// Why a token does not verify; said to the reader of a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// It is no JWT at all.
    #[error("the token is opaque: it has no three parts with a JSON header")]
    Opaque,
    /// Its header cannot be used.
    #[error("its header cannot be used: {0}")]
    Header(String),
    /// No published key has the name.
    #[error("it names the key `{0}`, which the key set does not hold")]
    UnknownKey(String),
    /// It names no key, and there is more than one.
    #[error("it names no key, and the key set holds {0} that could be meant")]
    NoName(usize),
    /// The key is there and cannot be used.
    #[error("the key it names cannot be used: {0}")]
    Key(String),
    /// The check itself failed.
    #[error("it does not verify: {0}")]
    Signature(String),
}

impl KeySet {
    /// Reads the answer of a key set's address; `None` when it is no key set.
    pub fn read(body: &str) -> Option<Self> {
        let set: Value = serde_json::from_str(body).ok()?;
        let keys = set.get("keys")?.as_array()?.iter().map(|key| key.as_object().cloned()).collect::<Option<_>>()?;
        Some(Self { keys })
    }

    /// All keys, as served.
    pub fn keys(&self) -> &[Map<String, Value>] {
        &self.keys
    }

    /// The keys that signatures can be verified with: not marked for encryption, and of an asymmetric kind.
    pub fn signing(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.keys.iter().filter(|key| {
            text(key, "use").is_none_or(|purpose| purpose == "sig")
                && matches!(text(key, "kty"), Some("RSA" | "EC" | "OKP"))
        })
    }

    /// Verifies a token: the key by its `kid`, or the only one; signature, `exp` and `nbf`. Issuer and audience are for
    /// the caller to compare.
    ///
    /// # Errors
    ///
    /// [`Unverified`] says what is wrong with the token or with the key.
    pub fn verify(&self, token: &Token) -> Result<VerifiedToken, Unverified> {
        let raw_header = header_of(token).ok_or(Unverified::Opaque)?;
        if text(&raw_header, "alg") == Some(es512::NAME) {
            let key = self.named(text(&raw_header, "kid"))?;
            let claims = es512::verify(key, token.reveal())?;
            return Ok(VerifiedToken { header: raw_header, claims });
        }
        let header = decode_header(token.reveal()).map_err(|error| Unverified::Header(error.to_string()))?;
        if matches!(header.alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
            return Err(Unverified::Header(format!("{:?} is an algorithm with a shared secret", header.alg)));
        }
        let key = self.named(header.kid.as_deref())?;
        let unusable = |error: &dyn std::fmt::Display| Unverified::Key(error.to_string());
        let jwk: Jwk = serde_json::from_value(Value::Object(key.clone())).map_err(|error| unusable(&error))?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|error| unusable(&error))?;
        let mut rules = Validation::new(header.alg);
        rules.validate_aud = false;
        rules.validate_nbf = true;
        rules.required_spec_claims.clear();
        let decoded = decode::<Map<String, Value>>(token.reveal(), &key, &rules)
            .map_err(|error| Unverified::Signature(error.to_string()))?;
        Ok(VerifiedToken { header: raw_header, claims: decoded.claims })
    }

    fn named(&self, kid: Option<&str>) -> Result<&Map<String, Value>, Unverified> {
        let Some(kid) = kid else {
            let mut signing = self.signing();
            return match (signing.next(), signing.count()) {
                (Some(only), 0) => Ok(only),
                (None, _) => Err(Unverified::NoName(0)),
                (Some(_), others) => Err(Unverified::NoName(others + 1)),
            };
        };
        self.signing().find(|key| text(key, "kid") == Some(kid)).ok_or_else(|| Unverified::UnknownKey(kid.to_owned()))
    }
}

/// A member of a key that is a text.
pub fn text<'a>(key: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    key.get(member)?.as_str()
}

/// The header of a token in compact form; `None` when the token is opaque.
pub fn header_of(token: &Token) -> Option<Map<String, Value>> {
    let parts: Vec<&str> = token.reveal().split('.').collect();
    if parts.len() != 3 {
        return None;
    }
    decoded(parts[0])
}

/// The claims of a token in compact form, unverified; `None` when the token is opaque.
pub fn claims_of(token: &Token) -> Option<Map<String, Value>> {
    header_of(token)?;
    decoded(token.reveal().split('.').nth(1)?)
}

/// The token with its subject changed and the rest, signature included, as it was; `None` when it is opaque.
pub fn with_changed_claim(token: &Token) -> Option<Token> {
    use base64::Engine as _;
    let parts: Vec<&str> = token.reveal().split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return None };
    let mut claims = decoded(claims)?;
    claims.insert("sub".to_owned(), Value::from("somebody-else"));
    let text = serde_json::to_string(&claims).ok()?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    Some(Token(format!("{header}.{claims}.{signature}")))
}

/// The token up to its second dot; `None` when it is opaque.
pub fn without_signature(token: &Token) -> Option<Token> {
    header_of(token)?;
    token.reveal().rsplit_once('.').map(|(rest, _)| Token(format!("{rest}.")))
}

fn decoded(part: &str) -> Option<Map<String, Value>> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPAQUE: &str = "2YotnFZFEjr1zCsicMWpAA";
    /// RFC 7515, appendix A.3: ES256, without a `kid`, expired since 2011.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn set(keys: &[&str]) -> KeySet {
        KeySet::read(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap()
    }

    #[test]
    fn an_expired_token_is_told_from_a_forged_one() {
        let token = Token::from(ES256);
        let Unverified::Signature(expired) = set(&[KEY]).verify(&token).unwrap_err() else { panic!() };
        let forged = with_changed_claim(&token).unwrap();
        let Unverified::Signature(forged) = set(&[KEY]).verify(&forged).unwrap_err() else { panic!() };
        assert_eq!((expired.as_str(), forged.as_str()), ("ExpiredSignature", "InvalidSignature"));
    }

    #[test]
    fn a_token_without_a_name_needs_a_set_with_one_key() {
        assert_eq!(set(&[KEY, KEY]).verify(&ES256.into()), Err(Unverified::NoName(2)));
        assert_eq!(set(&[]).verify(&ES256.into()), Err(Unverified::NoName(0)));
    }

    #[test]
    fn an_opaque_token_is_called_that() {
        assert_eq!(set(&[KEY]).verify(&OPAQUE.into()), Err(Unverified::Opaque));
        assert_eq!((with_changed_claim(&OPAQUE.into()), without_signature(&OPAQUE.into())), (None, None));
    }

    #[test]
    fn keys_for_encryption_do_not_verify() {
        let key = KEY.replace(r#""kty""#, r#""use":"enc","kty""#);
        assert_eq!(set(&[&key]).signing().count(), 0);
    }
}
