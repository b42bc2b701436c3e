//! The encryptions of RFC 3962: which there are here, keys from passwords, and parts of messages under a key.
//! Whose key is used for what is said in `service` and `order`.

use picky_asn1::wrapper::{ExplicitContextTag0, ExplicitContextTag2, IntegerAsn1, OctetStringAsn1, Optional};
use picky_krb::{
    constants::{
        etypes::{AES128_CTS_HMAC_SHA1_96, AES256_CTS_HMAC_SHA1_96},
        key_usages::{AP_REQ_AUTHENTICATOR, TICKET_REP},
    },
    crypto::CipherSuite,
    data_types::EncryptedData,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::wire;

/// How tickets are sealed (RFC 3962, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Encryption {
    /// AES with keys of 32 bytes.
    #[default]
    #[serde(rename = "aes256-cts-hmac-sha1-96")]
    Aes256,
    /// AES with keys of 16 bytes.
    #[serde(rename = "aes128-cts-hmac-sha1-96")]
    Aes128,
}

/// What a key is used for (RFC 4120, section 7.5.1).
#[derive(Debug, Clone, Copy)]
pub(super) enum Usage {
    Ticket = TICKET_REP as isize,
    Authenticator = AP_REQ_AUTHENTICATOR as isize,
}

impl Encryption {
    const ALL: [Self; 2] = [Self::Aes256, Self::Aes128];

    /// Its registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "aes256-cts-hmac-sha1-96",
            Self::Aes128 => "aes128-cts-hmac-sha1-96",
        }
    }

    /// The number that names it in messages.
    pub(super) fn number(self) -> IntegerAsn1 {
        let number = match self {
            Self::Aes256 => AES256_CTS_HMAC_SHA1_96,
            Self::Aes128 => AES128_CTS_HMAC_SHA1_96,
        };
        IntegerAsn1::from(vec![u8::try_from(number).expect("both numbers are below 20")])
    }

    /// The one that a message names; `None` for another than these.
    pub(super) fn numbered(number: &IntegerAsn1) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.number().as_unsigned_bytes_be() == number.as_unsigned_bytes_be())
    }

    /// The one that has keys of this length.
    pub(super) fn with_keys_of(length: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.key_length() == length)
    }

    pub(super) fn key_length(self) -> usize {
        match self {
            Self::Aes256 => 32,
            Self::Aes128 => 16,
        }
    }

    fn suite(self) -> CipherSuite {
        match self {
            Self::Aes256 => CipherSuite::Aes256CtsHmacSha196,
            Self::Aes128 => CipherSuite::Aes128CtsHmacSha196,
        }
    }

    /// The key of a password, by 4096 iterations (RFC 3962, section 4).
    pub(super) fn key_of(self, password: &str, salt: &str) -> Vec<u8> {
        let key = self.suite().cipher().generate_key_from_password(password.as_bytes(), salt.as_bytes());
        key.expect("any password and salt make a key")
    }

    /// A message under a key.
    pub(super) fn seal(self, key: &[u8], usage: Usage, message: &impl Serialize) -> Option<EncryptedData> {
        let plain = picky_asn1_der::to_vec(message).ok()?;
        let sealed = self.suite().cipher().encrypt(key, usage as i32, &plain).ok()?;
        Some(EncryptedData {
            etype: ExplicitContextTag0::from(self.number()),
            kvno: Optional::from(None),
            cipher: ExplicitContextTag2::from(OctetStringAsn1::from(sealed)),
        })
    }

    /// The message that is under the key; `None` when it is under another one, or in another encryption.
    pub(super) fn open<T: DeserializeOwned>(self, key: &[u8], usage: Usage, sealed: &EncryptedData) -> Option<T> {
        if key.len() != self.key_length() || Self::numbered(&sealed.etype.0) != Some(self) {
            return None;
        }
        let plain = self.suite().cipher().decrypt(key, usage as i32, &sealed.cipher.0.0).ok()?;
        wire::decoded(&plain)
    }
}
