//! A token in the making: every method changes one thing, and `encode` writes it down.
//! What the pieces mean is said where they are: `signature`, `spelling`, `written`, `encrypted`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    change::ForgeryError,
    encrypted::Envelope,
    public_key::PublicKeyForm,
    raw_rsa::{PaddingFlaw, WeakKey},
    sheet::Sheet,
    signature::{Signature, SignatureFlaw, ZeroSignature},
    spelling::{Part, Spelling, spelt},
    written::Written,
};
use crate::realm::{Algorithm, SigningKey, jwt::Object};

/// A token in the making. What a method changed stays consistent with the rest only where its description says so.
#[derive(Debug, Clone)]
#[must_use]
pub struct Forgery {
    header: Sheet,
    claims: Sheet,
    signature: Signature,
    flaws: Vec<SignatureFlaw>,
    spellings: BTreeMap<Part, Spelling>,
    written: Written,
    /// Header and claims that a kept signature is over.
    kept: Option<(String, String)>,
    envelope: Option<(SigningKey, Envelope)>,
    suffix: String,
    now: u64,
    /// The first change that could not be made.
    refused: Option<ForgeryError>,
}

/// Starting, claims and times.
impl Forgery {
    pub(super) fn new(key: SigningKey, header: Object, claims: Object, now: u64) -> Self {
        let algorithm = key.algorithm();
        Self {
            header: Sheet::new("header", header),
            claims: Sheet::new("claims", claims),
            signature: Signature::Key(key, algorithm),
            flaws: Vec::new(),
            spellings: BTreeMap::new(),
            written: Written::Compact,
            kept: None,
            envelope: None,
            suffix: String::new(),
            now,
            refused: None,
        }
    }

    fn note(mut self, change: impl FnOnce(&mut Self) -> Result<(), ForgeryError>) -> Self {
        if let Err(error) = change(&mut self) {
            self.refused.get_or_insert(error);
        }
        self
    }

    /// The claims as they are now.
    pub fn claims(&self) -> &Object {
        self.claims.members()
    }

    /// With this claim, of any type.
    pub fn claim(self, name: &str, value: impl Into<Value>) -> Self {
        self.note(|token| token.claims.set(name, value.into()))
    }

    /// Without this claim, however often it stands there.
    pub fn without_claim(self, name: &str) -> Self {
        self.note(|token| token.claims.remove(name))
    }

    /// With this claim whose value stands in the token letter by letter, JSON or not: `1e400`, `"a\u0000b"`. It follows
    /// the others.
    pub fn raw_claim(self, name: &str, text: &str) -> Self {
        self.note(|token| token.claims.set_raw(name, text))
    }

    /// With this member written once more at the end of the claims, after those there are.
    pub fn duplicate_claim(self, name: &str, value: impl Into<Value>) -> Self {
        self.note(|token| token.claims.repeat(name, &value.into()))
    }

    /// With exactly these bytes as the claims, JSON or not: duplicate members, huge numbers, invalid UTF-8. Nothing can
    /// be changed in them afterwards.
    pub fn claims_text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.claims.replace(text.into());
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

    /// Issued this many seconds from now; before now when negative.
    pub fn issued_in(self, seconds: i64) -> Self {
        let at = self.now.saturating_add_signed(seconds);
        self.claim("iat", at)
    }

    /// Bound to the client certificate with this thumbprint (RFC 8705, section 3.1).
    pub fn bound_to_certificate(self, x5t_s256: &str) -> Self {
        self.claim("cnf", json!({ "x5t#S256": x5t_s256 }))
    }

    /// Bound to the key with this thumbprint (RFC 9449, section 6.1).
    pub fn bound_to_key(self, jkt: &str) -> Self {
        self.claim("cnf", json!({ "jkt": jkt }))
    }
}

/// The header.
impl Forgery {
    /// With this header member, of any type; the signature does not follow `alg` or `kid`.
    pub fn header(self, name: &str, value: impl Into<Value>) -> Self {
        self.note(|token| token.header.set(name, value.into()))
    }

    /// Without this header member, however often it stands there.
    pub fn without_header(self, name: &str) -> Self {
        self.note(|token| token.header.remove(name))
    }

    /// With this member written once more at the end of the header, after those there are.
    pub fn duplicate_header(self, name: &str, value: impl Into<Value>) -> Self {
        self.note(|token| token.header.repeat(name, &value.into()))
    }

    /// With exactly these bytes as the header, JSON or not. Nothing can be changed in them afterwards, so that a
    /// signature which `alg` or `kid` follow comes before.
    pub fn header_text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.header.replace(text.into());
        self
    }
}

/// The signature.
impl Forgery {
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

    /// Signed with a weak key, which `alg` and `kid` follow: right but for the weakness, if the key is published.
    pub fn signed_with_weak(mut self, key: WeakKey) -> Self {
        self.signature = Signature::Weak(key);
        self.header("alg", "RS256").header("kid", key.kid())
    }

