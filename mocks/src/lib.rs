//! Strict, scriptable mock OAuth 2.0 authorization servers: they issue, answer and count.
//! They know nothing of the harness and never assert; what they saw stands in their journal.

pub mod certificates;
pub mod forge;
pub mod grants;
pub mod realm;
pub mod vendors;
