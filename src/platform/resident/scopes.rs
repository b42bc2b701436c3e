//! Which scopes the resident key manager grants: the planes' by role, bound ones by role, all others as asked for.
//! Where scopes and their bindings are registered is the publisher plane's business.

use std::sync::Arc;

use kmspec_mocks::realm::{OAuthError, ScopeRequest, ScopeRule};
use regex::Regex;

use crate::deployment::Deployment;

/// What stands in a token for which no scope was asked.
const DEFAULT: &str = "default";

/// The scope of OpenID Connect.
const OPENID: &str = "openid";

/// Begins the name of every scope of the management planes.
const PLANE: &str = "apim:";

/// Member of a client's metadata with the roles of its owner, who stands in where there is no user.
pub(super) const OWNER_ROLES: &str = "owner_roles";

/// The rule. What a caller may not have is dropped without a word, and a scope that nobody registered is granted, unless
/// the deployment lists which ones are (DEC-04).
#[derive(Debug, Clone, Default)]
pub(super) struct ResidentScopes {
    allowed: Option<Arc<[Regex]>>,
}

impl ResidentScopes {
    pub(super) fn new(deployment: &Deployment) -> Self {
        Self { allowed: deployment.allowed_scopes.as_ref().map(|patterns| Arc::from(patterns.as_slice())) }
    }

    /// Whether a scope that nobody registered is granted.
    fn allows(&self, scope: &str) -> bool {
        self.allowed.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.is_match(scope)))
    }

    fn may_have(&self, request: &ScopeRequest<'_>, scope: &str) -> bool {
        let listed = scope == OPENID || scope.starts_with(PLANE) || request.registered.contains_key(scope);
        (listed || self.allows(scope)) && may_have(request, scope)
    }
}

impl ScopeRule for ResidentScopes {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let Some(requested) = request.requested else { return Ok(vec![DEFAULT.to_owned()]) };
        if !requested.iter().all(|scope| is_scope_name(scope)) {
            return Err(OAuthError::invalid_scope("a scope has characters that no scope may have"));
        }
        let granted: Vec<_> = requested.iter().filter(|scope| self.may_have(request, scope)).cloned().collect();
        Ok(if granted.is_empty() { vec![DEFAULT.to_owned()] } else { granted })
    }
}

/// Whether a text is the name of a scope: printable ASCII without blank, quotation mark and backslash (RFC 6749 §3.3).
pub(crate) fn is_scope_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

/// Whether the server has a scope without anybody having registered it.
pub(crate) fn is_own_scope(name: &str) -> bool {
    name == OPENID || name.starts_with(PLANE) || name.starts_with("internal_")
}

fn may_have(request: &ScopeRequest<'_>, scope: &str) -> bool {
    if scope == OPENID {
        return request.user.is_some();
    }
    if scope.starts_with(PLANE) {
        return request.user.is_some_and(|user| user.roles.iter().any(|role| opens(role, scope)));
    }
    let bound_to = request.registered.get(scope).map_or(&[][..], |scope| &scope.roles);
    bound_to.is_empty() || roles(request).any(|held| bound_to.iter().any(|role| role.eq_ignore_ascii_case(held)))
}

/// The user's roles, or those of the client's owner.
fn roles<'a>(request: &'a ScopeRequest<'_>) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    match request.user {
        Some(user) => Box::new(user.roles.iter().map(String::as_str)),
        None => {
            let owner = request.client.metadata.get(OWNER_ROLES).and_then(serde_json::Value::as_array);
            Box::new(owner.into_iter().flatten().filter_map(serde_json::Value::as_str))
        }
    }
}

/// Whether there is such a scope of the planes: it is the administrator's own, or some other role opens it.
pub(crate) fn plane_scope_exists(scope: &str) -> bool {
    let roles = ["Internal/creator", "Internal/publisher", "Internal/subscriber"];
    ADMINISTRATOR.contains(&scope) || roles.iter().any(|role| opens_plane(role, scope))
}

/// Whether a role opens a scope of the planes.
pub(crate) fn opens_plane(role: &str, scope: &str) -> bool {
    scope.starts_with(PLANE) && opens(role, scope)
}

/// Scopes that are nobody's but the administrator's.
const ADMINISTRATOR: [&str; 11] = [
    "apim:admin",
    "apim:admin_operations",
    "apim:admin_settings",
    "apim:admin_application_view",
    "apim:admin_tier_view",
    "apim:admin_tier_manage",
    "apim:organization_read",
    "apim:organization_manage",
    "apim:scope_manage",
    "apim:tenantInfo",
    "apim:api_provider_change",
];

/// Whether a role opens a scope of the planes. The administrator's opens all of them.
fn opens(role: &str, scope: &str) -> bool {
    let scope = &scope[PLANE.len()..];
    match role.to_ascii_lowercase().as_str() {
        "admin" => true,
        "internal/creator" => {
            CREATOR_AND_PUBLISHER.contains(&scope)
                || [
                    "api_create",
                    "api_manage",
                    "api_delete",
                    "api_import_export",
                    "api_product_import_export",
                    "mediation_policy_manage",
                ]
                .contains(&scope)
        }
        "internal/publisher" => {
            CREATOR_AND_PUBLISHER.contains(&scope)
                || ["api_publish", "subscription_block", "subscription_manage", "client_certificates_manage"]
                    .contains(&scope)
        }
        "internal/subscriber" => SUBSCRIBER.contains(&scope),
        _ => false,
    }
}

