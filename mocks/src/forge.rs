//! Tokens made to order, right or deliberately wrong, from an issuer, its keys and its clock; no server is needed.
//! Whether anybody should accept them is for others to say.

use aws_lc_rs::hmac;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::realm::{
    Algorithm, Clock, KeyPurpose, KeyRing, SigningKey,
    jwt::{self, Object},
    random,
    shape::object,
};

/// A forge for tokens of one issuer.
#[derive(Debug, Clone)]
pub struct Forge {
    issuer: String,
    keys: KeyRing,
    clock: Clock,
}

impl Forge {
    /// A forge that signs with these keys.
    pub fn new(issuer: impl Into<String>, keys: KeyRing, clock: Clock) -> Self {
        Self { issuer: issuer.into(), keys, clock }
    }

    /// The issuer whose tokens are made.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys that sign.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The clock that times are taken from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The nine claims and the header of an ordinary access token (RFC 9068), good for an hour, right in every way until
    /// something is changed.
    pub fn token(&self, client_id: &str, subject: &str) -> Forgery {
        let (key, now) = (self.keys.current(KeyPurpose::Access), self.clock.now());
        let header = json!({ "alg": format!("{:?}", key.algorithm()), "kid": key.kid(), "typ": "at+jwt" });
        let claims = json!({
            "iss": self.issuer,
            "sub": subject,
            "aud": client_id,
            "client_id": client_id,
            "azp": client_id,
            "scope": "default",
            "iat": now,
            "exp": now + 3_600,
            "jti": random::uuid(),
        });
        Forgery::new(key, object(header), object(claims), now)
    }

    /// A genuine token, to be changed; it is signed again with the key it names, or the current one. `None` when the
    /// text is no JWT.
    pub fn from_genuine(&self, token: &str) -> Option<Forgery> {
        let (header, claims) = jwt::read(token)?;
        let named = header.get("kid").and_then(Value::as_str).and_then(|kid| self.keys.key(kid));
        let key = named.unwrap_or_else(|| self.keys.current(KeyPurpose::Access));
        Some(Forgery::new(key, header, claims, self.clock.now()))
    }
}

/// How a forgery is signed.
#[derive(Debug, Clone)]
enum Signature {
    /// With the key, by the algorithm.
    Key(SigningKey, Algorithm),
    /// HMAC-SHA256 (384, 512 by algorithm) with these bytes as the secret.
    Hmac(Vec<u8>, Algorithm),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// The ways to write a public key down that a careless verifier takes for a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicKeyForm {
    /// SubjectPublicKeyInfo, PEM with its final line break.
    Pem,
    /// The same, without the final line break.
    PemTrimmed,
    /// SubjectPublicKeyInfo, DER.
    Der,
    /// The entry of the key set, as JSON text.
    Jwk,
    /// The modulus of an RSA key, or the coordinate `x` of another.
    Modulus,
    /// The certificate, PEM.
    CertificatePem,
}

impl PublicKeyForm {
    /// Every form.
    pub const ALL: [Self; 6] = [Self::Pem, Self::PemTrimmed, Self::Der, Self::Jwk, Self::Modulus, Self::CertificatePem];

    /// The key in this form.
    pub fn of(self, key: &SigningKey) -> Vec<u8> {
        let jwk = || serde_json::to_value(key.jwk()).expect("a key set entry is plain JSON");
        match self {
            Self::Pem => key.public_pem().into_bytes(),
            Self::PemTrimmed => key.public_pem().trim_end().as_bytes().to_vec(),
            Self::Der => key.public_der(),
            Self::Jwk => jwk().to_string().into_bytes(),
            Self::Modulus => {
                let jwk = jwk();
                let number = jwk.get("n").or_else(|| jwk.get("x")).and_then(Value::as_str).unwrap_or_default();
                URL_SAFE_NO_PAD.decode(number).unwrap_or_default()
            }
            Self::CertificatePem => key.certificate_pem().into_bytes(),
        }
    }
}

/// Other spellings of the same bytes that a strict base64url decoder refuses (RFC 7515, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// With `=` at the end.
    Padded,
    /// With `+` and `/`.
    StandardAlphabet,
    /// With the unused bits of the last character set.
    UnusedBits,
    /// With a line break in the middle.
    LineBreak,
}

