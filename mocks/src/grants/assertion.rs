//! Signed assertions about a user (RFC 7523, section 3): read, verified, and turned into somebody.
//! Which error a fault becomes is the business of the grant that the assertion came with.

use serde_json::Value;

use crate::realm::{
    Algorithm, Realm, User, UserSpec, jwe,
    jwt::{self, Object},
    random,
    trusted_issuer::{TrustedIssuer, TrustedKeys},
};

/// What is wrong with an assertion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the assertion is no signed JWT")]
    Unreadable,
    #[error(transparent)]
    Irregular(#[from] jwt::Irregular),
    #[error("the token is encrypted, and tokens to be exchanged are not decrypted here")]
    Encrypted,
    #[error(transparent)]
    Sealed(#[from] jwe::Sealed),
    #[error("the assertion lacks the claim {0}")]
    Missing(&'static str),
    #[error("No Registered IDP found for the JWT with issuer name : {0}")]
    UnknownIssuer(String),
    #[error("the identity provider of the issuer {0} is not enabled")]
    DisabledIssuer(String),
    #[error("Signature or Message Authentication invalid")]
    Signature,
    #[error("the audience of the assertion is not this server")]
    Audience,
    #[error("JSON Web Token is expired")]
    Expired,
    #[error("the assertion is not valid yet")]
    Early,
    #[error("the assertion was issued in the future")]
    Ahead,
    #[error("the assertion was issued too long ago")]
    Old,
    #[error("the assertion was used before")]
    Replayed,
    #[error("the token is no longer active")]
    Ended,
    #[error("the subject is no user of this server")]
    NoUser,
    #[error("the account of the subject is locked")]
    Locked,
}

/// What an assertion has to be, beside well signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Whether one that names this audience will do, if the server itself issued it.
    pub(super) own_audience: Option<&'a str>,
    /// Whether old and repeated ones are refused.
    pub(super) fresh: bool,
    /// Whether one may be encrypted to a key of the server, with the signed JWT inside (RFC 7519, section 5.2).
    pub(super) encrypted: bool,
}

/// An assertion that holds.
#[derive(Debug)]
pub(super) struct Assertion {
    pub(super) claims: Object,
    /// Who vouches for it; `None` when the server itself issued it.
    issuer: Option<TrustedIssuer>,
}

impl Assertion {
    /// Verifies the text of an assertion.
    pub(super) fn verify(realm: &Realm, text: &str, rules: &Rules<'_>) -> Result<Self, Fault> {
        let unsealed;
        // Five parts are a JWE (RFC 7516, section 3.1), three a signed JWT.
        let text = match text.matches('.').count() {
            4 if !rules.encrypted => return Err(Fault::Encrypted),
            4 => {
                unsealed = jwe::open(realm.keys(), text)?;
                unsealed.as_str()
            }
            _ => text,
        };
        let (header, claims) = jwt::read_strictly(text, jwt::VOUCHING)?;
        let algorithm: Algorithm =
            header.get("alg").and_then(|alg| serde_json::from_value(alg.clone()).ok()).ok_or(Fault::Unreadable)?;
        let claim = |name: &'static str| filled(&claims, name).ok_or(Fault::Missing(name));
        let iss = claim("iss")?;
        claim("sub")?;
        let expires_at = claims.get("exp").and_then(seconds).ok_or(Fault::Missing("exp"))?;
        let audiences = audiences(&claims).ok_or(Fault::Missing("aud"))?;

        let issuer = if iss == realm.issuer() {
            None
        } else {
            let known = realm.trusted_issuer(iss).ok_or_else(|| Fault::UnknownIssuer(iss.to_owned()))?;
            if !known.enabled {
                return Err(Fault::DisabledIssuer(iss.to_owned()));
            }
            Some(known)
        };
        let own;
        let keys = match &issuer {
            Some(known) => &known.keys,
            None => {
                own = TrustedKeys::Ring(realm.keys().clone());
                &own
            }
        };
        let (message, signature) = text.rsplit_once('.').ok_or(Fault::Unreadable)?;
        let kid = header.get("kid").and_then(Value::as_str);
        if !keys.verify(kid, algorithm, message.as_bytes(), signature) {
            return Err(Fault::Signature);
        }
        if issuer.is_none() && realm.token(text).is_some() && realm.active_access(text).is_none() {
            return Err(Fault::Ended);
        }
        let meant = |audience: &&str| match issuer.as_ref().and_then(|known| known.alias.as_deref()) {
            Some(alias) => *audience == alias,
            None => {
                *audience == realm.issuer()
                    || realm.policy().token_endpoint.as_deref() == Some(*audience)
                    || (issuer.is_none() && rules.own_audience == Some(*audience))
            }
        };
        if !audiences.iter().any(meant) {
            return Err(Fault::Audience);
        }
        timely(realm, &claims, expires_at, rules)?;
        if rules.fresh
            && realm.policy().assertions_used_once
            && filled(&claims, "jti").is_some_and(|jti| !realm.use_assertion(iss, jti, expires_at))
        {
            return Err(Fault::Replayed);
        }
        Ok(Self { claims, issuer })
    }

    /// The user it speaks of.
    pub(super) fn user(&self, realm: &Realm) -> Result<User, Fault> {
        let subject = filled(&self.claims, "sub").unwrap_or_default();
        self::subject(realm, self.issuer.as_ref(), subject)
    }

    /// Whether the server itself issued it.
    pub(super) fn is_own(&self) -> bool {
        self.issuer.is_none()
    }
}

/// The user that an issuer means by this subject, or the server itself when `None`. Subjects of another issuer become
/// users of their own, so that none of them can pass for a local one, unless the registration says that they are the same.
pub(super) fn subject(realm: &Realm, issuer: Option<&TrustedIssuer>, subject: &str) -> Result<User, Fault> {
    let user = match issuer {
        Some(issuer) if !issuer.local_subjects => {
            let name = format!("{}/{subject}", issuer.name);
            realm.user(&name).unwrap_or_else(|| {
                let mut spec = UserSpec::new(name, random::text(32));
                subject.clone_into(&mut spec.0.id);
                realm.add_user(spec)
            })
        }
        _ => realm.user(subject).or_else(|| realm.user_by_id(subject)).ok_or(Fault::NoUser)?,
    };
    if user.active { Ok(user) } else { Err(Fault::Locked) }
}

fn timely(realm: &Realm, claims: &Object, expires_at: u64, rules: &Rules<'_>) -> Result<(), Fault> {
    let now = realm.now();
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => seconds(value).map(Some).ok_or(Fault::Unreadable),
    };
    if now >= expires_at {
        return Err(Fault::Expired);
    }
    if time("nbf")?.is_some_and(|from| now < from) {
        return Err(Fault::Early);
    }
    match time("iat")? {
        Some(issued_at) if issued_at > now => Err(Fault::Ahead),
        Some(issued_at) if rules.fresh => {
            let oldest = realm.policy().oldest_assertion.unwrap_or(u64::MAX);
            if now.saturating_sub(issued_at) > oldest { Err(Fault::Old) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

fn filled<'a>(claims: &'a Object, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A NumericDate (RFC 7519, section 2), which may have a fraction.
pub(super) fn seconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)?;
    // Times in tokens are small enough to be told exactly.
    value.as_u64().or(Some(seconds as u64))
}

/// The audiences, whether one or several.
pub(super) fn audiences(claims: &Object) -> Option<Vec<&str>> {
    match claims.get("aud")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(several) => Some(several.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}
