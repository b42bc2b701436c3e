//! Phrases about an authorization server under certification; a file per area.
//! Requests leave through the scenario's conversation; nothing here validates a token for a platform.

mod arranged;
mod assertions;
mod authorization_code;
mod certified_users;
mod client_assertions;
mod client_credentials;
mod client_registration;
mod controls;
mod devices;
mod discovery;
mod introspection;
mod judging;
mod kerberos;
mod keys;
mod legacy;
mod refreshing;
mod revocation;
mod roles;
mod token_endpoint;
mod userinfo;
mod whose;
mod windows;