const CREATOR_AND_PUBLISHER: [&str; 11] = [
    "api_view",
    "api_definition_view",
    "api_generate_key",
    "document_manage",
    "publisher_settings",
    "shared_scope_manage",
    "subscription_view",
    "tier_view",
    "client_certificates_view",
    "client_certificates_add",
    "client_certificates_update",
];

const SUBSCRIBER: [&str; 8] = [
    "subscribe",
    "app_manage",
    "sub_manage",
    "api_key",
    "app_import_export",
    "store_settings",
    "sub_alert_manage",
    "app_owner_change",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kmspec_mocks::realm::{ClientSpec, Realm, RealmSpec, Scope, UserSpec};

    use super::*;

    fn ask(scopes: &[&str], roles: Option<&[&str]>, owner: &[&str]) -> Vec<String> {
        ask_by(&ResidentScopes::default(), scopes, roles, owner)
    }

    fn ask_by(rule: &ResidentScopes, scopes: &[&str], roles: Option<&[&str]>, owner: &[&str]) -> Vec<String> {
        granted_by(rule, scopes, roles, owner).unwrap()
    }

    fn granted_by(
        rule: &ResidentScopes,
        scopes: &[&str],
        roles: Option<&[&str]>,
        owner: &[&str],
    ) -> Result<Vec<String>, OAuthError> {
        let realm = Realm::new(RealmSpec::new("https://issuer"));
        let client = realm.add_client(ClientSpec::new("c").metadata(OWNER_ROLES, owner.to_vec()));
        let user = roles.map(|roles| realm.add_user(UserSpec::new("u", "p").roles(roles.to_vec())));
        let bound = Scope { name: "bound".into(), roles: vec!["Editor".into()], ..Scope::default() };
        let registered = BTreeMap::from([("bound".to_owned(), bound)]);
        let requested: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let requested = (!requested.is_empty()).then_some(requested);
        let request = ScopeRequest {
            requested: requested.as_deref(),
            client: &client,
            user: user.as_ref(),
            permissions: &[],
            grant_type: "password",
            registered: &registered,
        };
        rule.grant(&request)
    }

    #[test]
    fn what_is_no_name_of_a_scope_is_refused() {
        let rule = ResidentScopes::default();
        for scope in ["a\u{1}b", "a\"b", "a\\b", "a\tb", "a\nb", "é", ""] {
            let refused = granted_by(&rule, &["free", scope], None, &[]).unwrap_err();
            assert_eq!((refused.status, refused.code.as_str()), (400, "invalid_scope"), "{scope:?}");
        }
        assert_eq!(ask(&["!#[]~urn:x/y?z"], None, &[]), ["!#[]~urn:x/y?z"]);
    }

    #[test]
    fn plane_scopes_follow_the_roles_of_a_user() {
        let wanted = ["apim:admin", "apim:api_create", "apim:api_publish", "apim:subscribe"];
        assert_eq!(ask(&wanted, Some(&["admin"]), &[]), wanted);
        assert_eq!(ask(&wanted, Some(&["Internal/publisher"]), &[]), ["apim:api_publish"]);
        assert_eq!(ask(&wanted, Some(&["Internal/creator"]), &[]), ["apim:api_create"]);
        assert_eq!(ask(&wanted, Some(&["Internal/subscriber"]), &[]), ["apim:subscribe"]);
        assert_eq!(ask(&wanted, Some(&["Internal/everyone"]), &[]), [DEFAULT]);
        assert_eq!(ask(&wanted, None, &["admin"]), [DEFAULT], "a client alone opens no plane");
    }

    #[test]
    fn other_scopes_are_granted_as_asked_unless_they_are_bound_to_a_role() {
        assert_eq!(ask(&["PRODUCTION"], None, &[]), ["PRODUCTION"]);
        assert_eq!(ask(&["bound", "free"], Some(&["editor"]), &[]), ["bound", "free"]);
        assert_eq!(ask(&["bound", "free"], Some(&["other"]), &["Editor"]), ["free"]);
        assert_eq!(ask(&["bound"], None, &["Editor"]), ["bound"]);
        assert_eq!(ask(&["openid"], None, &[]), [DEFAULT]);
        assert_eq!(ask(&[], None, &[]), [DEFAULT]);
    }

    #[test]
    fn with_a_list_of_allowed_scopes_only_these_and_registered_ones_are_granted() {
        let (deployment, _) = Deployment::parse("[oauth]\nallowed_scopes = [\"^device_.*\", \"free\"]").unwrap();
        let rule = ResidentScopes::new(&deployment);
        let asked = ["bound", "free", "freedom", "device_7", "my_device_7", "openid", "apim:subscribe"];
        let granted = ask_by(&rule, &asked, Some(&["editor", "Internal/subscriber"]), &[]);
        assert_eq!(granted, ["bound", "free", "device_7", "openid", "apim:subscribe"]);
        assert_eq!(ask_by(&rule, &["other"], None, &[]), [DEFAULT]);
    }
}
