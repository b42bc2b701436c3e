//! Permissions of roles in the old authorisation runtime of WSO2 Identity Server (`legacy_mode`): paths, each of which
//! covers those below it. Which calls need one is decided in `endpoints::management`.

use super::{state::Realm, user::User};

/// The scopes of the management interfaces with the permission that stood for each of them before there were scopes: the
/// published access rules of 5.x for client registration and introspection (sheet B.5).
const INTERNAL: [(&str, &str); 5] = [
    ("internal_dcr_create", "/permission/admin/manage/identity/applicationmgt/create"),
    ("internal_dcr_view", "/permission/admin/manage/identity/applicationmgt/view"),
    ("internal_dcr_update", "/permission/admin/manage/identity/applicationmgt/update"),
    ("internal_dcr_delete", "/permission/admin/manage/identity/applicationmgt/delete"),
    ("internal_oauth2_introspect", "/permission/admin/manage/identity/applicationmgt/view"),
];

/// Whether somebody with these permissions has that one.
pub(crate) fn covered(held: &[String], permission: &str) -> bool {
    held.iter().any(|held| {
        !held.is_empty()
            && permission
                .strip_prefix(held.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether somebody with these permissions may have a scope of the management interfaces.
pub(crate) fn opens(held: &[String], scope: &str) -> bool {
    INTERNAL.iter().any(|(known, permission)| *known == scope && covered(held, permission))
}

/// Permissions.
impl Realm {
    /// Gives a role these permissions and no others, such as `/permission/admin/manage/identity/applicationmgt`. They
    /// count in the old mode of WSO2 Identity Server alone.
    pub fn permit(&self, role: &str, permissions: Vec<String>) {
        self.directory().permissions.insert(role.to_ascii_lowercase(), permissions);
    }

    /// The permissions that a role has.
    pub fn permitted_to(&self, role: &str) -> Vec<String> {
        self.directory().permissions.get(&role.to_ascii_lowercase()).cloned().unwrap_or_default()
    }

    /// The permissions that a user has by any role.
    pub(crate) fn permissions_of(&self, user: &User) -> Vec<String> {
        user.roles.iter().flat_map(|role| self.permitted_to(role)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_covers_itself_and_what_lies_below_it() {
        for (held, wanted, has) in [
            ("/permission/admin", "/permission/admin", true),
            ("/permission/admin/", "/permission/admin/manage", true),
            ("/permission/admin", "/permission/administrator", false),
            ("/permission/admin/manage", "/permission/admin", false),
            ("/", "/permission/admin", true),
            ("", "/permission/admin", false),
        ] {
            assert_eq!(covered(&[held.to_owned()], wanted), has, "{held} {wanted}");
        }
        assert!(!covered(&[], "/permission/admin"));
        assert!(!opens(&["/permission".to_owned()], "internal_user_mgt_list"), "no permission is known for it");
    }
}
