//! Tenants and their users.
//! Checking passwords is left to `identity`.

use serde::{Deserialize, Serialize};

/// The tenant that is always there; its users carry no tenant in their name.
pub const SUPER_TENANT: &str = "carbon.super";

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its domain, unique.
    pub domain: String,
    /// Name of its administrator, without the tenant.
    pub administrator: String,
    /// Names of the roles that exist, with their domain.
    pub roles: Vec<String>,
}

/// A user of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Name without the tenant; unique in the tenant.
    pub name: String,
    /// Domain of the tenant.
    pub tenant: String,
    /// Salted digest of the password.
    pub password: String,
    /// Role names with their domain, such as `Internal/subscriber`.
    pub roles: Vec<String>,
}

/// The name under which a user signs in: `name@tenant`, or plain in the super tenant.
pub fn principal(user: &str, tenant: &str) -> String {
    if tenant == SUPER_TENANT { user.to_owned() } else { format!("{user}@{tenant}") }
}
