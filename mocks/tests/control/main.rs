//! The control interface: every route does what its document says, strictly, and the examples in CONTROL.md run.
//! What the changes mean for those who use a server is tested beside this folder.

#[path = "../support/mod.rs"]
mod support;

mod examples;
mod refusals;
mod routes;
mod settings;
mod stage;
mod tenants;
