//! A JWT from text to verdict: [`Parsed`], then [`Verified`] by a key of its issuer, then checked against the clock.
//! Which key manager an issuer belongs to, and what a verdict means over HTTP, is the caller's business.

use super::{Claims, KeySet, Policy, Refusal, base64url, compact::Compact, header::Header};

/// Longer tokens are refused unread.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The longest signature: RSA with 8192 bits.
const MAX_SIGNATURE_BYTES: usize = 1024;

/// A token that was read and not verified: use it to find its issuer's keys, and for nothing else.
#[derive(Debug)]
pub struct Parsed<'t> {
    parts: Compact<'t>,
    header: Header,
    claims: Claims,
}

/// A token whose signature was verified with a key of its issuer.
///
/// That says nothing of the time: [`Verified::check_at`] does, on every use.
#[derive(Debug, Clone)]
pub struct Verified {
    claims: Claims,
    /// The signature as the token spells it, where nothing else names the token.
    signature: Option<Box<str>>,
}

impl<'t> Parsed<'t> {
    /// Reads a compact JWT.
    ///
    /// # Errors
    ///
    /// The [`Refusal`]s about form: parts, base64url, JSON, header, types of registered claims.
    pub fn parse(token: &'t str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLong);
        }
        let parts = Compact::split(token)?;
        let mut buffer = [0; 512];
        let header = match base64url::decode_into(parts.header, &mut buffer) {
            Ok(bytes) => Header::parse(bytes)?,
            Err(_) => Header::parse(&base64url::decode(parts.header)?)?,
        };
        let claims = Claims::from_json(&base64url::decode(parts.payload)?)?;
        Ok(Self { parts, header, claims })
    }

    /// What the token says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the token claims, unverified.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Verifies the token with the keys of the policy's issuer and checks all that does not change with time.
    ///
    /// # Errors
    ///
    /// Every [`Refusal`] but those about form and time.
    pub fn verify(&self, keys: &KeySet, policy: &Policy) -> Result<Verified, Refusal> {
        if self.claims.issuer() != Some(policy.issuer.as_str()) {
            return Err(Refusal::WrongIssuer);
        }
        self.check_signature(keys, policy)?;
        self.claims.check_kinds(policy)?;
        check_kind(&self.header, &self.claims, policy)?;
        self.claims.expiry().ok_or(Refusal::NoExpiry)?;
        let signature = self.claims.token_id().is_none().then(|| self.parts.signature.into());
        Ok(Verified { claims: self.claims.clone(), signature })
    }

    fn check_signature(&self, keys: &KeySet, policy: &Policy) -> Result<(), Refusal> {
        let algorithm = self.header.alg.ok_or(Refusal::AlgorithmNotAllowed)?;
        let key = keys.select(self.header.kid.as_deref(), algorithm)?;
        let mut buffer = [0; MAX_SIGNATURE_BYTES];
        let signature = base64url::decode_into(self.parts.signature, &mut buffer)?;
        match key.verify(algorithm, policy.algorithms, self.parts.signed.as_bytes(), signature) {
            Some(true) => Ok(()),
            Some(false) => Err(Refusal::BadSignature),
            None => Err(Refusal::AlgorithmNotAllowed),
        }
    }
}

impl Verified {
    /// What the token claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What revocation lists call the token: its `jti`, else its signature.
    pub fn revocation_id(&self) -> &str {
        self.claims.token_id().or(self.signature.as_deref()).unwrap_or_default()
    }

    /// Compares the token with the clock (`now` in seconds since 1970). A token is good until `exp` plus the leeway,
    /// that instant not included.
    ///
    /// # Errors
    ///
    /// [`Refusal::Expired`], [`Refusal::NotYetValid`], [`Refusal::IssuedInFuture`], [`Refusal::NoExpiry`].
    pub fn check_at(&self, now: u64, policy: &Policy) -> Result<(), Refusal> {
        let expiry = self.claims.expiry().ok_or(Refusal::NoExpiry)?;
        let latest = now.saturating_add(policy.leeway);
        if now >= expiry.saturating_add(policy.leeway) {
            return Err(Refusal::Expired);
        }
        if self.claims.not_before().is_some_and(|instant| instant > latest) {
            return Err(Refusal::NotYetValid);
        }
        if self.claims.issued_at().is_some_and(|instant| instant > latest) {
            return Err(Refusal::IssuedInFuture);
        }
        Ok(())
    }
}

/// Reads, verifies and checks a token in one go.
///
/// # Errors
///
/// Any [`Refusal`].
pub fn validate(token: &str, keys: &KeySet, policy: &Policy, now: u64) -> Result<Verified, Refusal> {
    let verified = Parsed::parse(token)?.verify(keys, policy)?;
    verified.check_at(now, policy)?;
    Ok(verified)
}

/// Access tokens only (RFC 8725, sections 3.11 and 3.12), and only such as may be presented without proof of a key. One that
/// is bound to a client certificate is refused, too, unless the policy says that the caller compares certificates.
fn check_kind(header: &Header, claims: &Claims, policy: &Policy) -> Result<(), Refusal> {
    let fits = match header.typ.as_deref() {
        None => !policy.access_token_type_required,
        Some(typ) => {
            let typ = short(typ);
            typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("jwt") && !policy.access_token_type_required
        }
    };
    if !fits || claims.say_other_kind() {
        return Err(Refusal::NotAnAccessToken);
    }
    let provable = claims.value("cnf").is_none() || policy.certificate_bound && claims.bound_certificate().is_some();
    if provable { Ok(()) } else { Err(Refusal::BoundToKey) }
}

/// A media type without `application/`, the one prefix that may be left out (RFC 7515, section 4.1.9).
fn short(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    }
}
