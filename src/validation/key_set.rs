//! The keys of one issuer, and which of them a token means.
//! Fetching the set and deciding when to fetch it again is the caller's business.

use serde_json::Value;

use super::{
    Algorithm, Key, Refusal,
    key::{KeyRefusal, KeyRefusal::DuplicateKid},
};

/// The keys of one issuer.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<Key>,
    refused: Vec<KeyRefusal>,
    /// A certificate's key is meant whatever `kid` a token names.
    kid_is_ignored: bool,
}

/// The text is not a JWK set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a JWK set: {0}")]
pub struct NotAKeySet(String);

impl KeySet {
    /// Reads a JWK set (RFC 7517, section 5). Entries that cannot verify signatures are left out, see [`Self::refused`];
    /// so are all entries of one name, as otherwise their order would decide.
    ///
    /// # Errors
    ///
    /// [`NotAKeySet`] when the text is no JSON object with an array `keys`.
    pub fn from_jwks(text: &str) -> Result<Self, NotAKeySet> {
        let set: Value = serde_json::from_str(text).map_err(|error| NotAKeySet(error.to_string()))?;
        let entries = set.get("keys").and_then(Value::as_array);
        let entries = entries.ok_or_else(|| NotAKeySet("it has no array `keys`".to_owned()))?;
        let mut keys = Self::default();
        for entry in entries {
            match claimed_twice(entry, entries).map_or_else(|| Key::from_jwk(entry), |kid| Err(DuplicateKid(kid))) {
                Ok(key) => keys.keys.push(key),
                Err(refusal) => keys.refused.push(refusal),
            }
        }
        Ok(keys)
    }

    /// The one key of a certificate: it is used whatever `kid` a token names.
    pub fn from_certificate_key(key: Key) -> Self {
        Self { keys: vec![key], refused: Vec::new(), kid_is_ignored: true }
    }

    /// A set of given keys.
    pub fn from_keys(keys: Vec<Key>) -> Self {
        Self { keys, ..Self::default() }
    }

    /// The keys that verify signatures.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Why entries were left out.
    pub fn refused(&self) -> &[KeyRefusal] {
        &self.refused
    }

    /// The key a token means.
    ///
    /// A named key is that key or none: never another one that happens to fit. Without a name it is the only key that
    /// allows the algorithm.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownKey`] and [`Refusal::AmbiguousKey`].
    pub(super) fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, Refusal> {
        match kid {
            _ if self.kid_is_ignored => self.keys.first().ok_or(Refusal::UnknownKey),
            Some(kid) => self.keys.iter().find(|key| key.kid() == Some(kid)).ok_or(Refusal::UnknownKey),
            None => {
                let mut suitable = self.keys.iter().filter(|key| key.allows(algorithm));
                match (suitable.next(), suitable.next()) {
                    (Some(only), None) => Ok(only),
                    _ => Err(Refusal::AmbiguousKey),
                }
            }
        }
    }
}

/// The entry's `kid`, when another entry of the set has it too.
fn claimed_twice(entry: &Value, entries: &[Value]) -> Option<String> {
    let kid = entry.get("kid")?.as_str()?;
    let claims = entries.iter().filter(|other| other.get("kid").and_then(Value::as_str) == Some(kid)).count();
    (claims > 1).then(|| kid.to_owned())
}
