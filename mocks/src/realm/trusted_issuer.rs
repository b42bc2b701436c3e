//! Issuers whose tokens a server accepts as proof of who somebody is: a name, an `iss`, an audience, keys.
//! What such a token must look like is decided in `grants`.

use std::collections::BTreeMap;

use jsonwebtoken::{DecodingKey, jwk::JwkSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{algorithm::Algorithm, key_ring::KeyRing, state::Realm};
use crate::{
    kerberos::{KerberosError, ServiceDocument, ServicePrincipal},
    objects,
};

/// The keys of a trusted issuer.
#[derive(Debug, Clone)]
pub enum TrustedKeys {
    /// Those that a ring publishes now.
    Ring(KeyRing),
    /// A key set (RFC 7517).
    Set(JwkSet),
    /// An RSA certificate or public key, PEM.
    Pem(String),
    /// None: it signs nothing. Its tickets may still be good.
    Nothing,
}

/// An issuer that a server trusts.
#[derive(Debug, Clone)]
#[must_use]
pub struct TrustedIssuer {
    /// What the registration is called.
    pub name: String,
    /// The `iss` of its tokens, exactly.
    pub issuer: String,
    /// What its tokens must name as their audience; `None` stands for the server's issuer and token endpoint.
    pub alias: Option<String>,
    /// What its signatures are verified with.
    pub keys: TrustedKeys,
    /// Whether it is trusted at present.
    pub enabled: bool,
    /// Whether its subjects are users of the server, by name; otherwise each subject becomes a user of its own.
    pub local_subjects: bool,
    /// The service that the server is in a Kerberos realm, whose tickets are good here.
    pub kerberos: Option<ServicePrincipal>,
}

/// The keys of a trusted issuer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keys of the trusted issuer `{name}`: {cause}\nhint: give a JWK set, or an RSA certificate in PEM")]
pub struct UnreadableKeys {
    /// Name of the registration.
    pub name: String,
    /// What was wrong.
    pub cause: String,
}

/// What is written down of a trusted issuer makes none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableIssuer {
    /// Its keys cannot be read.
    #[error(transparent)]
    Keys(#[from] UnreadableKeys),
    /// Its Kerberos service is none.
    #[error(transparent)]
    Kerberos(#[from] KerberosError),
}

impl TrustedIssuer {
    /// An issuer with these keys, trusted from the start, whose subjects become users of their own.
    pub fn new(name: impl Into<String>, issuer: impl Into<String>, keys: TrustedKeys) -> Self {
        let (name, issuer) = (name.into(), issuer.into());
        Self { name, issuer, alias: None, keys, enabled: true, local_subjects: false, kerberos: None }
    }

    /// With tokens that must name this audience.
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// With subjects that are users of the server.
    pub fn local_subjects(mut self) -> Self {
        self.local_subjects = true;
        self
    }

    /// With the tickets of a Kerberos realm in which the server is this service. Where its subjects are users of the
    /// server, a principal of that realm is the user of its name.
    pub fn kerberos(mut self, service: ServicePrincipal) -> Self {
        self.kerberos = Some(service);
        self
    }

    /// Not trusted until it is enabled.
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }
}

impl TrustedKeys {
    /// Whether one of the keys made the signature. Shared secrets are no keys of an issuer.
    pub(crate) fn verify(&self, kid: Option<&str>, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        let named = |known: Option<&str>| kid.is_none() || known.is_none() || known == kid;
        match self {
            Self::Ring(ring) => ring
                .published_keys()
                .iter()
                .any(|key| named(Some(key.kid())) && algorithm.verifies(&key.jwk(), message, signature)),
            Self::Set(set) => set
                .keys
                .iter()
                .any(|jwk| named(jwk.common.key_id.as_deref()) && algorithm.verifies(jwk, message, signature)),
            Self::Pem(pem) => DecodingKey::from_rsa_pem(pem.as_bytes())
                .is_ok_and(|key| algorithm.verifies_by(&key, message, signature)),
            Self::Nothing => false,
        }
    }

    fn check(&self, name: &str) -> Result<(), UnreadableKeys> {
        let unreadable = |cause: String| Err(UnreadableKeys { name: name.to_owned(), cause });
        match self {
            Self::Ring(_) | Self::Nothing => Ok(()),
            Self::Set(set) if set.keys.is_empty() => unreadable("the key set is empty".to_owned()),
            Self::Set(set) => match set.keys.iter().find_map(|jwk| DecodingKey::from_jwk(jwk).err()) {
                Some(error) => unreadable(error.to_string()),
                None => Ok(()),
            },
            Self::Pem(pem) => {
                DecodingKey::from_rsa_pem(pem.as_bytes()).map(drop).or_else(|error| unreadable(error.to_string()))
            }
        }
    }
}

/// A trusted issuer as it is written down for the control interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuerDocument {
    /// What the registration is called.
    pub name: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The audience its tokens must name.
    #[serde(default)]
    pub alias: Option<String>,
    /// Its key set.
    #[serde(default)]
    pub jwks: Option<Value>,
    /// Its certificate, PEM.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Whether it is trusted.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether its subjects are users of the server.
    #[serde(default)]
    pub local_subjects: bool,
    /// The service that the server is in a Kerberos realm.
    #[serde(default)]
    pub kerberos: Option<ServiceDocument>,
}

