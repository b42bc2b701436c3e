//! SAML 2.0 assertions (RFC 7522): an identity provider that makes them, signed, and what reads and verifies them.
//! What a server demands of one, and in which order, is decided in `grants`.

mod builder;
mod document;
mod profile;
mod signature;
mod time;
mod wrapping;

pub use builder::{AssertionBuilder, IdentityProvider, SignedAssertion};
pub(crate) use document::{Assertion, Confirmation};
pub use signature::UnsignableKey;
pub use wrapping::Wrapping;

/// Namespace of assertions (SAML 2.0 core, section 1.1).
const ASSERTIONS: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// Namespace of XML signatures.
const SIGNATURES: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The confirmation method of whoever holds the assertion (SAML 2.0 profiles, section 3.3).
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
