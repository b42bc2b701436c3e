//! Token validation as pure functions. Time is an argument; no HTTP, no async.
