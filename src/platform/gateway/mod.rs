//! The gateway: API traffic on its own port, validated against what the control plane announced.
//! Administering APIs, keys and key managers is left to the planes; judging single tokens to `validation`.

mod admission;
mod authenticate;
mod backend_jwt;
mod backend_login;
mod client_certificates;
mod credentials;
mod forward;
mod introspection;
mod key_manager;
mod keys;
mod local;
mod mediation;
mod pages;
mod refusal;
mod revocations;
mod routes;
mod server;
mod state;
mod subscriptions;
mod users;
mod vouched;

pub use local::{LocalIntrospection, LocalKeyManager};
pub use server::Gateway;
