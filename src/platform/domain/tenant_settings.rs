//! What an administrator sets for a tenant as a whole.
//! Changing it is the administrator plane's business.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One per tenant, once anything was set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantSettings {
    /// Domain of the tenant.
    pub tenant: String,
    /// The configuration document; the usual one when `None`.
    pub configuration: Option<Map<String, Value>>,
    /// Other names for roles.
    #[serde(default)]
    pub aliases: Vec<RoleAlias>,
}

/// Who holds one of the aliases counts as holding the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAlias {
    /// A role that the platform knows, such as `Internal/subscriber`.
    pub role: String,
    /// Roles of the tenant.
    pub aliases: Vec<String>,
}

impl TenantSettings {
    /// The roles that somebody holds, with those that they are other names of.
    pub fn with_aliased(&self, held: &[String]) -> Vec<String> {
        let mut all = held.to_vec();
        for RoleAlias { role, aliases } in &self.aliases {
            let holds_one = aliases.iter().any(|alias| held.iter().any(|own| own.eq_ignore_ascii_case(alias)));
            if holds_one && !all.contains(role) {
                all.push(role.clone());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_an_alias_holds_the_role() {
        let alias = RoleAlias { role: "Internal/creator".into(), aliases: vec!["makers".into(), "builders".into()] };
        let settings = TenantSettings { tenant: "t".into(), configuration: None, aliases: vec![alias] };
        let held = |roles: &[&str]| settings.with_aliased(&roles.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(held(&["Builders"]), ["Builders", "Internal/creator"]);
        assert_eq!(held(&["other"]), ["other"]);
        assert_eq!(held(&["makers", "Internal/creator"]), ["makers", "Internal/creator"]);
    }
}
