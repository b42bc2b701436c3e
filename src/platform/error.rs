//! Why a platform does not start or cannot be changed from outside.
//! Refusals on the wire are `wire::Refusal`.

use std::{io, net::SocketAddr};

use super::store::StoreError;

/// What can go wrong around a platform.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// An address is not to be had.
    #[error(
        "the platform cannot listen on {address}\nhint: another program may have the port; port 0 lets the system choose"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The certificate or key cannot be used.
    #[error("the platform's own certificate cannot be used: {0}")]
    Certificate(String),
    /// A certificate authority to trust cannot be used.
    #[error("a certificate authority that the platform should trust cannot be used")]
    Trust(#[source] reqwest::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant is there already.
    #[error("there is a tenant `{0}` already")]
    TenantExists(String),
    /// A user of the super tenant and one of another tenant would go by one name.
    #[error(
        "`{user}` of carbon.super would be taken for a user of the tenant `{domain}`\nhint: choose another name for one of them"
    )]
    Ambiguous {
        /// The user's name in the super tenant.
        user: String,
        /// The tenant that its end names.
        domain: String,
    },
    /// There is no such tenant, or it is the super tenant, which stays.
    #[error("the tenant `{0}` cannot be removed")]
    TenantStays(String),
}
