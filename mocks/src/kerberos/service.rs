//! A service of a Kerberos realm: its name, and the key that tickets for it are sealed with.
//! What a ticket says is read in `opened`, and made in `order`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Encryption, KerberosError, principal::Principal};

/// A service, with what its key is made of.
#[derive(Clone, PartialEq, Eq)]
pub struct ServicePrincipal {
    principal: Principal,
    secret: Secret,
}

#[derive(Clone, PartialEq, Eq)]
enum Secret {
    /// It makes a key for every encryption.
    Password { password: String, salt: String },
    /// The key of one encryption, as a key table holds it.
    Key(Encryption, Vec<u8>),
}

impl fmt::Debug for ServicePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServicePrincipal({})", self.principal)
    }
}

impl ServicePrincipal {
    /// A service whose keys are made of a password, salted as MIT's and Heimdal's centres do by default.
    ///
    /// # Errors
    ///
    /// [`KerberosError::Principal`] when the name is none.
    pub fn with_password(name: &str, password: impl Into<String>) -> Result<Self, KerberosError> {
        let principal: Principal = name.parse()?;
        let salt = principal.salt();
        Ok(Self { principal, secret: Secret::Password { password: password.into(), salt } })
    }

    /// The same with a salt of its own, as accounts at Active Directory have (MS-KILE, section 3.1.1.2).
    ///
    /// # Errors
    ///
    /// [`KerberosError::Principal`] when the name is none.
    pub fn with_salted_password(
        name: &str,
        password: impl Into<String>,
        salt: impl Into<String>,
    ) -> Result<Self, KerberosError> {
        let secret = Secret::Password { password: password.into(), salt: salt.into() };
        Ok(Self { principal: name.parse()?, secret })
    }

    /// A service with this key; its length says for which encryption it is.
    ///
    /// # Errors
    ///
    /// [`KerberosError`] when the name is none, or there are no keys of that length.
    pub fn with_key(name: &str, key: &[u8]) -> Result<Self, KerberosError> {
        let encryption = Encryption::with_keys_of(key.len()).ok_or(KerberosError::KeyLength(key.len()))?;
        Ok(Self { principal: name.parse()?, secret: Secret::Key(encryption, key.to_vec()) })
    }

    /// Its name.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Its key for this encryption; `None` when it has none.
    pub(super) fn key(&self, encryption: Encryption) -> Option<Vec<u8>> {
        match &self.secret {
            Secret::Password { password, salt } => Some(encryption.key_of(password, salt)),
            Secret::Key(known, key) => (*known == encryption).then(|| key.clone()),
        }
    }

    /// The encryption that its tickets are sealed with when nobody asks for another.
    pub(super) fn usual_encryption(&self) -> Encryption {
        match &self.secret {
            Secret::Password { .. } => Encryption::default(),
            Secret::Key(known, _) => *known,
        }
    }
}

/// A service as it is written down for the control interface.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceDocument {
    /// As in `HTTP/is.example@EXAMPLE.COM`.
    pub name: String,
    /// What its keys are made of.
    #[serde(default)]
    pub password: Option<String>,
    /// What the password is salted with, where that is not the name.
    #[serde(default)]
    pub salt: Option<String>,
    /// Its key, hexadecimal.
    #[serde(default)]
    pub key: Option<String>,
}

impl TryFrom<ServiceDocument> for ServicePrincipal {
    type Error = KerberosError;

    fn try_from(document: ServiceDocument) -> Result<Self, KerberosError> {
        match (document.password, document.salt, document.key) {
            (Some(password), None, None) => Self::with_password(&document.name, password),
            (Some(password), Some(salt), None) => Self::with_salted_password(&document.name, password, salt),
            (None, None, Some(key)) => Self::with_key(&document.name, &octets(&key).ok_or(KerberosError::KeyText)?),
            _ => Err(KerberosError::Secret),
        }
    }
}

/// The octets of a hexadecimal text.
fn octets(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
