//! An organization within a tenant: users belong to it, and key managers can be kept for it.
//! Which user belongs to which is said by a claim of the user.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{KeyManager, User};

/// An organization that an administrator registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Assigned on creation; key managers name it.
    pub id: Uuid,
    /// Its id where its users come from; unique in the tenant.
    pub external_id: String,
    /// What portals show.
    pub display_name: String,
}

impl KeyManager {
    /// Whether the portal shows it to a user: to everybody unless organizations are named, and then to the members of
    /// these. `NONE` keeps it for who belongs to no registered organization, as the administrator does.
    pub fn is_shown_to(&self, user: Option<&User>, registered: &[Organization]) -> bool {
        let allowed = &self.allowed_organizations;
        if allowed.is_empty() || allowed.iter().any(|one| one.eq_ignore_ascii_case("all")) {
            return true;
        }
        let external = user.and_then(User::organization);
        let own = external.and_then(|external| registered.iter().find(|one| one.external_id == external));
        match own {
            Some(own) => allowed.iter().any(|one| *one == own.id.to_string()),
            None => allowed.iter().any(|one| one.eq_ignore_ascii_case("none")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_key_manager_is_shown_to_the_members_of_its_organizations() {
        let organization = |external: &str| Organization {
            id: Uuid::new_v4(),
            external_id: external.into(),
            display_name: external.into(),
        };
        let registered = [organization("one"), organization("two")];
        let member = |external: &str| User {
            name: "dora".into(),
            tenant: "t".into(),
            password: String::new(),
            roles: vec![],
            claims: BTreeMap::from([("http://wso2.org/claims/organizationId".to_owned(), external.to_owned())]),
        };
        let shown = |allowed: &[&str], external: &str| {
            let allowed_organizations = allowed.iter().map(ToString::to_string).collect();
            let key_manager = KeyManager { allowed_organizations, ..KeyManager::named("acme", "custom") };
            key_manager.is_shown_to(Some(&member(external)), &registered)
        };
        let first = registered[0].id.to_string();
        for (allowed, external, expected) in [
            (&[][..], "one", true),
            (&["All"], "one", true),
            (&[first.as_str()], "one", true),
            (&[first.as_str()], "two", false),
            (&[first.as_str()], "", false),
            (&["one"], "one", false),
            (&["none"], "one", false),
            (&["NONE"], "", true),
            (&["none"], "unregistered", true),
        ] {
            assert_eq!(shown(allowed, external), expected, "{allowed:?} {external}");
        }
        assert!(KeyManager::named("acme", "custom").is_shown_to(None, &registered));
    }
}
