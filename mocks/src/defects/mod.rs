//! Seeded defects of authorization servers, switched on by their id in the catalogue of defects.
//! Each stands around an honest endpoint, changing what goes in or what comes out; the realm's rules stay as they are.

mod needs;
mod registry;
mod turn;

mod certified;
mod codes;
mod devices;
mod discovery;
mod exchange;
mod introspection;
mod kerberos;
mod key_set;
mod layout;
mod legacy;
mod refreshing;
mod registration;
mod revocation;
mod saml;
mod scopes;
mod sealed;
mod somebody_else;
mod token_answer;
mod token_request;
mod userinfo;

pub use needs::NeverShows;
pub(crate) use needs::check;
pub use registry::{Defect, Defects, UnknownDefect, switchable};
