//! The embedded test keys: making an RSA key takes tens of milliseconds, reading one takes none.
//! They are public knowledge and good for nothing but tests; their files say so.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use super::signing_key::{Algorithm, SigningKey};

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
    "rsa3072", RS256, "test_key_rsa_large.pem";
    "p256-amber", ES256, "test_key_p256_amber.pem";
    "p256-birch", ES256, "test_key_p256_birch.pem";
    "p256-cedar", ES256, "test_key_p256_cedar.pem";
    "p384-amber", ES384, "test_key_p384_amber.pem";
    "p384-birch", ES384, "test_key_p384_birch.pem";
    "ed25519-amber", EdDSA, "test_key_ed25519_amber.pem";
    "ed25519-birch", EdDSA, "test_key_ed25519_birch.pem";
    "ed25519-cedar", EdDSA, "test_key_ed25519_cedar.pem";
}

static PARSED: [OnceLock<SigningKey>; EMBEDDED.len()] = [const { OnceLock::new() }; EMBEDDED.len()];

/// The embedded key at this place, read on first use.
fn at(place: usize) -> SigningKey {
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
    /// Ed25519.
    Ed25519,
}

impl KeyFamily {
    fn prefix(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-",
            Self::P256 => "p256-",
            Self::P384 => "p384-",
            Self::Ed25519 => "ed25519-",
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

/// Another key of the family each time, in turn: servers started one after the other sign with different keys.
pub fn next(family: KeyFamily) -> SigningKey {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    nth(family, TURN.fetch_add(1, Ordering::Relaxed))
}

/// The key of the family at this place; the places go round.
pub fn nth(family: KeyFamily, place: usize) -> SigningKey {
    let places: Vec<_> = (0..EMBEDDED.len()).filter(|&each| EMBEDDED[each].0.starts_with(family.prefix())).collect();
    at(places[place % places.len()])
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

    #[test]
    fn neighbours_differ() {
        for family in [KeyFamily::Rsa, KeyFamily::P256, KeyFamily::P384, KeyFamily::Ed25519] {
            assert_ne!(nth(family, 0).kid(), nth(family, 1).kid());
        }
    }
}
