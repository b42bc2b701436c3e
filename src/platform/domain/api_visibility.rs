//! Who sees an API in the developer portal: everybody, the users of its tenant, or those of them with certain roles.
//! Who may call it is another matter, which subscriptions decide.

use serde_json::Value;

use super::Api;

/// Whoever looks at the developer portal.
#[derive(Debug, Clone, Copy)]
pub enum Viewer<'a> {
    /// Somebody who has not signed in.
    Anonymous,
    /// A user, by the tenant and the roles there.
    User {
        /// Domain of the user's tenant.
        tenant: &'a str,
        /// Role names with their domain.
        roles: &'a [String],
    },
}

impl Api {
    /// Whether somebody sees the API in the developer portal, by `visibility`: `PUBLIC`, which holds without the member, is
    /// for everybody, `PRIVATE` for users of the API's tenant, `RESTRICTED` for those of them with one of `visibleRoles`.
    pub fn is_visible_to(&self, viewer: Viewer<'_>) -> bool {
        let restricted = match self.document.get("visibility").and_then(Value::as_str) {
            None | Some("PUBLIC") => return true,
            Some("PRIVATE") => false,
            // Whatever else it says, it was not meant for everybody.
            Some(_) => true,
        };
        let Viewer::User { tenant, roles } = viewer else { return false };
        let listed = self.document.get("visibleRoles").and_then(Value::as_array);
        let mut listed = listed.into_iter().flatten().filter_map(Value::as_str);
        let mut has_role = || listed.any(|role| roles.iter().any(|own| own.eq_ignore_ascii_case(role)));
        tenant == self.tenant && (!restricted || has_role())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ApiStatus;

    fn api(document: Value) -> Api {
        Api {
            id: Uuid::nil(),
            tenant: "one.com".into(),
            provider: "pat".into(),
            name: "pets".into(),
            context: "/t/one.com/pets".into(),
            version: "1".into(),
            status: ApiStatus::Published,
            key_managers: vec!["all".into()],
            audiences: vec![],
            security_scheme: vec![],
            authorization_header: None,
            policies: vec![],
            scopes: vec![],
            operations: vec![],
            production_endpoint: None,
            sandbox_endpoint: None,
            endpoint_security: Default::default(),
            document: document.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn an_api_is_seen_by_those_that_its_visibility_names() {
        let (staff, plain) = (["Staff".to_owned()], ["Internal/everyone".to_owned()]);
        let viewers = [
            Viewer::Anonymous,
            Viewer::User { tenant: "one.com", roles: &plain },
            Viewer::User { tenant: "one.com", roles: &staff },
            Viewer::User { tenant: "two.com", roles: &staff },
        ];
        for (document, seen) in [
            (json!({}), [true, true, true, true]),
            (json!({"visibility": null}), [true, true, true, true]),
            (json!({"visibility": "PUBLIC", "visibleRoles": ["staff"]}), [true, true, true, true]),
            (json!({"visibility": "PRIVATE"}), [false, true, true, false]),
            (json!({"visibility": "RESTRICTED", "visibleRoles": ["staff"]}), [false, false, true, false]),
            (json!({"visibility": "RESTRICTED"}), [false, false, false, false]),
            (json!({"visibility": "SECRET"}), [false, false, false, false]),
        ] {
            let api = api(document.clone());
            assert_eq!(viewers.map(|viewer| api.is_visible_to(viewer)), seen, "{document}");
        }
    }
}
