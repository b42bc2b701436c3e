//! The keys of one issuer: which one signs now, which are published, and how they come and go.
//! What a token looks like is decided by the shape; the forge borrows the keys for wrong ones.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    jwt::Object,
    key_chest::KeyChest,
    signing_key::{KeyError, SigningKey},
    stored_keys::StoredKey,
    test_keys::KeyFamily,
};
pub use super::{kid_style::KidStyle, stored_keys::StoredKeys};

/// What a key signs; an issuer may keep a key for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPurpose {
    /// Access tokens.
    Access,
    /// Id tokens; the access key does it where there is no other.
    Id,
}

/// A key ring; clones share it.
#[derive(Debug, Clone)]
pub struct KeyRing(Arc<RwLock<State>>);

#[derive(Debug)]
struct State {
    style: KidStyle,
    /// Where rotation takes its keys from.
    chest: KeyChest,
    keys: Vec<Entry>,
    /// Entries of the key set that are no keys of the ring.
    strange: Vec<Value>,
    /// Served instead of the keys, word for word.
    document: Option<Value>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: SigningKey,
    purpose: KeyPurpose,
    current: bool,
    published: bool,
    /// What stands otherwise in its entry of the key set; nothing at all where the value is null.
    members: Object,
}

impl Entry {
    fn jwk(&self) -> Value {
        let mut jwk = self.key.entry();
        if let Value::Object(jwk) = &mut jwk {
            for (name, value) in &self.members {
                match value {
                    Value::Null => drop(jwk.remove(name)),
                    value => drop(jwk.insert(name.clone(), value.clone())),
                }
            }
        }
        jwk
    }
}

/// A key of a ring, and what it is there for.
#[derive(Debug, Clone)]
pub struct KeyEntry {
    /// The key.
    pub key: SigningKey,
    /// What it signs.
    pub purpose: KeyPurpose,
    /// Whether it does so now.
    pub current: bool,
    /// Whether the key set names it.
    pub published: bool,
}

impl KeyRing {
    /// A ring with one test key of the family, out of a chest of its own.
    pub fn of_family(family: KeyFamily) -> Self {
        Self::drawn(&KeyChest::default(), family, KidStyle::default())
    }

    /// A ring with a key out of this chest, named in the issuer's style, as all that are added by rotation will be;
    /// they come out of the same chest.
    pub fn drawn(chest: &KeyChest, family: KeyFamily, style: KidStyle) -> Self {
        let ring = Self::empty(chest.clone(), style);
        let key = chest.draw(family);
        ring.write().add(key.with_kid(&style.kid(&key)), KeyPurpose::Access);
        ring
    }

    /// Names its keys in another style, now and at every rotation.
    pub(crate) fn rename(&self, style: KidStyle) {
        let mut state = self.write();
        state.style = style;
        for entry in &mut state.keys {
            entry.key = entry.key.with_kid(&style.kid(&entry.key));
        }
    }

    /// A ring with this key, whose id stays as it is.
    pub fn with_key(key: SigningKey) -> Self {
        let ring = Self::empty(KeyChest::default(), KidStyle::default());
        ring.write().add(key, KeyPurpose::Access);
        ring
    }

    fn empty(chest: KeyChest, style: KidStyle) -> Self {
        Self(Arc::new(RwLock::new(State { style, chest, keys: Vec::new(), strange: Vec::new(), document: None })))
    }

    /// The key that signs now.
    pub fn current(&self, purpose: KeyPurpose) -> SigningKey {
        let state = self.read();
        let wanted = |wanted| move |entry: &&Entry| entry.current && entry.purpose == wanted;
        let found =
            state.keys.iter().find(wanted(purpose)).or_else(|| state.keys.iter().find(wanted(KeyPurpose::Access)));
        found.expect("a ring is made with an access key, and a current key cannot be removed").key.clone()
    }

    /// The id of the key that signed before the current one did; `None` when there was none.
    pub(crate) fn before(&self, purpose: KeyPurpose) -> Option<String> {
        let state = self.read();
        let at = state.keys.iter().rposition(|entry| entry.current && entry.purpose == purpose)?;
        state.keys[..at].iter().rev().find(|entry| entry.purpose == purpose).map(|entry| entry.key.kid().to_owned())
    }

    /// Publishes a key and signs with it from now on; the one before stays published.
    pub fn add(&self, key: SigningKey, purpose: KeyPurpose) {
        self.write().add(key, purpose);
    }

    /// Publishes a key that nothing is signed with: a next key, or one that is only there to be confused with.
    pub fn publish(&self, key: SigningKey) {
        self.publish_with(key, Object::new());
    }

    /// The same, with these members otherwise in its entry of the key set, and without those that are null: another
    /// `use`, no `alg`, no `kid`.
    pub fn publish_with(&self, key: SigningKey, members: Object) {
        self.write().keep(Entry { key, purpose: KeyPurpose::Access, current: false, published: true, members });
    }