    /// Signed with the same key by another algorithm of its family, which `alg` follows.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.signature = match self.signature {
            Signature::Key(key, _) => Signature::Key(key, algorithm),
            Signature::Hmac(secret, _) => Signature::Hmac(secret, algorithm),
            other => other,
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

    /// With a signature of two zeros, of the length that `alg` wants or in ASN.1; `alg` becomes ES256 unless it names an
    /// elliptic curve already.
    pub fn zero_signature(self, form: ZeroSignature) -> Self {
        let named = self.header.members().get("alg").and_then(Value::as_str).unwrap_or_default();
        let algorithm = named.parse().ok().filter(|named: &Algorithm| named.is_elliptic()).unwrap_or(Algorithm::ES256);
        self.signature(form.bytes(algorithm)).header("alg", format!("{algorithm:?}"))
    }

    /// With one bit of the right signature turned over.
    pub fn flipped_signature(self) -> Self {
        self.flawed_signature(SignatureFlaw::FlippedBit)
    }

    /// With this flaw in the right signature, on top of those there are.
    pub fn flawed_signature(mut self, flaw: SignatureFlaw) -> Self {
        self.flaws.push(flaw);
        self
    }

    /// Signed by RS256 over a message whose padding is wrong; by an RSA key.
    pub fn flawed_padding(self, flaw: PaddingFlaw) -> Self {
        self.note(|token| {
            let Signature::Key(key, _) = &token.signature else { return Err(ForgeryError::NoPadding) };
            token.signature = Signature::Padded(key.clone(), flaw);
            Ok(())
        })
    }

    /// With the signature over the token as it is now, whatever is changed in it afterwards.
    pub fn keep_signature(self) -> Self {
        let mut kept = self.note(|token| token.signature.impossible().map_or(Ok(()), Err));
        let (header, claims) = kept.signed_parts();
        kept.signature = Signature::Bytes(kept.signature.over(format!("{header}.{claims}").as_bytes()));
        kept.kept = Some((header, claims));
        kept
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
        let algorithm = format!("{:?}", key.algorithm());
        self.signed_with_other(key).header("alg", algorithm).header("jwk", key.entry())
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
}

/// Writing it down.
impl Forgery {
    /// With the signature's part spelt differently; the bytes it stands for are the same.
    pub fn spelling(self, spelling: Spelling) -> Self {
        self.spelling_of(Part::Signature, spelling)
    }

    /// With a part spelt differently; the bytes it stands for are the same. The signature is over the part as it is
    /// spelt.
    pub fn spelling_of(mut self, part: Part, spelling: Spelling) -> Self {
        self.spellings.insert(part, spelling);
        self
    }

    /// Written in this form.
    pub fn written(mut self, form: Written) -> Self {
        self.written = form;
        self
    }

    /// With this text behind the token, such as `.` or `.x`.
    pub fn followed_by(mut self, text: &str) -> Self {
        self.suffix.push_str(text);
        self
    }

    /// Within an encrypted token for this key.
    pub fn encrypted(mut self, key: &SigningKey, envelope: Envelope) -> Self {
        self.envelope = Some((key.clone(), envelope));
        self
    }

    /// The token's text.
    ///
    /// # Panics
    ///
    /// Where [`try_encode`](Self::try_encode) has an error: a test should not go on with another token than it ordered.
    pub fn encode(&self) -> String {
        self.try_encode().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The token's text.
    ///
    /// # Errors
    ///
    /// [`ForgeryError`] when a change could not be made: in a part that is a fixed text, or by a key of another family.
    pub fn try_encode(&self) -> Result<String, ForgeryError> {
        if let Some(error) = self.refused.clone().or_else(|| self.signature.impossible()) {
            return Err(error);
        }
        let (header, claims) = self.signed_parts();
        let signature = self.signature.over(format!("{header}.{claims}").as_bytes());
        let halves = matches!(&self.signature, Signature::Key(key, _) if key.algorithm().is_elliptic());
        let signature = self.flaws.iter().fold(signature, |signature, flaw| flaw.spoil(signature, halves));
        let signature = spelt(&signature, self.spelling_at(Part::Signature));
        let signed = self.kept.as_ref().map_or((&*header, &*claims), |(header, claims)| (header, claims));
        let token = self.written.down(&header, &claims, &signature, signed) + &self.suffix;
        Ok(match &self.envelope {
            None => token,
            Some((key, envelope)) => envelope.around(key, &self.claims.bytes(), &token),
        })
    }

    fn signed_parts(&self) -> (String, String) {
        let claims = spelt(&self.claims.bytes(), self.spelling_at(Part::Claims));
        (spelt(&self.header.bytes(), self.spelling_at(Part::Header)), claims)
    }

    fn spelling_at(&self, part: Part) -> Option<Spelling> {
        self.spellings.get(&part).copied()
    }
}
