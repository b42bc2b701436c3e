//! The TLS front of a mock server: terminates TLS and hands whole requests on to the plain servers behind it.
//! It is the place for whatever happens before an endpoint is reached; what is answered is not its business.

mod accept;
mod relay;
mod requests;

pub(crate) use accept::{Door, Front, Port};
pub(crate) use requests::{Next, Requests};
