//! Encrypted tokens (RFC 7516) of the kinds that a careless gateway takes for signed ones, or chokes on.
//! They are forgeries: nobody here decrypts.

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::realm::{Algorithm, SigningKey, random, test_keys};

/// A way of encrypting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Envelope {
    /// The bare claims, for the published RSA key: nobody signed them (CVE-2026-29000).
    Claims,
    /// The token, for the published RSA key.
    Token,
    /// The same, with half of the integrity tag.
    CutTag,
    /// The same, with a bit of the integrity tag turned over.
    AlteredTag,
    /// The bare claims, under a key of zeros that both sides are said to share.
    SharedZeros,
    /// A password-based key that takes two thousand million rounds to derive (CVE-2023-52428).
    ManyRounds,
    /// The bare claims, compressed: a page of text that unpacks to four mebibytes (CVE-2024-33664).
    Compressed,
}

impl Envelope {
    /// Every way.
    pub const ALL: [Self; 7] = [
        Self::Claims,
        Self::Token,
        Self::CutTag,
        Self::AlteredTag,
        Self::SharedZeros,
        Self::ManyRounds,
        Self::Compressed,
    ];

    /// The five parts. `key` is the one whose public half encrypts; a key of another family than RSA has an embedded
    /// one stand in for it, under its id.
    pub(super) fn around(self, key: &SigningKey, claims: &[u8], token: &str) -> String {
        let content_key = if self == Self::SharedZeros { vec![0; 32] } else { random::bytes(32) };
        let (header, wrapped) = self.addressed(key, &content_key);
        let content = match self {
            Self::Token | Self::CutTag | Self::AlteredTag => token.as_bytes().to_vec(),
            Self::Compressed => bomb(4 << 20),
            _ => claims.to_vec(),
        };
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let (iv, sealed, mut tag) = seal(&content_key, header.as_bytes(), content);
        match self {
            Self::CutTag => tag.truncate(8),
            Self::AlteredTag => tag[0] ^= 1,
            _ => {}
        }
        let parts = [&wrapped[..], &iv, &sealed, &tag].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{}", parts.join("."))
    }

    /// The header, and the content key as it travels.
    fn addressed(self, key: &SigningKey, content_key: &[u8]) -> (Value, Vec<u8>) {
        match self {
            Self::SharedZeros => (json!({ "alg": "dir", "enc": "A256GCM" }), Vec::new()),
            Self::ManyRounds => {
                let salt = URL_SAFE_NO_PAD.encode(random::bytes(16));
                let header =
                    json!({ "alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2s": salt, "p2c": 2_147_483_647 });
                (header, random::bytes(40))
            }
            _ => {
                let mut header = json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": key.kid(), "cty": "JWT" });
                if self == Self::Compressed {
                    header["zip"] = json!("DEF");
                }
                (header, wrap(key, content_key))
            }
        }
    }
}

fn wrap(key: &SigningKey, content_key: &[u8]) -> Vec<u8> {
    let rsa = matches!(
        key.algorithm(),
        Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512
    );
    let der = if rsa { key.public_der() } else { stand_in().public_der() };
    let public = PublicEncryptingKey::from_der(&der).expect("a parsed RSA key encrypts");
    let public = OaepPublicEncryptingKey::new(public).expect("a parsed RSA key encrypts");
    let mut wrapped = vec![0; public.ciphertext_size()];
    let length = public
        .encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut wrapped, None)
        .expect("32 bytes fit into 2048 bits")
        .len();
    wrapped.truncate(length);
    wrapped
}

/// What encrypts for an issuer that has no RSA key.
fn stand_in() -> SigningKey {
    test_keys::named("rsa-amber").expect("the key is embedded")
}

/// Initialisation vector, ciphertext and tag.
fn seal(key: &[u8], header: &[u8], mut content: Vec<u8>) -> ([u8; 12], Vec<u8>, Vec<u8>) {
    let key = UnboundKey::new(&aead::AES_256_GCM, key).expect("the key has 32 bytes");
    let mut iv = [0; 12];
    iv.copy_from_slice(&random::bytes(12));
    let tag = LessSafeKey::new(key)
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(header), &mut content)
        .expect("the content is far below the limit");
    (iv, content, tag.as_ref().to_vec())
}

