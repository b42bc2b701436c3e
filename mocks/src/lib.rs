//! Strict, scriptable mock OAuth 2.0 authorization servers.
