//! The embedded test keys: making an RSA key takes tens of milliseconds, reading one takes none.
//! They are public knowledge and good for nothing but tests; their files say so.

use std::sync::OnceLock;

use super::{algorithm::Algorithm, signing_key::SigningKey};

macro_rules! embedded {
    ($($name:literal, $algorithm:ident, $file:literal;)*) => {
        /// Name, algorithm and PEM text of every embedded key.
        const EMBEDDED: &[(&str, Algorithm, &str)] =
            &[$(($name, Algorithm::$algorithm, include_str!(concat!("test_keys/", $file)))),*];
    };
}

embedded! {
    "rsa-amber", RS256, "test_key_rsa_amber.pem";
    "rsa-birch", RS256, "test_key_rsa_birch.pem";
    "rsa-cedar", RS256, "test_key_rsa_cedar.pem";
    "rsa-delta", RS256, "test_key_rsa_delta.pem";
    "rsa-ember", RS256, "test_key_rsa_ember.pem";
    "rsa-fern", RS256, "test_key_rsa_fern.pem";
    "rsa-grove", RS256, "test_key_rsa_grove.pem";
    "rsa-heath", RS256, "test_key_rsa_heath.pem";
    "rsa-iris", RS256, "test_key_rsa_iris.pem";
    "rsa-jade", RS256, "test_key_rsa_jade.pem";
    "rsa-kelp", RS256, "test_key_rsa_kelp.pem";
    "rsa-lotus", RS256, "test_key_rsa_lotus.pem";
    "resident-amber", RS256, "test_key_resident_amber.pem";
    "resident-birch", RS256, "test_key_resident_birch.pem";
    "resident-cedar", RS256, "test_key_resident_cedar.pem";
    "resident-delta", RS256, "test_key_resident_delta.pem";
    "resident-ember", RS256, "test_key_resident_ember.pem";
    "resident-fern", RS256, "test_key_resident_fern.pem";
    "resident-grove", RS256, "test_key_resident_grove.pem";
    "resident-heath", RS256, "test_key_resident_heath.pem";
    "rsa3072", RS256, "test_key_rsa_large.pem";
    // Made the way of CVE-2017-15361; no chest hands it out.
    "weak-roca", RS256, "test_key_weak_roca.pem";
    "p256-amber", ES256, "test_key_p256_amber.pem";
    "p256-birch", ES256, "test_key_p256_birch.pem";
    "p256-cedar", ES256, "test_key_p256_cedar.pem";
    "p256-delta", ES256, "test_key_p256_delta.pem";
    "p256-ember", ES256, "test_key_p256_ember.pem";
    "p256-fern", ES256, "test_key_p256_fern.pem";
    "p384-amber", ES384, "test_key_p384_amber.pem";
    "p384-birch", ES384, "test_key_p384_birch.pem";
    "p384-cedar", ES384, "test_key_p384_cedar.pem";
    "p384-delta", ES384, "test_key_p384_delta.pem";
    "p521-amber", ES512, "test_key_p521_amber.pem";
    "p521-birch", ES512, "test_key_p521_birch.pem";
    "p521-cedar", ES512, "test_key_p521_cedar.pem";
    "p521-delta", ES512, "test_key_p521_delta.pem";
    "ed25519-amber", EdDSA, "test_key_ed25519_amber.pem";
    "ed25519-birch", EdDSA, "test_key_ed25519_birch.pem";
    "ed25519-cedar", EdDSA, "test_key_ed25519_cedar.pem";
    "ed25519-delta", EdDSA, "test_key_ed25519_delta.pem";
    "ed25519-ember", EdDSA, "test_key_ed25519_ember.pem";
    "ed25519-fern", EdDSA, "test_key_ed25519_fern.pem";
}

static PARSED: [OnceLock<SigningKey>; EMBEDDED.len()] = [const { OnceLock::new() }; EMBEDDED.len()];

/// The embedded key at this place, read on first use.
pub(super) fn at(place: usize) -> SigningKey {
    let (name, algorithm, pem) = EMBEDDED[place];
    let read = || SigningKey::from_pem(name, algorithm, pem).expect("embedded keys are well formed");
    PARSED[place].get_or_init(read).clone()
}

/// A family of keys, and so of algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyFamily {
    /// RSA of 2048 bits.
    Rsa,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// Ed25519.
    Ed25519,
}

impl KeyFamily {
    /// The family that signs with this algorithm.
    pub(super) fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::ES256 => Self::P256,
            Algorithm::ES384 => Self::P384,
            Algorithm::ES512 => Self::P521,
            Algorithm::EdDSA => Self::Ed25519,
            _ => Self::Rsa,
        }
    }
}

/// For whom embedded keys are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    /// Authorization servers on their own.
    Servers,
    /// Issuers built into a platform; RSA only.
    Residents,
}

impl Pool {
    fn prefix(self, family: KeyFamily) -> &'static str {
        match (self, family) {
            (Self::Residents, KeyFamily::Rsa) => "resident-",
            (_, KeyFamily::Rsa) => "rsa-",
            (_, KeyFamily::P256) => "p256-",
            (_, KeyFamily::P384) => "p384-",
            (_, KeyFamily::P521) => "p521-",
            (_, KeyFamily::Ed25519) => "ed25519-",
        }
    }
}

/// The names of every embedded key.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, ..)| *name)
}

/// The embedded key of that name; its id is its name.
pub fn named(name: &str) -> Option<SigningKey> {
    EMBEDDED.iter().position(|(known, ..)| *known == name).map(at)
}

/// Places of the embedded keys of a family that are set aside for these issuers.
pub(super) fn of(pool: Pool, family: KeyFamily) -> Vec<usize> {
    (0..EMBEDDED.len()).filter(|&place| EMBEDDED[place].0.starts_with(pool.prefix(family))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_embedded_key_reads_and_is_another_one() {
        let keys: BTreeSet<_> = names().map(|name| named(name).unwrap().public_der()).collect();
        assert_eq!(keys.len(), EMBEDDED.len());
        assert!(named("rsa-nobody").is_none());
    }
}
