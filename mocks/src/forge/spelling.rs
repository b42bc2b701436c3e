//! Other spellings of the same bytes that a strict base64url decoder refuses (RFC 7515, section 2).
//! Which part of a token is spelt so is the forgery's business.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};

/// A part of a compact token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The first.
    Header,
    /// The second.
    Claims,
    /// The third.
    Signature,
}

/// Another spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spelling {
    /// With `=` at the end.
    Padded,
    /// With `+` and `/`.
    StandardAlphabet,
    /// With the unused bits of the last character set.
    UnusedBits,
    /// With a line break in the middle.
    LineBreak,
}

impl Spelling {
    /// Every spelling.
    pub const ALL: [Self; 4] = [Self::Padded, Self::StandardAlphabet, Self::UnusedBits, Self::LineBreak];
}

/// The bytes in this spelling, or the right one.
pub(super) fn spelt(bytes: &[u8], spelling: Option<Spelling>) -> String {
    let plain = URL_SAFE_NO_PAD.encode(bytes);
    match spelling {
        None => plain,
        Some(Spelling::Padded) => format!("{plain}{}", "=".repeat((4 - plain.len() % 4) % 4)),
        Some(Spelling::StandardAlphabet) => STANDARD.encode(bytes).trim_end_matches('=').to_owned(),
        Some(Spelling::LineBreak) => format!("{}\n{}", &plain[..plain.len() / 2], &plain[plain.len() / 2..]),
        Some(Spelling::UnusedBits) => with_unused_bit(plain),
    }
}

/// The last character's lowest bit set: it stands for no data when the byte count is no multiple of three.
fn with_unused_bit(mut text: String) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if !text.len().is_multiple_of(4)
        && let Some(place) = text.pop().and_then(|last| ALPHABET.iter().position(|&each| char::from(each) == last))
    {
        text.push(char::from(ALPHABET[place | 1]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_differ_from_the_plain_one() {
        let bytes: Vec<u8> = (0..=255).collect();
        let plain = spelt(&bytes, None);
        for spelling in Spelling::ALL {
            assert_ne!(spelt(&bytes, Some(spelling)), plain, "{spelling:?}");
        }
    }
}