/// A token in the making: every method changes one thing, [`encode`](Self::encode) writes it down. What a method
/// changed stays consistent with the rest only where its description says so.
#[derive(Debug, Clone)]
#[must_use]
pub struct Forgery {
    header: Object,
    claims: Object,
    header_text: Option<Vec<u8>>,
    claims_text: Option<Vec<u8>>,
    signature: Signature,
    flipped_bit: bool,
    spelling: Option<Spelling>,
    suffix: String,
    now: u64,
}

impl Forgery {
    fn new(key: SigningKey, header: Object, claims: Object, now: u64) -> Self {
        let algorithm = key.algorithm();
        Self {
            header,
            claims,
            header_text: None,
            claims_text: None,
            signature: Signature::Key(key, algorithm),
            flipped_bit: false,
            spelling: None,
            suffix: String::new(),
            now,
        }
    }

    /// With this claim, of any type.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without this claim.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// With these scopes, as a text.
    pub fn scope(self, scopes: &str) -> Self {
        self.claim("scope", scopes)
    }

    /// Expiring this many seconds from now; before now when negative.
    pub fn expires_in(self, seconds: i64) -> Self {
        let at = self.now.saturating_add_signed(seconds);
        self.claim("exp", at)
    }

    /// Good only from this many seconds from now.
    pub fn not_before_in(self, seconds: i64) -> Self {
        let at = self.now.saturating_add_signed(seconds);
        self.claim("nbf", at)
    }

