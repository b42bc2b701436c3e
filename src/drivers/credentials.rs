//! Strings that must not be mixed up: consumer keys, secrets, tokens. What is secret hides itself in `Debug`.
//! Redaction of what goes over the wire belongs to `model::redaction`.

use std::fmt;

use serde::{Deserialize, Serialize};

use kmspec_model::redaction;

/// The platform's name for a `client_id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsumerKey(pub String);

impl fmt::Display for ConsumerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! secret {
    ($name:ident, $kind:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text itself, for the wire.
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&redaction::mark($kind, &self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&redaction::mark($kind, &self.0))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

secret!(Secret, "SECRET", "A client secret, or a password.");
secret!(Token, "TOKEN", "An access or refresh token, self-contained or opaque.");

impl From<&str> for ConsumerKey {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_four_characters_at_most() {
        let shown = format!("{:?} {}", Token::from("0123456789abcdef"), Secret::from("admin"));
        assert_eq!(shown, "⟨TOKEN…cdef⟩ ⟨SECRET…⟩");
    }
}
