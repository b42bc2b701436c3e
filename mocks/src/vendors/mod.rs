//! The authorization servers that can be played, a file each: paths, claim shapes, dialects, discovery members.
//! What they have in common is in `realm`, `grants` and `endpoints`.

use std::{fmt, str::FromStr};

/// An authorization server that can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// WSO2 Identity Server 7.
    Is7,
    /// A server that follows the RFCs to the letter, client registration included.
    Custom,
    /// Amazon Cognito: out-of-band only.
    Cognito,
    /// Auth0: out-of-band only.
    Auth0,
}

impl Vendor {
    /// Every vendor.
    pub const ALL: [Self; 4] = [Self::Is7, Self::Custom, Self::Cognito, Self::Auth0];

    /// The name on the command line and in the control interface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Is7 => "is7",
            Self::Custom => "custom",
            Self::Cognito => "cognito",
            Self::Auth0 => "auth0",
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no vendor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no authorization server is called `{0}`\nhint: one of is7, custom, cognito, auth0")]
pub struct UnknownVendor(pub String);

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == text).ok_or_else(|| UnknownVendor(text.to_owned()))
    }
}
