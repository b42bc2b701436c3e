//! Hands out test keys, none of them twice: whoever draws from one chest shares no key with the others who do.
//! Which key an issuer signs with at which time is decided by its ring.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    algorithm::Algorithm,
    signing_key::SigningKey,
    test_keys::{self, KeyFamily, Pool},
};

/// A chest of test keys; clones share it.
///
/// The issuers that one test brings together draw from one chest, for their first keys and at every rotation. A token
/// that is signed by the wrong one of them is then signed with a key that the right one has not got.
#[derive(Debug, Clone)]
pub struct KeyChest(Arc<Chest>);

#[derive(Debug)]
struct Chest {
    /// The embedded keys that it begins with; none where every key is made for the occasion.
    pool: Option<Pool>,
    /// Where the search begins, so that issuers that share no chest seldom share a key either.
    start: usize,
    /// Public keys that are taken.
    taken: Mutex<BTreeSet<Vec<u8>>>,
}

impl Default for KeyChest {
    fn default() -> Self {
        static TURN: AtomicUsize = AtomicUsize::new(0);
        Self::of(Some(Pool::Servers), TURN.fetch_add(1, Ordering::Relaxed))
    }
}

impl KeyChest {
    /// A chest with the keys that are set aside for the issuer built into a platform; no other chest has them.
    pub fn resident() -> Self {
        Self::of(Some(Pool::Residents), 0)
    }

    /// A chest whose keys nobody has seen before: another process draws others. An RSA key takes tens of milliseconds.
    pub fn fresh() -> Self {
        Self::of(None, 0)
    }

    fn of(pool: Option<Pool>, start: usize) -> Self {
        Self(Arc::new(Chest { pool, start, taken: Mutex::default() }))
    }

    /// A key of the family that was not drawn before: an embedded one, or one made for the occasion when all are taken.
    pub fn draw(&self, family: KeyFamily) -> SigningKey {
        let embedded = self.0.pool.map(|pool| test_keys::of(pool, family)).unwrap_or_default();
        let mut taken = self.taken();
        let turns = (0..embedded.len()).map(|turn| embedded[(self.0.start + turn) % embedded.len()]);
        let free = turns.map(test_keys::at).find(|key| !taken.contains(&key.public_der()));
        let key = free.unwrap_or_else(|| generate(family));
        taken.insert(key.public_der());
        key
    }

    /// Takes a key that came from elsewhere, so that it is not drawn.
    pub fn claim(&self, key: &SigningKey) {
        self.taken().insert(key.public_der());
    }

    /// Puts a key back that nobody uses any more.
    pub fn put_back(&self, key: &SigningKey) {
        self.taken().remove(&key.public_der());
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<Vec<u8>>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key nobody has seen before; tens of milliseconds for RSA.
fn generate(family: KeyFamily) -> SigningKey {
    let (made, algorithm) = match family {
        KeyFamily::Rsa => {
            (rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048), Algorithm::RS256)
        }
        KeyFamily::P256 => (rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256), Algorithm::ES256),
        KeyFamily::P384 => (rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384), Algorithm::ES384),
        KeyFamily::P521 => (rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512), Algorithm::ES512),
        KeyFamily::Ed25519 => (rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519), Algorithm::EdDSA),
    };
    let pem = made.expect("the operating system supplies randomness").serialize_pem();
    SigningKey::from_pem("generated", algorithm, &pem).expect("a generated key is well formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILIES: [KeyFamily; 5] =
        [KeyFamily::Rsa, KeyFamily::P256, KeyFamily::P384, KeyFamily::P521, KeyFamily::Ed25519];

    #[test]
    fn nothing_is_drawn_twice_not_even_when_the_embedded_keys_are_used_up() {
        for family in FAMILIES {
            let chest = KeyChest::default();
            let drawn: BTreeSet<_> = (0..14).map(|_| chest.draw(family).public_der()).collect();
            assert_eq!(drawn.len(), 14, "{family:?}");
        }
    }

    #[test]
    fn servers_and_resident_issuers_draw_from_different_keys() {
        let (servers, residents) = (KeyChest::default(), KeyChest::resident());
        let drawn =
            |chest: &KeyChest| (0..14).map(|_| chest.draw(KeyFamily::Rsa).public_der()).collect::<BTreeSet<_>>();
        assert!(drawn(&servers).is_disjoint(&drawn(&residents)));
    }

    #[test]
    fn a_fresh_chest_has_keys_that_no_other_process_has() {
        let embedded: BTreeSet<_> =
            test_keys::names().map(|name| test_keys::named(name).unwrap().public_der()).collect();
        let (one, other) = (KeyChest::fresh(), KeyChest::fresh());
        for family in FAMILIES {
            let drawn = [one.draw(family), one.draw(family), other.draw(family)].map(|key| key.public_der());
            assert_eq!(BTreeSet::from(drawn.clone()).len(), 3, "{family:?}");
            assert!(drawn.iter().all(|key| !embedded.contains(key)), "{family:?}");
        }
    }

    #[test]
    fn a_claimed_key_is_not_drawn_until_it_is_put_back() {
        let chest = KeyChest::resident();
        let first = KeyChest::resident().draw(KeyFamily::Rsa);
        chest.claim(&first);
        assert_ne!(chest.draw(KeyFamily::Rsa).kid(), first.kid());
        chest.put_back(&first);
        assert_eq!(chest.draw(KeyFamily::Rsa).kid(), first.kid());
    }
}
