//! Strict, scriptable mock OAuth 2.0 authorization servers: they issue, answer and count.
//! They know nothing of the harness and never assert; what they saw stands in their journal.

pub mod backend;
pub mod certificates;
pub mod control;
pub mod defects;
pub mod deployment_toml;
mod der;
mod endpoints;
pub mod faults;
pub mod forge;
mod front;
pub mod grants;
pub mod journal;
pub mod kerberos;
pub mod notices;
pub mod ntlm;
pub mod objects;
pub mod realm;
pub mod saml;
pub mod server;
mod spnego;
pub mod vendors;