    /// Publishes a key and signs with it from now on, as [`add`](Self::add) does, with these members otherwise in its
    /// entry of the key set.
    pub fn add_with(&self, key: SigningKey, purpose: KeyPurpose, members: Object) {
        let mut state = self.write();
        state.add(key, purpose);
        if let Some(entry) = state.keys.last_mut() {
            entry.members = members;
        }
    }

    /// Publishes an entry that is no key of the ring: a weak one, a symmetric one.
    pub fn publish_jwk(&self, jwk: Value) {
        self.write().strange.push(jwk);
    }

    /// A key of that family that nobody has yet, named in the issuer's style; it is not published.
    pub fn draw(&self, family: KeyFamily) -> SigningKey {
        let state = self.read();
        let key = state.chest.draw(family);
        key.with_kid(&state.style.kid(&key))
    }

    /// Every key, in the order they were added.
    pub fn entries(&self) -> Vec<KeyEntry> {
        let entry = |entry: &Entry| KeyEntry {
            key: entry.key.clone(),
            purpose: entry.purpose,
            current: entry.current,
            published: entry.published,
        };
        self.read().keys.iter().map(entry).collect()
    }

    /// Publishes another key of the same family, which will sign one day; gives its id.
    pub fn publish_next(&self) -> String {
        let family = KeyFamily::of(self.current(KeyPurpose::Access).algorithm());
        self.publish_of(family)
    }

    /// Signs access tokens with another key of the same family from now on and publishes it; the one before stays
    /// published until it is [withdrawn](Self::withdraw). Gives the new key's id.
    pub fn rotate(&self) -> String {
        self.rotate_for(KeyPurpose::Access)
    }

    /// The same for tokens of that purpose.
    pub fn rotate_for(&self, purpose: KeyPurpose) -> String {
        let mut state = self.write();
        let fresh = state.unused_key();
        let kid = fresh.kid().to_owned();
        state.add(fresh, purpose);
        kid
    }

    /// Publishes a key of this family that nothing is signed with, named in the issuer's style; gives its id.
    pub fn publish_of(&self, family: KeyFamily) -> String {
        let key = self.draw(family);
        let kid = key.kid().to_owned();
        self.publish(key);
        kid
    }

    /// Publishes a key no more; tokens it signed do not verify from then on. Whether there was one of that id.
    pub fn withdraw(&self, kid: &str) -> bool {
        let mut state = self.write();
        let mut found = false;
        for entry in state.keys.iter_mut().filter(|entry| entry.key.kid() == kid) {
            entry.published = false;
            found = true;
        }
        let before = state.strange.len();
        state.strange.retain(|jwk| jwk.get("kid").and_then(Value::as_str) != Some(kid));
        found || state.strange.len() < before
    }

    /// The key of that id, published or not; the newest where several share it.
    pub fn key(&self, kid: &str) -> Option<SigningKey> {
        self.read().keys.iter().rev().find(|entry| entry.key.kid() == kid).map(|entry| entry.key.clone())
    }

    /// The ids of the published keys, in the order of publication.
    pub fn published(&self) -> Vec<String> {
        self.read().keys.iter().filter(|entry| entry.published).map(|entry| entry.key.kid().to_owned()).collect()
    }

    /// The published keys themselves.
    pub fn published_keys(&self) -> Vec<SigningKey> {
        self.read().keys.iter().filter(|entry| entry.published).map(|entry| entry.key.clone()).collect()
    }

    /// The key set document (RFC 7517).
    pub fn jwks(&self) -> Value {
        let state = self.read();
        if let Some(document) = &state.document {
            return document.clone();
        }
        let keys = state.keys.iter().filter(|entry| entry.published).map(Entry::jwk);
        json!({ "keys": keys.chain(state.strange.iter().cloned()).collect::<Vec<_>>() })
    }

    /// Serves this document as the key set, whatever the keys are; `None` goes back to the keys. For key sets that are
    /// wrong in ways no key can be: shared ids, secrets among public keys, missing members.
    pub fn serve_document(&self, document: Option<Value>) {
        self.write().document = document;
    }

    /// Whether the signature over the message is one of a published key of that id.
    pub fn verifies(&self, kid: &str, message: &[u8], signature: &str) -> bool {
        let named = |entry: &&Entry| entry.published && entry.key.kid() == kid;
        self.read().keys.iter().filter(named).any(|entry| entry.key.verifies(message, signature))
    }

    /// Everything that is needed to make the same ring again.
    pub fn stored(&self) -> StoredKeys {
        let state = self.read();
        let keys = state.keys.iter().map(|entry| StoredKey {
            kid: entry.key.kid().to_owned(),
            algorithm: entry.key.algorithm(),
            pem: entry.key.pem().to_owned(),
            purpose: entry.purpose,
            current: entry.current,
            published: entry.published,
        });
        StoredKeys { style: state.style, keys: keys.collect() }
    }

