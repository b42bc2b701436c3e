//! Kerberos (RFC 4120) as far as a service sees it: what a ticket and its authenticator must hold, and a centre that makes
//! both, right or wrong. What a token request earns with one is the business of `grants::kerberos`.

mod centre;
mod encryption;
mod opened;
mod order;
mod principal;
mod service;
#[cfg(test)]
mod tests;
mod wire;

pub use centre::KeyCentre;
pub use encryption::Encryption;
pub(crate) use opened::{Fault, Opened};
pub use order::TicketOrder;
pub use principal::Principal;
pub use service::{ServiceDocument, ServicePrincipal};

/// A name or a key that Kerberos has no use for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KerberosError {
    /// The text names nobody.
    #[error("`{0}` is no Kerberos principal\nhint: write it as in ann@EXAMPLE.COM or HTTP/is.example@EXAMPLE.COM")]
    Principal(String),
    /// A key of another length than those that AES has here.
    #[error("a Kerberos key of {0} bytes\nhint: 16 bytes are one for AES-128, 32 bytes one for AES-256")]
    KeyLength(usize),
    /// A key that cannot be read.
    #[error("the Kerberos key is no hexadecimal text\nhint: write it as klist -K prints it, without 0x")]
    KeyText,
    /// Both a key and a password, or neither.
    #[error("a Kerberos service has either a password or a key\nhint: give one of them; a salt goes with a password")]
    Secret,
    /// Tickets were asked for in an encryption that there is no key for.
    #[error("the Kerberos service has no key for {0}\nhint: a service with a password has keys for every encryption")]
    NoKey(&'static str),
}
