//! The key manager that every tenant is born with: an authorization server over the platform's own clients and users.
//! The OAuth rules are those of the mocks' realm and grants; only shape, scopes and storage are its own.

mod authorization;
mod codes;
mod digests;
mod endpoints;
mod introspection;
mod kept;
mod login;
mod logins;
mod metadata;
mod operations;
mod pages;
mod realms;
mod registration;
mod revocation;
mod scopes;
mod shape;
mod sync;
mod tokens;
mod trust;

pub(crate) use kept::{end_tokens_of, forget_ended};
pub(crate) use realms::Residents;
pub(crate) use scopes::{is_own_scope, is_scope_name, opens_plane, plane_scope_exists};
