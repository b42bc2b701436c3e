//! The reference platform: the key manager side of an API platform, behind its REST interface.
//! Judging what it answers is left to the harness, which speaks to it over HTTPS only.

mod admin;
pub mod clocks;
mod config;
mod connectors;
pub mod deployment;
mod devportal;
pub mod domain;
mod error;
pub mod events;
pub mod gateway;
mod handshake;
pub mod identity;
mod internal_data;
mod lifecycle;
mod mapped_clients;
mod notify;
mod outbound;
pub mod panics;
pub mod plane_tokens;
mod policies;
mod publisher;
mod readiness;
mod resident;
mod resident_key_manager;
mod revocations;
mod scope_interface;
mod scope_work;
mod server;
mod sign_up;
pub mod signer;
pub mod site;
pub mod store;
mod tenant_events;
#[cfg(test)]
mod tests;
mod underway;
mod wire;

pub use config::{PlatformConfig, Tls};
pub use deployment::Deployment;
pub use error::PlatformError;
pub use identity::{TenantSpec, UserSpec};
pub use lifecycle::Platform;
pub use store::Data;
