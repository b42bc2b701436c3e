//! Signing what the platform itself vouches for: API keys, and what the gateway tells backends about a caller.
//! Which key signs is the resident key manager's business: it publishes that key in its key set.

use serde_json::{Map, Value};

/// Signs with a tenant's present key.
pub trait Signer: Send + Sync + 'static {
    /// A compact JWS (RFC 7515, section 7.1) over these members, with `alg` and `kid` added to the header; `None` when
    /// there is no such tenant.
    fn sign(&self, tenant: &str, header: Map<String, Value>, claims: &Map<String, Value>) -> Option<String>;

    /// The same, with a key that outlives the process, so that what is signed can be checked after a restart.
    fn sign_to_last(&self, tenant: &str, header: Map<String, Value>, claims: &Map<String, Value>) -> Option<String>;
}
