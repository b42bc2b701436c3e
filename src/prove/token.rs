//! A JWT as a saboteur handles it: taken apart without judging, changed in one place, signed with a borrowed key.
//! Whether that should be done is for the saboteur to say.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use kmspec_mocks::{
    forge::Forge,
    realm::{Algorithm, KeyRing, SigningKey},
};
use serde_json::{Map, Value};

/// How long a prolonged token lives, in seconds.
pub(super) const AN_HOUR: u64 = 3600;

/// Claims that name the client, whoever issued the token.
pub(super) const CLIENT_CLAIMS: [&str; 6] = ["client_id", "azp", "cid", "consumerKey", "appid", "client_id_name"];

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

    /// A member of the header.
    pub(super) fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// A member of the header, when it is a text.
    pub(super) fn header_text(&self, name: &str) -> Option<&str> {
        self.header(name)?.as_str()
    }

    /// Whether some claim names this client.
    pub(super) fn names_client(&self, client: &str) -> bool {
        self.claims.values().any(|value| value == client)
    }

    /// A claim, when it is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// The bytes of the signature; `None` when they are not spelt as they should be.
    pub(super) fn signature_bytes(&self) -> Option<Vec<u8>> {
        BASE64_URL_SAFE_NO_PAD.decode(&self.signature).ok()
    }

    /// Header or claims as they stand in the token, decoded.
    pub(super) fn raw(&self) -> [String; 2] {
        let (header, claims) = self.message.split_once('.').expect("a message is made of two parts");
        [header, claims]
            .map(|part| String::from_utf8_lossy(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default()).into_owned())
    }

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
        key.verifies(self.message.as_bytes(), &self.signature)
    }

    /// Whether the signature is right under an entry of a key set, by the header's algorithm.
    pub(super) fn verifies_with(&self, entry: &jsonwebtoken::jwk::Jwk) -> bool {
        let algorithm = self.header_text("alg").and_then(|name| name.parse::<Algorithm>().ok());
        algorithm.is_some_and(|algorithm| algorithm.verifies(entry, self.message.as_bytes(), &self.signature))
    }

    /// Whether the key that the header asks for is the issuer's, and signed it.
    pub(super) fn is_signed_at(&self, issuer: &Forge) -> bool {
        self.key_among(issuer.keys()).is_some_and(|key| self.is_signed_by(&key))
    }

    /// The whole token as it is.
    pub(super) fn text_of(&self) -> String {
        format!("{}.{}", self.message, self.signature)
    }

    /// The same message under another signature.
    pub(super) fn with_signature(&self, signature: String) -> Self {
        Self { signature, ..self.clone() }
    }

    /// The same claims under another header; the signature is wrong until it is [signed](Self::with_signature_of).
    pub(super) fn with_header(&self, header: Value) -> Self {
        let Value::Object(header) = header else { return self.clone() };
        Self { header, ..self.clone() }.written()
    }

    /// The same token without a claim; its signature is wrong until it is [signed](Self::with_signature_of).
    pub(super) fn without_claim(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.claims.remove(name);
        changed.written()
    }

    /// With header and claims written down as they are now.
    fn written(mut self) -> Self {
        let part =
            |object: &Map<String, Value>| BASE64_URL_SAFE_NO_PAD.encode(Value::Object(object.clone()).to_string());
        self.message = format!("{}.{}", part(&self.header), part(&self.claims));
        self
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
