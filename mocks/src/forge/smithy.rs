//! The forge: an issuer's name, keys and clock, and what can be made of them.
//! What may be changed in a token is in `forgery`.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::ThumbprintHash;
use serde_json::{Value, json};

use super::forgery::Forgery;
use crate::realm::{
    Clock, KeyPurpose, KeyRing, SigningKey,
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
            "exp": now.saturating_add(3_600),
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

    /// A proof that the sender holds a key (RFC 9449, section 4.2), for a request with this method to this URL. With
    /// the token that it goes with, it names the token's hash; the token should name the key's
    /// [thumbprint](Proof::thumbprint).
    pub fn proof(&self, key: &SigningKey, method: &str, url: &str, token: Option<&str>) -> Proof {
        let now = self.clock.now();
        let jwk: Object = object(key.entry()).into_iter().filter(|(name, _)| name != "kid" && name != "use").collect();
        let header = json!({ "typ": "dpop+jwt", "alg": format!("{:?}", key.algorithm()), "jwk": jwk });
        let mut claims = object(json!({ "jti": random::uuid(), "htm": method, "htu": url, "iat": now }));
        if let Some(token) = token {
            let hash = digest::digest(&digest::SHA256, token.as_bytes());
            claims.insert("ath".to_owned(), json!(URL_SAFE_NO_PAD.encode(hash)));
        }
        Proof { forgery: Forgery::new(key.clone(), object(header), claims, now), key: key.clone() }
    }

    /// So many dots and nothing else: what a splitter of tokens should not choke on.
    pub fn dots(count: usize) -> String {
        ".".repeat(count)
    }

    /// Values of `kid` that try to be a path, a query, an address or too much.
    pub fn kid_tricks() -> Vec<String> {
        let mut tricks: Vec<String> = [
            "../../../../../../dev/null",
            "/dev/null",
            "' UNION SELECT 'secret' -- ",
            "\" OR \"\"=\"",
            "http://localhost:1/keys",
            "file:///dev/null",
            "$(sleep 5)",
            "a\0b",
            "",
            " ",
        ]
        .map(str::to_owned)
        .to_vec();
        tricks.push("k".repeat(10_240));
        tricks
    }
}

/// A proof in the making, and the key it is about.
#[derive(Debug, Clone)]
#[must_use]
pub struct Proof {
    /// The proof, to be changed like any token.
    pub forgery: Forgery,
    key: SigningKey,
}

impl Proof {
    /// The proof's text.
    pub fn encode(&self) -> String {
        self.forgery.encode()
    }

    /// The thumbprint of its key, as a token bound to it names it in `cnf.jkt` (RFC 9449, section 6.1).
    pub fn thumbprint(&self) -> String {
        self.key.jwk().thumbprint(ThumbprintHash::SHA256).expect("the key is of a supported family")
    }
}
