//! Defects of the published key set (RFC 7517): absent, private, doubled, short, silent about use.
//! The honest document is the key ring's.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    registry::Defect,
    turn::{Turn, changed_success},
};
use crate::{endpoints::call::Reply, journal::Endpoint, realm::random, server::Site};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Jwks, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-129", "after a restart the key set is not there until a token was asked for", asleep),
    defect("DEF-SEED-AS-KEYS-01", "the key set shows private members", private),
    defect("DEF-SEED-AS-KEYS-02", "two keys of the set share their id", doubled),
    defect("DEF-SEED-AS-KEYS-03", "the key set holds an RSA key of 1024 bits", short),
    defect("DEF-SEED-AS-KEYS-04", "the key set mixes an encryption key with keys that do not say their use", unmarked),
    defect("DEF-SEED-AS-KEYS-05", "the key set is empty", empty),
];

/// What the server remembers once a token was asked for.
const AWAKE: &str = "DEF-129 awake";

/// Notes what wakes a server up; requests are shown to this before they are answered.
pub(super) fn note(site: &Site, endpoint: Endpoint) {
    if endpoint == Endpoint::Token {
        site.defects.memory().insert(AWAKE.to_owned(), 1);
    }
}

/// Asleep from the restart on. A server that was never restarted has been awake from the start.
fn asleep(turn: &Turn<'_>) -> Reply {
    let (restarts, awake) = (turn.site.restarts(), turn.site.defects.memory().contains_key(AWAKE));
    if restarts > 0 && !awake { Reply::empty(500) } else { turn.honest() }
}

/// The document with its list of keys changed.
fn with_keys(turn: &Turn<'_>, change: impl FnOnce(&mut Vec<Value>)) -> Reply {
    changed_success(turn.honest(), |document| {
        if let Some(keys) = document.get_mut("keys").and_then(Value::as_array_mut) {
            change(keys);
        }
    })
}

/// A member with the name of the private exponent; its value is nobody's.
fn private(turn: &Turn<'_>) -> Reply {
    with_keys(turn, |keys| keys.iter_mut().for_each(|key| key["d"] = json!(URL_SAFE_NO_PAD.encode([7; 256]))))
}

/// An RSA key whose modulus has so many bytes; nobody has its private half.
fn nobodys(bytes: usize) -> Value {
    let mut modulus = vec![0; bytes];
    rand::fill(&mut modulus).expect("the operating system supplies randomness, or nothing works");
    modulus[0] |= 0x80;
    modulus[bytes - 1] |= 1;
    json!({ "kty": "RSA", "kid": random::uuid(), "use": "sig", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(modulus) })
}

/// Another key under the id of the first, behind it.
fn doubled(turn: &Turn<'_>) -> Reply {
    with_keys(turn, |keys| {
        let mut other = nobodys(256);
        other["kid"] = keys.first().map(|key| key["kid"].clone()).unwrap_or_default();
        keys.push(other);
    })
}

fn short(turn: &Turn<'_>) -> Reply {
    with_keys(turn, |keys| keys.push(nobodys(128)))
}

fn unmarked(turn: &Turn<'_>) -> Reply {
    with_keys(turn, |keys| {
        let mut for_encryption = keys.first().cloned().unwrap_or_default();
        for key in keys.iter_mut().filter_map(Value::as_object_mut) {
            key.remove("use");
        }
        for_encryption["kid"] = json!("for-encryption");
        for_encryption["use"] = json!("enc");
        for_encryption["alg"] = json!("RSA-OAEP-256");
        keys.push(for_encryption);
    })
}

fn empty(turn: &Turn<'_>) -> Reply {
    with_keys(turn, Vec::clear)
}
