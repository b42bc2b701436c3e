//! Secrets at rest: sealed with AES-256-GCM under a key that lives beside the data, never in it.
//! Which members of a document are secret is left to `kinds`.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    rand,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde_json::{Value, json};

use super::StoreError;

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 12;

/// What is sealed and kept in the database, so that another key is noticed before anything is written with it.
const KNOWN: &str = "sealed with this key";

/// Seals and opens values.
#[derive(Debug)]
pub(super) struct Seal(RandomizedNonceKey);

impl Seal {
    /// With a key that is gone with the process.
    pub(super) fn passing() -> Self {
        Self::of(&fresh_key())
    }

    /// With the key beside a database, made when the database is new.
    ///
    /// The key is `<database>.key`: 32 random bytes in base64, for its owner alone.
    pub(super) fn beside(database: &Path, connection: &mut Connection) -> Result<Self, StoreError> {
        let path = key_path(database);
        // Held to the end, so that of two processes that start at once only one makes a key.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known: Option<String> =
            transaction.query_row("SELECT known FROM sealing", [], |row| row.get(0)).optional()?;
        let unusable = |source| StoreError::KeyFile { path: path.clone(), source };
        let key = match (read_key(&path).map_err(unusable)?, &known) {
            (Some(key), _) => key,
            (None, None) => make_key(&path).map_err(unusable)?,
            (None, Some(_)) => return Err(StoreError::KeyMissing(path)),
        };
        let seal = Self::of(&key);
        match known {
            Some(known) => {
                let known: Value = serde_json::from_str(&known).unwrap_or_default();
                if seal.open("sealing", &known) != Some(json!(KNOWN)) {
                    return Err(StoreError::OtherKey(path));
                }
            }
            None => {
                let known = seal.seal("sealing", &json!(KNOWN)).to_string();
                transaction.execute("INSERT INTO sealing (known) VALUES (?1)", [known])?;
            }
        }
        transaction.commit()?;
        Ok(seal)
    }

    fn of(key: &[u8; KEY_LENGTH]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key).expect("the key is as long as the algorithm wants it"))
    }

    /// A wrapper with the value inside, which can be opened only for the same `place`.
    pub(super) fn seal(&self, place: &str, value: &Value) -> Value {
        let mut text = value.to_string().into_bytes();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(place), &mut text)
            .expect("a document is shorter than what one nonce is good for");
        let sealed = [nonce.as_ref().as_slice(), &text].concat();
        json!({"encrypted": true, "value": STANDARD.encode(sealed)})
    }

    /// The value in a wrapper; `None` when it was sealed with another key, for another place, or changed since.
    pub(super) fn open(&self, place: &str, wrapper: &Value) -> Option<Value> {
        let mut sealed = STANDARD.decode(wrapper.get("value")?.as_str()?).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(sealed.get(..NONCE_LENGTH)?).ok()?;
        let text = self.0.open_in_place(nonce, Aad::from(place), sealed.get_mut(NONCE_LENGTH..)?).ok()?;
        serde_json::from_slice(text).ok()
    }
}

/// `platform.db` has its key in `platform.db.key`.
fn key_path(database: &Path) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(".key");
    path.into()
}

fn fresh_key() -> [u8; KEY_LENGTH] {
    let mut key = [0; KEY_LENGTH];
    rand::fill(&mut key).expect("the system's random source does not fail once it works");
    key
}

fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_LENGTH]>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    check_private(&file)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let bytes = STANDARD.decode(text.trim()).map_err(io::Error::other)?;
    bytes.try_into().map(Some).map_err(|_| io::Error::other("it does not hold a key of 32 bytes"))
}

/// The key is whole when its file appears: it is written under another name first.
fn make_key(path: &Path) -> io::Result<[u8; KEY_LENGTH]> {
    let key = fresh_key();
    let unfinished = path.with_extension("key.unfinished");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().open(&unfinished)?;
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(key)
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}

#[cfg(unix)]
fn check_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match file.metadata()?.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::PermissionDenied, "others than its owner may read it: `chmod 600` it")),
    }
}

#[cfg(not(unix))]
fn check_private(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_with_its_key_in_its_place_only_and_not_when_changed() {
        let (seal, other) = (Seal::passing(), Seal::passing());
        let value = json!({"deep": ["planted-secret"]});
        let sealed = seal.seal("here", &value);
        assert!(!sealed.to_string().contains("planted"));
        assert_eq!(seal.open("here", &sealed), Some(value.clone()));
        assert_eq!(seal.open("there", &sealed), None);
        assert_eq!(other.open("here", &sealed), None);
        assert_ne!(seal.seal("here", &value), sealed, "a nonce is used once");
        let mut bytes = STANDARD.decode(sealed["value"].as_str().unwrap()).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(seal.open("here", &json!({"encrypted": true, "value": STANDARD.encode(bytes)})), None);
        assert_eq!(seal.open("here", &json!({"encrypted": true, "value": "AAAA"})), None);
    }
}
