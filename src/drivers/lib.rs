//! A client per plane of the subject; the only code of the harness that knows its REST interface.
//! What a reply means for a verdict is decided by the steps, never here.

pub mod admin;
pub mod authorization_server;
pub mod browser;
pub mod conversation;
pub mod credentials;
pub mod devportal;
pub mod discovery_document;
pub mod error;
mod es512;
pub mod exchange_log;
pub mod gateway;
pub mod granted;
pub mod key_manager;
pub mod ledger;
pub mod notify;
pub mod published_keys;
pub mod publisher;
pub mod raw;
pub mod reply;
pub mod resident;
pub mod session;
pub mod wire;
