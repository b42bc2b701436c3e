//! The key manager that every tenant is born with: an authorization server over the platform's own clients and users.
//! The OAuth rules are those of the mocks' realm and grants; only shape, scopes and storage are its own.

mod endpoints;
mod kept;
mod metadata;
mod realms;
mod registration;
mod scopes;
mod shape;
mod sync;

pub(in crate::platform) use realms::Residents;
