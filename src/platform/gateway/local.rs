//! What the gateway asks of the key manager built into the platform, without a call over the network.
//! Answering is the resident key manager's work.

use serde_json::{Map, Value};

/// The built-in key manager as the gateway sees it.
pub trait LocalKeyManager: Send + Sync + 'static {
    /// The tenant's present key set, as its JWKS endpoint publishes it.
    fn jwks(&self, tenant: &str) -> Option<String>;

    /// What its introspection endpoint says of a token.
    fn introspect(&self, tenant: &str, token: &str) -> LocalIntrospection;
}

/// The members of an introspection answer.
pub type LocalIntrospection = Map<String, Value>;
