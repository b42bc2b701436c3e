//! What all management planes have in common on the wire: refusals, bodies, callers.
//! The planes' own resources are left to `admin`, `publisher` and `devportal`.

mod body;
mod caller;
mod codes;
mod detached;
mod list;
mod refusal;

pub(in crate::platform) use body::{Body, BodyOrNone};
pub(in crate::platform) use caller::{Caller, ScopeSet, basic_credentials};
pub(in crate::platform) use codes::Code;
pub(in crate::platform) use detached::to_the_end;
pub(in crate::platform) use list::{Page, listing, page};
pub(in crate::platform) use refusal::Refusal;

#[cfg(test)]
mod tests;
