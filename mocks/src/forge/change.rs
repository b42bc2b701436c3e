//! Forgeries as they are written down for the control interface: a token to start from, and changes in order.
//! Each change is one method of `Forgery`, under its name.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Envelope, Forge, Forgery, PaddingFlaw, Part, PublicKeyForm, SignatureFlaw, Spelling, WeakKey, Written,
    ZeroSignature,
};
use crate::{
    objects,
    realm::{Algorithm, KeyChest, KeyPurpose, KeyRing, SigningKey, test_keys, test_keys::KeyFamily},
};

/// A forgery that cannot be made as it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeryError {
    /// The issuer has no key of that id.
    #[error("the issuer has no key with the id `{wanted}`\nhint: it has {known}")]
    UnknownKey {
        /// As asked for.
        wanted: String,
        /// Those it has.
        known: String,
    },
    /// No test key has that name.
    #[error("no test key is called `{0}`\nhint: rsa-amber, p256-amber, p384-amber and ed25519-amber are, and more")]
    UnknownTestKey(String),
    /// The text to start from is no JWT.
    #[error("the token to start from is no JWT\nhint: leave `genuine` out to start from a sound token")]
    NoToken,
    /// The order names two starts.
    #[error("`genuine` already says whose token it is\nhint: leave `client_id` and `subject` out")]
    TwoStarts,
    /// The part was replaced by a text, in which nothing can be changed.
    #[error(
        "the {part} is a text that stands as it was given, so that `{member}` cannot be changed in it\n\
         hint: put that change before `{part}-text`, or into the text"
    )]
    Fixed {
        /// `claims` or `header`.
        part: &'static str,
        /// What was to be changed.
        member: String,
    },
    /// The key cannot sign like that.
    #[error(
        "the key `{kid}` signs by {own} and cannot sign by {wanted}\n\
         hint: choose another key by `signed-with`; `header` changes `alg` alone"
    )]
    OtherFamily {
        /// The key's id.
        kid: String,
        /// Its own algorithm.
        own: String,
        /// As asked for.
        wanted: String,
    },
    /// HMAC by an algorithm that is none.
    #[error("{0} is no HMAC\nhint: HS256, HS384 and HS512 are")]
    NoHmac(String),
    /// A flaw in the padding of a signature that is not made by a key any more.
    #[error("`flawed-padding` needs a signature by an RSA key, and an earlier change put another one in its place")]
    NoPadding,
    /// Bytes that are no base64.
    #[error("`base64` holds something else: {0}")]
    NoBase64(String),
}

/// Bytes in JSON: a text as it is, or base64 for what no text can hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Octets {
    /// UTF-8.
    Text(String),
    /// Anything.
    Encoded {
        /// In base64 with padding.
        base64: String,
    },
}

impl Octets {
    fn bytes(self) -> Result<Vec<u8>, ForgeryError> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Encoded { base64 } => {
                STANDARD.decode(base64).map_err(|error| ForgeryError::NoBase64(error.to_string()))
            }
        }
    }
}

/// A key to sign with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeyChoice {
    /// The issuer's own, of that id, published or not.
    Kid(String),
    /// An embedded test key.
    TestKey(String),
    /// A key of that family which the issuer has not got.
    Foreign(KeyFamily),
}

