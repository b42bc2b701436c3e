//! Users of an authorization server: a name, a password, roles and claims.
//! What of them enters a token is the shape's decision.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{jwt::Object, random};

/// A user.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The server's own id of the user.
    pub id: String,
    /// Login name.
    pub name: String,
    /// Password.
    pub password: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Scopes the user may be granted; `None` leaves the decision to the scope rule alone.
    pub scopes: Option<Vec<String>>,
    /// Further claims, such as `email`.
    pub claims: Object,
    /// Whether the user may log in.
    pub active: bool,
    /// Seconds since 1970 at which it was made.
    #[serde(default)]
    pub created_at: u64,
    /// Seconds since 1970 at which it was last changed.
    #[serde(default)]
    pub changed_at: u64,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl User {
    /// Whether the user holds the role; case does not matter.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held.eq_ignore_ascii_case(role))
    }
}

/// A user's name in full: with the tenant behind it, where there is one.
pub(crate) fn qualified(name: &str, tenant: Option<&str>) -> String {
    tenant.map_or_else(|| name.to_owned(), |tenant| format!("{name}@{tenant}"))
}

/// A user to be added.
#[derive(Debug, Clone)]
#[must_use]
pub struct UserSpec(pub(crate) User);

impl UserSpec {
    /// A user without roles or claims.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self(User {
            id: random::uuid(),
            name: name.into(),
            password: password.into(),
            roles: Vec::new(),
            scopes: None,
            claims: Object::new(),
            active: true,
            created_at: 0,
            changed_at: 0,
        })
    }

    /// With these roles.
    pub fn roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.0.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// Allowed these scopes and no others.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.0.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// With this claim.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.claims.insert(name.into(), value.into());
        self
    }
}
