//! A JWT as a saboteur handles it: taken apart without judging, changed in one place, signed with a borrowed key.
//! Whether that should be done is for the saboteur to say.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use kmspec_mocks::{
    forge::Forge,
    realm::{KeyRing, SigningKey},
};
use serde_json::{Map, Value};

/// How long a prolonged token lives, in seconds.
pub(super) const AN_HOUR: u64 = 3600;

/// The parts of a compact JWT.
#[derive(Debug, Clone)]
pub(super) struct Token {
    header: Map<String, Value>,
    /// Header and claims as they stand in the token, with the dot between them.
    message: String,
    pub(super) claims: Map<String, Value>,
    pub(super) signature: String,
}

impl Token {
    /// Takes a token apart; `None` when it is no JWT.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let (header, claims) = (object(header)?, object(claims)?);
        Some(Self { header, message: message.to_owned(), claims, signature: signature.to_owned() })
    }

    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The published key that the header asks for: by its id where it gives one, and by its algorithm.
    pub(super) fn key_among(&self, keys: &KeyRing) -> Option<SigningKey> {
        let algorithm = self.header.get("alg")?.as_str()?;
        let asked = |key: &SigningKey| self.header.get("kid").is_none_or(|kid| *kid == key.kid());
        keys.published_keys().into_iter().find(|key| asked(key) && format!("{:?}", key.algorithm()) == algorithm)
    }

    /// Whether the header brings a key along, or says where to fetch one (RFC 7515, sections 4.1.2 to 4.1.6).
    pub(super) fn brings_a_key(&self) -> bool {
        ["jku", "jwk", "x5u", "x5c"].iter().any(|member| self.header.contains_key(*member))
    }

    /// Whether the signature is right under a key.
    pub(super) fn is_signed_by(&self, key: &SigningKey) -> bool {
        jsonwebtoken::DecodingKey::from_jwk(&key.jwk())
            .and_then(|public| {
                jsonwebtoken::crypto::verify(&self.signature, self.message.as_bytes(), &public, key.algorithm())
            })
            .unwrap_or(false)
    }

    /// Whether the key that the header asks for is the issuer's, and signed it.
    pub(super) fn is_signed_at(&self, issuer: &Forge) -> bool {
        self.key_among(issuer.keys()).is_some_and(|key| self.is_signed_by(&key))
    }

    /// The same token with one claim changed; its signature is wrong until it is [signed](Self::with_signature_of).
    pub(super) fn with_claim(&self, name: &str, value: Value) -> Self {
        let mut changed = self.clone();
        changed.claims.insert(name.to_owned(), value);
        let (header, _) = self.message.split_once('.').expect("a message is made of two parts");
        let claims = BASE64_URL_SAFE_NO_PAD.encode(Value::Object(changed.claims.clone()).to_string());
        changed.message = format!("{header}.{claims}");
        changed
    }

    /// The whole token, signed with a key.
    pub(super) fn with_signature_of(&self, key: &SigningKey) -> String {
        let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(self.message.as_bytes()));
        format!("{}.{signature}", self.message)
    }
}
