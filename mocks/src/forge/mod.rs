//! Tokens made to order, right or deliberately wrong, from an issuer, its keys and its clock; no server is needed.
//! Whether anybody should accept them is for others to say.

mod change;
mod encrypted;
mod forgery;
mod public_key;
mod raw_rsa;
mod sheet;
mod signature;
mod smithy;
mod spelling;
#[cfg(test)]
mod tests;
mod written;

pub use change::{Change, ForgeryError, ForgeryOrder, KeyChoice, Octets};
pub use encrypted::Envelope;
pub use forgery::Forgery;
pub use public_key::PublicKeyForm;
pub use raw_rsa::{PaddingFlaw, WeakKey};
#[cfg(test)]
pub(crate) use signature::der as asn1;
pub use signature::{SignatureFlaw, ZeroSignature};
pub use smithy::{Forge, Proof};
pub use spelling::{Part, Spelling};
pub use written::Written;
