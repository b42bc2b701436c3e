//! Tenants and their users.
//! Checking passwords is left to `identity`.

use std::collections::BTreeMap;

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
    /// Whether its users may sign in.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

/// Begins the names of users' claims, with a slash after it.
pub const OWN_DIALECT: &str = "http://wso2.org/claims";

/// The claim that names a user's organization, by the id that the organization has elsewhere.
const ORGANIZATION_CLAIM: &str = "http://wso2.org/claims/organizationId";

/// The claim that names the group with which a user shares applications.
const GROUP_CLAIM: &str = "http://wso2.org/claims/organization";

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
    /// Claims by their names in the platform's dialect.
    #[serde(default)]
    pub claims: BTreeMap<String, String>,
}

impl User {
    /// The organization, by the id that it has elsewhere.
    pub fn organization(&self) -> Option<&str> {
        self.claims.get(ORGANIZATION_CLAIM).map(String::as_str).filter(|id| !id.is_empty())
    }

    /// The groups with which the user shares applications.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let named = self.claims.get(GROUP_CLAIM).map(String::as_str).unwrap_or_default();
        named.split(',').map(str::trim).filter(|group| !group.is_empty())
    }
}

/// The name under which a user signs in: `name@tenant`, or plain in the super tenant.
pub fn principal(user: &str, tenant: &str) -> String {
    if tenant == SUPER_TENANT { user.to_owned() } else { format!("{user}@{tenant}") }
}