/// Deflated text (RFC 1951, section 3.2.6) that unpacks to about so many blanks: one literal, and then one repetition of
/// 258 bytes after the other, 13 bits each.
fn bomb(size: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b1, 1); // the last block
    bits.push(0b01, 2); // with the fixed codes
    bits.code(0x30 + 0x20, 8); // a blank
    for _ in 0..size / 258 {
        bits.code(0b1100_0101, 8); // length 258
        bits.code(0, 5); // from one byte before
    }
    bits.code(0, 7); // the end
    bits.0
}

/// Bits, packed from the lowest of each byte on.
#[derive(Default)]
struct Bits(Vec<u8>, usize);

impl Bits {
    fn push(&mut self, value: u32, count: usize) {
        for place in 0..count {
            if self.1.is_multiple_of(8) {
                self.0.push(0);
            }
            if value >> place & 1 == 1 {
                *self.0.last_mut().expect("a byte was pushed") |= 1 << (self.1 % 8);
            }
            self.1 += 1;
        }
    }

    /// Codes go in from their highest bit on.
    fn code(&mut self, value: u32, count: usize) {
        for place in (0..count).rev() {
            self.push(value >> place & 1, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};
    use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

    use super::*;

    fn parts(token: &str) -> Vec<Vec<u8>> {
        token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect()
    }

    fn open(key: &[u8], token: &str) -> Option<Vec<u8>> {
        let parts = parts(token);
        let key = LessSafeKey::new(UnboundKey::new(&aead::AES_256_GCM, key).unwrap());
        let iv = Nonce::try_assume_unique_for_key(&parts[2]).unwrap();
        let header = token.split('.').next().unwrap();
        let mut sealed = [&parts[3][..], &parts[4]].concat();
        key.open_in_place(iv, Aad::from(header.as_bytes()), &mut sealed).ok().map(|plain| plain.to_vec())
    }

    fn unwrapped(key: &SigningKey, token: &str) -> Vec<u8> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(key.pem().as_bytes()).unwrap();
        let private = PrivateDecryptingKey::from_pkcs8(der.secret_pkcs8_der()).unwrap();
        let private = OaepPrivateDecryptingKey::new(private).unwrap();
        let mut plain = vec![0; private.min_output_size()];
        private.decrypt(&OAEP_SHA256_MGF1SHA256, &parts(token)[1], &mut plain, None).unwrap().to_vec()
    }

    #[test]
    fn the_key_s_owner_can_open_what_is_whole_and_nothing_else() {
        let key = test_keys::named("rsa-amber").unwrap();
        let made = |envelope: Envelope| envelope.around(&key, b"{\"sub\":\"eve\"}", "a.b.c");
        let opened = |envelope| {
            let token = made(envelope);
            open(&unwrapped(&key, &token), &token)
        };
        assert_eq!(opened(Envelope::Claims).unwrap(), b"{\"sub\":\"eve\"}");
        assert_eq!(opened(Envelope::Token).unwrap(), b"a.b.c");
        assert_eq!(opened(Envelope::CutTag), None);
        assert_eq!(opened(Envelope::AlteredTag), None);
        assert_eq!(open(&[0; 32], &made(Envelope::SharedZeros)).unwrap(), b"{\"sub\":\"eve\"}");
        assert!(opened(Envelope::Compressed).unwrap().len() < 30_000);
        for envelope in Envelope::ALL {
            assert_eq!(made(envelope).split('.').count(), 5, "{envelope:?}");
        }
    }

    #[test]
    fn bits_are_packed_the_way_deflate_wants_them() {
        // What zlib's raw deflate makes of one blank: final block, fixed codes, literal, end.
        assert_eq!(bomb(0), [0x53, 0x00, 0x00]);
    }
}