fn yes() -> bool {
    true
}

impl TryFrom<TrustedIssuerDocument> for TrustedIssuer {
    type Error = UnreadableIssuer;

    fn try_from(document: TrustedIssuerDocument) -> Result<Self, UnreadableIssuer> {
        let unreadable = |cause: &str| UnreadableKeys { name: document.name.clone(), cause: cause.to_owned() };
        let keys = match (document.jwks, document.certificate) {
            (Some(set), None) => {
                TrustedKeys::Set(objects::from_value(set).map_err(|error| unreadable(&error.to_string()))?)
            }
            (None, Some(pem)) => TrustedKeys::Pem(pem),
            (None, None) if document.kerberos.is_some() => TrustedKeys::Nothing,
            _ => return Err(unreadable("exactly one of jwks and certificate is needed").into()),
        };
        let kerberos = document.kerberos.map(ServicePrincipal::try_from).transpose()?;
        let (alias, enabled, local_subjects) = (document.alias, document.enabled, document.local_subjects);
        Ok(Self { name: document.name, issuer: document.issuer, alias, keys, enabled, local_subjects, kerberos })
    }
}

/// Trusted issuers by name, and the assertions that were used.
#[derive(Default)]
pub(super) struct Trust {
    issuers: BTreeMap<String, TrustedIssuer>,
    used: BTreeMap<(String, String), u64>,
}

impl Realm {
    /// Trusts an issuer, or replaces the registration of its name.
    ///
    /// # Errors
    ///
    /// [`UnreadableKeys`] when nothing could be verified with its keys.
    pub fn trust(&self, issuer: TrustedIssuer) -> Result<(), UnreadableKeys> {
        issuer.keys.check(&issuer.name)?;
        self.trusted().issuers.insert(issuer.name.clone(), issuer);
        Ok(())
    }

    /// Forgets that an assertion was used, so that it can be used again; for seeded defects.
    pub(crate) fn forget_assertion(&self, text: &str) {
        let Some((_, claims)) = super::jwt::read(text) else { return };
        let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.trusted().used.remove(&(claim("iss"), claim("jti")));
    }

    /// Trusts an issuer no more; whether there was one of that name.
    pub fn distrust(&self, name: &str) -> bool {
        self.trusted().issuers.remove(name).is_some()
    }

    /// Every registration, ordered by name.
    pub fn trusted_issuers(&self) -> Vec<TrustedIssuer> {
        self.trusted().issuers.values().cloned().collect()
    }

    /// The registration for an `iss`: by the issuer, or failing that by the registration's name.
    pub(crate) fn trusted_issuer(&self, iss: &str) -> Option<TrustedIssuer> {
        let trust = self.trusted();
        trust.issuers.values().find(|known| known.issuer == iss).or_else(|| trust.issuers.get(iss)).cloned()
    }

    /// The identity provider of that entity id; what its registration is called does not matter.
    pub(crate) fn identity_provider(&self, entity_id: &str) -> Option<TrustedIssuer> {
        self.trusted().issuers.values().find(|known| known.issuer == entity_id).cloned()
    }

    /// Notes that an assertion was used; `false` when it was used before.
    pub(crate) fn use_assertion(&self, issuer: &str, jti: &str, expires_at: u64) -> bool {
        let now = self.now();
        let mut trust = self.trusted();
        trust.used.retain(|_, expires_at| now < *expires_at);
        trust.used.insert((issuer.to_owned(), jti.to_owned()), expires_at).is_none()
    }
}
