//! What all management planes have in common on the wire: refusals, bodies, callers.
//! The planes' own resources are left to `admin`, `publisher` and `devportal`.

mod accept;
mod body;
mod caller;
mod codes;
mod detached;
mod list;
mod place;
mod refusal;
mod tagged;

pub(crate) use accept::check_accept;
pub(crate) use body::{Body, BodyOrNone, ListBody};
pub(crate) use caller::{Caller, ScopeSet, Visitor, addressed_tenant, basic_credentials};
pub(crate) use codes::Code;
pub(crate) use detached::to_the_end;
pub(crate) use list::{Page, listing, page};
pub(crate) use place::{Path, Query};
pub(crate) use refusal::Refusal;
pub(crate) use tagged::tagged;

#[cfg(test)]
mod tests;