    /// With this header member, of any type; the signature does not follow `alg` or `kid`.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Without this header member.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// With exactly these bytes as the header, JSON or not.
    pub fn header_text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.header_text = Some(text.into());
        self
    }

    /// With exactly these bytes as the claims, JSON or not: duplicate members, huge numbers, invalid UTF-8.
    pub fn claims_text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.claims_text = Some(text.into());
        self
    }

    /// With this member written a second time at the end of the claims, after the first one.
    pub fn duplicate_claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims_text = Some(with_duplicate(&self.claims, name, value.into()));
        self
    }

    /// With this member written a second time at the end of the header, after the first one.
    pub fn duplicate_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header_text = Some(with_duplicate(&self.header, name, value.into()));
        self
    }

    /// Signed with this key and its own algorithm, which `alg` and `kid` follow: right, if the key is published.
    pub fn signed_with(mut self, key: &SigningKey) -> Self {
        self.signature = Signature::Key(key.clone(), key.algorithm());
        let algorithm = format!("{:?}", key.algorithm());
        self.header("alg", algorithm).header("kid", key.kid())
    }

    /// Signed with this key, while the header goes on naming the other one.
    pub fn signed_with_other(mut self, key: &SigningKey) -> Self {
        self.signature = Signature::Key(key.clone(), key.algorithm());
        self
    }

    /// Signed with the same key by another algorithm of its family, which `alg` follows. An algorithm that the key
    /// cannot do leaves an empty signature.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.signature = match self.signature {
            Signature::Key(key, _) => Signature::Key(key, algorithm),
            Signature::Hmac(secret, _) => Signature::Hmac(secret, algorithm),
            bytes @ Signature::Bytes(_) => bytes,
        };
        self.header("alg", format!("{algorithm:?}"))
    }

    /// With `alg` set to this spelling of `none` and an empty signature.
    pub fn unsigned(mut self, none: &str) -> Self {
        self.signature = Signature::Bytes(Vec::new());
        self.header("alg", none)
    }

    /// With these bytes as the signature.
    pub fn signature(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.signature = Signature::Bytes(bytes.into());
        self
    }

    /// With nothing after the second dot, while `alg` stays.
    pub fn empty_signature(self) -> Self {
        self.signature(Vec::new())
    }

    /// With one bit of the right signature turned over.
    pub fn flipped_signature(mut self) -> Self {
        self.flipped_bit = true;
        self
    }

    /// With the signature over the claims as they are now, whatever is changed in them afterwards.
    pub fn keep_signature(mut self) -> Self {
        let signature = self.sign(self.signed_part().as_bytes());
        self.signature = Signature::Bytes(signature);
        self
    }

    /// Signed by HMAC with this secret, which `alg` follows.
    pub fn hmac(mut self, algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Self {
        self.signature = Signature::Hmac(secret.into(), algorithm);
        self.header("alg", format!("{algorithm:?}"))
    }

    /// Signed by HMAC-SHA256 with this form of the issuer's public key as the secret, which `alg` follows.
    pub fn hmac_with_public_key(self, key: &SigningKey, form: PublicKeyForm) -> Self {
        self.hmac(Algorithm::HS256, form.of(key))
    }

    /// Signed with a key that comes along in the header as `jwk`; `alg` follows, `kid` stays.
    pub fn with_embedded_key(self, key: &SigningKey) -> Self {
        let jwk = serde_json::to_value(key.jwk()).expect("a key set entry is plain JSON");
        let algorithm = format!("{:?}", key.algorithm());
        self.signed_with_other(key).header("alg", algorithm).header("jwk", jwk)
    }

    /// Signed with a key whose set the header points to by `jku` and `x5u`; `alg` and `kid` follow.
    pub fn with_key_url(self, key: &SigningKey, url: &str) -> Self {
        self.signed_with(key).header("jku", url).header("x5u", url)
    }

    /// Signed with a key whose self-made certificate comes along as `x5c`; `alg` follows, `kid` stays.
    pub fn with_certificate(self, key: &SigningKey) -> Self {
        let algorithm = format!("{:?}", key.algorithm());
        self.signed_with_other(key).header("alg", algorithm).header("x5c", json!([key.x5c()]))
    }

    /// With the signature's part spelt differently; the bytes it stands for are the same.
    pub fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = Some(spelling);
        self
    }

    /// With this text behind the token, such as `.` or `.x`.
    pub fn followed_by(mut self, text: &str) -> Self {
        self.suffix.push_str(text);
        self
    }

    /// The claims as they are now.
    pub fn claims(&self) -> &Object {
        &self.claims
    }

    /// The token's text.
    pub fn encode(&self) -> String {
        let mut token = self.signed_part();
        let mut signature = self.sign(token.as_bytes());
        if self.flipped_bit
            && let Some(byte) = signature.get_mut(0)
        {
            *byte ^= 1;
        }
        token.push('.');
        token.push_str(&spelt(&signature, self.spelling));
        token + &self.suffix
    }

    fn signed_part(&self) -> String {
        let part = |text: &Option<Vec<u8>>, object: &Object| match text {
            Some(text) => URL_SAFE_NO_PAD.encode(text),
            None => jwt::encode(object),
        };
        format!("{}.{}", part(&self.header_text, &self.header), part(&self.claims_text, &self.claims))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.signature {
            Signature::Key(key, algorithm) => key.sign_as(*algorithm, message).unwrap_or_default(),
            Signature::Bytes(bytes) => bytes.clone(),
            Signature::Hmac(secret, algorithm) => {
                let digest = match algorithm {
                    Algorithm::HS384 => hmac::HMAC_SHA384,
                    Algorithm::HS512 => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                hmac::sign(&hmac::Key::new(digest, secret), message).as_ref().to_vec()
            }
        }
    }
}

fn with_duplicate(object: &Object, name: &str, value: Value) -> Vec<u8> {
    let mut text = Value::Object(object.clone()).to_string();
    text.pop();
    format!("{text},{}:{value}}}", Value::String(name.to_owned())).into_bytes()
}

fn spelt(bytes: &[u8], spelling: Option<Spelling>) -> String {
    let plain = URL_SAFE_NO_PAD.encode(bytes);
    match spelling {
        None => plain,
        Some(Spelling::Padded) => format!("{plain}{}", "=".repeat((4 - plain.len() % 4) % 4)),
        Some(Spelling::StandardAlphabet) => STANDARD.encode(bytes).trim_end_matches('=').to_owned(),
        Some(Spelling::LineBreak) => format!("{}\n{}", &plain[..plain.len() / 2], &plain[plain.len() / 2..]),
        Some(Spelling::UnusedBits) => with_unused_bit(plain),
    }
}

