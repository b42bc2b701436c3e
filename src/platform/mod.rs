//! The reference platform: the key manager side of an API platform, behind its REST interface.
//! Judging what it answers is left to the harness, which speaks to it over HTTPS only.

pub mod domain;
pub mod events;
pub mod plane_tokens;
pub mod store;
