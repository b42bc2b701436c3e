//! What stands in the data in place of a text that lets somebody in.
//! Which texts those are is left to the files that keep something of them.

use aws_lc_rs::digest::{SHA256, digest as hash};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// SHA-256 in base64url: the texts are long and random, so that nothing is gained by guessing.
pub(super) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(hash(&SHA256, text.as_bytes()))
}