/// The last character's lowest bit set: it stands for no data when the byte count is no multiple of three.
fn with_unused_bit(mut text: String) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if !text.len().is_multiple_of(4)
        && let Some(place) = text.pop().and_then(|last| ALPHABET.iter().position(|&each| char::from(each) == last))
    {
        text.push(char::from(ALPHABET[place | 1]));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jsonwebtoken::{DecodingKey, Validation, errors::ErrorKind};

    use super::*;
    use crate::realm::test_keys;

    fn forge() -> Forge {
        let keys = KeyRing::with_key(test_keys::named("rsa-amber").unwrap());
        Forge::new("https://issuer.test", keys, Clock::system())
    }

    fn judge(token: &str) -> Result<BTreeMap<String, Value>, ErrorKind> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_issuer(&["https://issuer.test"]);
        rules.set_audience(&["c1"]);
        let key = DecodingKey::from_jwk(&test_keys::named("rsa-amber").unwrap().jwk()).unwrap();
        jsonwebtoken::decode(token, &key, &rules).map(|token| token.claims).map_err(|error| error.kind().clone())
    }

    #[test]
    fn an_unchanged_token_is_right() {
        let claims = judge(&forge().token("c1", "ann").encode()).unwrap();
        assert_eq!(claims["sub"], "ann");
        assert_eq!(claims.len(), 9);
    }

    #[test]
    fn each_change_is_noticed_for_what_it_is() {
        let token = || forge().token("c1", "ann");
        assert_eq!(judge(&token().expires_in(-3_600).encode()), Err(ErrorKind::ExpiredSignature));
        assert_eq!(judge(&token().flipped_signature().encode()), Err(ErrorKind::InvalidSignature));
        assert_eq!(judge(&token().empty_signature().encode()), Err(ErrorKind::InvalidSignature));
        assert_eq!(judge(&token().keep_signature().claim("sub", "eve").encode()), Err(ErrorKind::InvalidSignature));
        let other = test_keys::named("rsa-birch").unwrap();
        assert_eq!(judge(&token().signed_with_other(&other).encode()), Err(ErrorKind::InvalidSignature));
        assert_eq!(judge(&token().algorithm(Algorithm::PS256).encode()), Err(ErrorKind::InvalidAlgorithm));
        assert!(judge(&token().unsigned("none").encode()).is_err());
        assert!(judge(&token().followed_by(".x").encode()).is_err());
    }

    #[test]
    fn the_public_key_forms_are_all_different_secrets_that_verify() {
        let key = test_keys::named("rsa-amber").unwrap();
        let mut tokens = std::collections::BTreeSet::new();
        for form in PublicKeyForm::ALL {
            let token = forge().token("c1", "ann").claim("jti", "one").hmac_with_public_key(&key, form).encode();
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let secret = DecodingKey::from_secret(&form.of(&key));
            assert!(jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &secret, Algorithm::HS256).unwrap());
            tokens.insert(signature.to_owned());
        }
        assert_eq!(tokens.len(), PublicKeyForm::ALL.len());
    }

    #[test]
    fn other_spellings_stand_for_the_same_bytes_and_differ() {
        let bytes: Vec<u8> = (0..=255).collect();
        let plain = spelt(&bytes, None);
        for spelling in [Spelling::Padded, Spelling::StandardAlphabet, Spelling::UnusedBits, Spelling::LineBreak] {
            assert_ne!(spelt(&bytes, Some(spelling)), plain, "{spelling:?}");
        }
    }

    #[test]
    fn a_duplicate_member_stands_twice_in_the_text() {
        let token = forge().token("c1", "ann").duplicate_claim("sub", "eve").encode();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        assert_eq!(String::from_utf8(claims).unwrap().matches("\"sub\"").count(), 2);
    }

    #[test]
    fn a_genuine_token_can_be_taken_up_and_changed() {
        let genuine = forge().token("c1", "ann").encode();
        let changed = forge().from_genuine(&genuine).unwrap().claim("sub", "eve").encode();
        assert_eq!(judge(&changed).unwrap()["sub"], "eve");
        assert!(forge().from_genuine("no-token").is_none());
    }
}