    /// The ring that was stored.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when a stored key does not read, or none of them signs access tokens.
    pub fn restore(stored: &StoredKeys) -> Result<Self, KeyError> {
        let read = |stored: &StoredKey| {
            let key = SigningKey::from_pem(&stored.kid, stored.algorithm, &stored.pem)?;
            let (purpose, current, published) = (stored.purpose, stored.current, stored.published);
            Ok(Entry { key, purpose, current, published, members: Object::new() })
        };
        let keys = stored.keys.iter().map(read).collect::<Result<Vec<_>, KeyError>>()?;
        if !keys.iter().any(|entry| entry.current && entry.purpose == KeyPurpose::Access) {
            let cause = "no stored key signs access tokens".to_owned();
            return Err(KeyError { kid: String::new(), algorithm: String::new(), cause });
        }
        let ring = Self::empty(KeyChest::default(), stored.style);
        keys.into_iter().for_each(|entry| ring.write().keep(entry));
        Ok(ring)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, key: SigningKey, purpose: KeyPurpose) {
        for entry in self.keys.iter_mut().filter(|entry| entry.purpose == purpose) {
            entry.current = false;
        }
        self.keep(Entry { key, purpose, current: true, published: true, members: Object::new() });
    }

    fn keep(&mut self, entry: Entry) {
        self.chest.claim(&entry.key);
        self.keys.push(entry);
    }

    /// A key of the current one's family that nobody drew from the chest before.
    fn unused_key(&self) -> SigningKey {
        let current = self.keys.iter().rev().find(|entry| entry.current);
        let family = current.map_or(KeyFamily::Rsa, |entry| KeyFamily::of(entry.key.algorithm()));
        let key = self.chest.draw(family);
        key.with_kid(&self.style.kid(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::test_keys;

    fn ring() -> KeyRing {
        KeyRing::of_family(KeyFamily::P256)
    }

    #[test]
    fn a_rotated_key_signs_and_the_one_before_stays_published_until_withdrawn() {
        let ring = ring();
        let before = ring.current(KeyPurpose::Access).kid().to_owned();
        let after = ring.rotate();
        assert_eq!(ring.current(KeyPurpose::Access).kid(), after);
        assert_eq!(ring.published(), [before.clone(), after.clone()]);
        assert!(ring.withdraw(&before));
        assert_eq!(ring.published(), [after]);
        assert!(!ring.withdraw("nobody"));
    }

    #[test]
    fn rotation_never_runs_out_of_keys() {
        let ring = ring();
        let kids: std::collections::BTreeSet<_> = (0..9).map(|_| ring.rotate()).collect();
        assert_eq!(kids.len(), 9);
    }

    #[test]
    fn rings_that_draw_from_one_chest_never_share_a_key() {
        let chest = KeyChest::default();
        let rings: Vec<_> = (0..3).map(|_| KeyRing::drawn(&chest, KeyFamily::Rsa, KidStyle::default())).collect();
        rings.iter().for_each(|ring| {
            ring.rotate_for(KeyPurpose::Id);
            (0..4).for_each(|_| drop(ring.rotate()));
        });
        let keys: std::collections::BTreeSet<_> =
            rings.iter().flat_map(KeyRing::published_keys).map(|key| key.public_der()).collect();
        assert_eq!(keys.len(), 3 * 6);
    }

    #[test]
    fn a_ring_at_rest_comes_back_as_it_was() {
        let ring = ring();
        ring.rotate();
        ring.add(test_keys::named("rsa-amber").unwrap(), KeyPurpose::Id);
        let stored = ring.stored();
        let again = KeyRing::restore(&stored).unwrap();
        assert_eq!(again.stored(), stored);
        assert_eq!(again.jwks(), ring.jwks());
        assert_eq!(again.current(KeyPurpose::Id).kid(), "rsa-amber");
    }

    #[test]
    fn an_id_key_is_used_for_id_tokens_only() {
        let ring = ring();
        let access = ring.current(KeyPurpose::Access).kid().to_owned();
        assert_eq!(ring.current(KeyPurpose::Id).kid(), access);
        ring.add(test_keys::named("rsa-birch").unwrap(), KeyPurpose::Id);
        assert_eq!(ring.current(KeyPurpose::Id).kid(), "rsa-birch");
        assert_eq!(ring.current(KeyPurpose::Access).kid(), access);
    }

    #[test]
    fn styles_name_one_key_differently() {
        let key = test_keys::named("rsa-amber").unwrap();
        assert!(KidStyle::CertificateHex.kid(&key).ends_with("_RS256"));
        assert!(KidStyle::Padded.kid(&key).ends_with('='));
        assert_eq!(KidStyle::Thumbprint.kid(&key).len(), 43);
    }
}
