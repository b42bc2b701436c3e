//! Connectors from outside: a platform over HTTPS, mock authorization servers behind it, and a way to them that can break.
//! What the planes refuse before an authorization server is asked is tested in the platform's room.

mod discovery;
mod failures;
mod house;
mod mapping;
mod registration;
mod relay;
mod resident;
mod scopes;
mod tokens;