impl KeyChoice {
    /// The key.
    pub(crate) fn of(self, ring: &KeyRing) -> Result<SigningKey, ForgeryError> {
        match self {
            Self::Kid(wanted) => ring.key(&wanted).ok_or_else(|| {
                let known = ring.published().join(", ");
                ForgeryError::UnknownKey { wanted, known }
            }),
            Self::TestKey(name) => test_keys::named(&name).ok_or(ForgeryError::UnknownTestKey(name)),
            Self::Foreign(family) => {
                let chest = KeyChest::default();
                ring.published_keys().iter().for_each(|key| chest.claim(key));
                Ok(chest.draw(family))
            }
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described at the method of `Forgery` that it is named for")]
pub enum Change {
    Claim { name: String, value: Value },
    WithoutClaim { name: String },
    RawClaim { name: String, text: String },
    DuplicateClaim { name: String, value: Value },
    ClaimsText { text: Octets },
    ExpiresIn { seconds: i64 },
    NotBeforeIn { seconds: i64 },
    IssuedIn { seconds: i64 },
    BoundToCertificate { thumbprint: String },
    BoundToKey { thumbprint: String },
    Header { name: String, value: Value },
    WithoutHeader { name: String },
    DuplicateHeader { name: String, value: Value },
    HeaderText { text: Octets },
    SignedWith { key: KeyChoice },
    SignedWithOther { key: KeyChoice },
    SignedWithWeak { key: WeakKey },
    Algorithm { algorithm: Algorithm },
    Unsigned { algorithm: String },
    Signature { bytes: Octets },
    EmptySignature,
    ZeroSignature { form: ZeroSignature },
    FlawedSignature { flaw: SignatureFlaw },
    FlawedPadding { flaw: PaddingFlaw },
    KeepSignature,
    Hmac { algorithm: Algorithm, secret: Octets },
    HmacWithPublicKey { form: PublicKeyForm },
    EmbeddedKey { key: KeyChoice },
    KeyUrl { key: KeyChoice, url: String },
    Certificate { key: KeyChoice },
    SpellingOf { part: Part, spelling: Spelling },
    Written { form: Written },
    FollowedBy { text: String },
    Encrypted { envelope: Envelope },
}

impl Change {
    /// Carries the change out; the issuer's keys are those that `kid` chooses from.
    ///
    /// # Errors
    ///
    /// [`ForgeryError`] when it names a key that there is not, or bytes that are none. What cannot be forged is found out
    /// by [`Forgery::try_encode`].
    pub fn apply(self, token: Forgery, ring: &KeyRing) -> Result<Forgery, ForgeryError> {
        let own = || ring.current(KeyPurpose::Access);
        Ok(match self {
            Self::Claim { name, value } => token.claim(&name, value),
            Self::WithoutClaim { name } => token.without_claim(&name),
            Self::RawClaim { name, text } => token.raw_claim(&name, &text),
            Self::DuplicateClaim { name, value } => token.duplicate_claim(&name, value),
            Self::ClaimsText { text } => token.claims_text(text.bytes()?),
            Self::ExpiresIn { seconds } => token.expires_in(seconds),
            Self::NotBeforeIn { seconds } => token.not_before_in(seconds),
            Self::IssuedIn { seconds } => token.issued_in(seconds),
            Self::BoundToCertificate { thumbprint } => token.bound_to_certificate(&thumbprint),
            Self::BoundToKey { thumbprint } => token.bound_to_key(&thumbprint),
            Self::Header { name, value } => token.header(&name, value),
            Self::WithoutHeader { name } => token.without_header(&name),
            Self::DuplicateHeader { name, value } => token.duplicate_header(&name, value),
            Self::HeaderText { text } => token.header_text(text.bytes()?),
            Self::SignedWith { key } => token.signed_with(&key.of(ring)?),
            Self::SignedWithOther { key } => token.signed_with_other(&key.of(ring)?),
            Self::SignedWithWeak { key } => token.signed_with_weak(key),
            Self::Algorithm { algorithm } => token.algorithm(algorithm),
            Self::Unsigned { algorithm } => token.unsigned(&algorithm),
            Self::Signature { bytes } => token.signature(bytes.bytes()?),
            Self::EmptySignature => token.empty_signature(),
            Self::ZeroSignature { form } => token.zero_signature(form),
            Self::FlawedSignature { flaw } => token.flawed_signature(flaw),
            Self::FlawedPadding { flaw } => token.flawed_padding(flaw),
            Self::KeepSignature => token.keep_signature(),
            Self::Hmac { algorithm, secret } => token.hmac(algorithm, secret.bytes()?),
            Self::HmacWithPublicKey { form } => token.hmac_with_public_key(&own(), form),
            Self::EmbeddedKey { key } => token.with_embedded_key(&key.of(ring)?),
            Self::KeyUrl { key, url } => token.with_key_url(&key.of(ring)?, &url),
            Self::Certificate { key } => token.with_certificate(&key.of(ring)?),
            Self::SpellingOf { part, spelling } => token.spelling_of(part, spelling),
            Self::Written { form } => token.written(form),
            Self::FollowedBy { text } => token.followed_by(&text),
            Self::Encrypted { envelope } => token.encrypted(&own(), envelope),
        })
    }
}

/// A forgery as it is ordered: from a sound token of the issuer, or from a genuine one, by these changes in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgeryOrder {
    /// For whom; `client` when left out.
    #[serde(default)]
    pub client_id: Option<String>,
    /// About whom; `somebody` when left out.
    #[serde(default)]
    pub subject: Option<String>,
    /// A token to start from instead.
    #[serde(default)]
    pub genuine: Option<String>,
    /// What is changed.
    #[serde(default, deserialize_with = "objects::all_tagged")]
    pub changes: Vec<Change>,
}

impl Forge {
    /// Makes what was ordered.
    ///
    /// # Errors
    ///
    /// [`ForgeryError`] when the order cannot be carried out.
    pub fn order(&self, order: ForgeryOrder) -> Result<String, ForgeryError> {
        let start = match (&order.genuine, &order.client_id, &order.subject) {
            (Some(genuine), None, None) => self.from_genuine(genuine).ok_or(ForgeryError::NoToken)?,
            (Some(_), ..) => return Err(ForgeryError::TwoStarts),
            (None, client, subject) => {
                self.token(client.as_deref().unwrap_or("client"), subject.as_deref().unwrap_or("somebody"))
            }
        };
        let made = order.changes.into_iter().try_fold(start, |token, change| change.apply(token, self.keys()))?;
        made.try_encode()
    }
}
