//! Who may generate keys with a key manager.
//! Whether the named roles exist is the administrator plane's question.

use serde::{Deserialize, Serialize};

/// The role restriction of a key manager: either an allow list or a deny list, never both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permissions {
    /// How `roles` are meant.
    #[serde(default)]
    pub permission_type: PermissionType,
    /// Role names with their domain, such as `Internal/subscriber`.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// How the roles of a [`Permissions`] are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PermissionType {
    /// Everybody; the roles do not matter.
    #[default]
    Public,
    /// Only who holds at least one of the roles.
    Allow,
    /// Only who holds none of the roles.
    Deny,
}

impl Permissions {
    /// Whether somebody who holds `held` may generate keys.
    pub fn admit(&self, held: &[String]) -> bool {
        let holds_one = self.roles.iter().any(|role| holds(held, role));
        match self.permission_type {
            PermissionType::Public => true,
            PermissionType::Allow => holds_one,
            PermissionType::Deny => !holds_one,
        }
    }
}

/// Role names are compared without regard to case, as the product's user stores do.
fn holds(held: &[String], role: &str) -> bool {
    held.iter().any(|own| own.eq_ignore_ascii_case(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restriction_admits_by_the_roles_held() {
        let table: &[(PermissionType, &[&str], &[&str], bool)] = &[
            (PermissionType::Public, &["a"], &[], true),
            (PermissionType::Allow, &["a", "b"], &["b"], true),
            (PermissionType::Allow, &["a"], &["b"], false),
            (PermissionType::Allow, &[], &["b"], false),
            (PermissionType::Deny, &["a"], &["a", "b"], false),
            (PermissionType::Deny, &["a"], &["A"], false),
            (PermissionType::Deny, &["a"], &["b"], true),
        ];
        for (kind, roles, held, expected) in table {
            let permissions =
                Permissions { permission_type: *kind, roles: roles.iter().map(ToString::to_string).collect() };
            let held: Vec<String> = held.iter().map(ToString::to_string).collect();
            assert_eq!(permissions.admit(&held), *expected, "{kind:?} {roles:?} {held:?}");
        }
    }
}
