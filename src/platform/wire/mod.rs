//! What all management planes have in common on the wire: refusals, bodies, callers.
//! The planes' own resources are left to `admin`, `publisher` and `devportal`.

mod body;
mod caller;
mod codes;
mod detached;
mod list;
mod place;
mod refusal;

pub(in crate::platform) use body::{Body, BodyOrNone, ListBody};
pub(in crate::platform) use caller::{Caller, ScopeSet, addressed_tenant, basic_credentials};
pub(in crate::platform) use codes::Code;
pub(in crate::platform) use detached::to_the_end;
pub(in crate::platform) use list::{Page, listing, page};
pub(in crate::platform) use place::{Path, Query};
pub(in crate::platform) use refusal::Refusal;

#[cfg(test)]
mod tests;
