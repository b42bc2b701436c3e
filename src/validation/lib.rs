//! Token validation as pure functions: compact JWTs, key sets, claims, scopes, opaque token rules, the cache of
//! verified tokens. No I/O, no `async`, no clock (`now` is an argument); fetching keys and asking is the caller's part.

pub mod algorithm;
mod base64url;
pub mod cache;
pub mod certificate;
pub mod claims;
mod compact;
pub mod header;
mod json;
pub mod key;
pub mod key_set;
pub mod mapping;
pub mod opaque;
pub mod policy;
pub mod refusal;
mod roca;
#[cfg(test)]
mod tests;
pub mod token;

pub use algorithm::Algorithm;
pub use cache::VerifiedTokens;
pub use certificate::Certificate;
pub use claims::Claims;
pub use json::Value as ClaimValue;
pub use key::Key;
pub use key_set::KeySet;
pub use mapping::ClaimMapping;
pub use opaque::{Matcher, Rules};
pub use policy::Policy;
pub use refusal::Refusal;
pub use token::{Parsed, Verified};
