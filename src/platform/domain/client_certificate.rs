//! A client certificate that opens an API: what its publisher uploaded.
//! Whether a connection presented it is the gateway's to see.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::KeyType;

/// A certificate under its alias. In the mode of exact certificates it opens the API itself; with chain validation
/// whatever it has signed does, too (MTLS-02, MTLS-03).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// Domain of the API's tenant.
    pub tenant: String,
    /// The API that it opens.
    pub api_id: Uuid,
    /// Unique in the tenant.
    pub alias: String,
    /// Which endpoint its calls go to.
    pub key_type: KeyType,
    /// Business plan of its calls.
    pub tier: String,
    /// The certificate itself (X.509, DER), in base64.
    pub der: String,
}
