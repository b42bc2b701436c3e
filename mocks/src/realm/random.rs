//! Values nobody can guess: identifiers, secrets and opaque tokens.
//! Their form per vendor is chosen by the vendor's shape.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// This many random bytes.
pub fn bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    rand::fill(&mut bytes).expect("the operating system supplies randomness, or nothing works");
    bytes
}

/// A base64url text over this many random bytes.
pub fn text(count: usize) -> String {
    URL_SAFE_NO_PAD.encode(bytes(count))
}

/// A text of this many letters and digits.
pub fn alphanumeric(length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    // 248 is the largest multiple of 62 below 256: what lies above would make some letters likelier.
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in bytes(length) {
            if byte < 248 && text.len() < length {
                text.push(char::from(ALPHABET[usize::from(byte) % 62]));
            }
        }
    }
    text
}

/// A random UUID of version 4, the form of WSO2 opaque tokens.
pub fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_length_and_differ() {
        assert_eq!(alphanumeric(28).len(), 28);
        assert_ne!(alphanumeric(28), alphanumeric(28));
        assert_eq!(uuid().len(), 36);
        assert_eq!(uuid().as_bytes()[14], b'4');
    }
}
