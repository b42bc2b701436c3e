//! Phrases about an authorization server under certification; a file per area.
//! Requests leave through the scenario's conversation; nothing here validates a token for a platform.

mod client_registration;
mod discovery;
mod introspection;
mod judging;
mod keys;
mod revocation;
mod token_endpoint;
mod userinfo;
