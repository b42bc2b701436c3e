//! Scopes that are registered at an authorization server, and the rule that decides which of them a request gets.
//! Every vendor has a rule of its own; so has the platform's resident key manager.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{client::Client, error::OAuthError, user::User};

/// A registered scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// What stands in a token.
    pub name: String,
    /// What a person reads.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Roles of which a user must hold one; none are needed when empty.
    pub roles: Vec<String>,
    /// Permissions it is bound to, kept as registered.
    pub permissions: Vec<String>,
}

/// What a scope rule decides on.
#[derive(Debug)]
pub struct ScopeRequest<'a> {
    /// The scopes asked for, in order and without repetitions; `None` when the parameter was left out or empty.
    pub requested: Option<&'a [String]>,
    /// Who asks.
    pub client: &'a Client,
    /// On whose behalf; `None` when the client asks for itself.
    pub user: Option<&'a User>,
    /// What the user's roles permit, where roles have permissions.
    pub permissions: &'a [String],
    /// How.
    pub grant_type: &'a str,
    /// The registered scopes by name.
    pub registered: &'a BTreeMap<String, Scope>,
}

/// Decides which scopes are granted.
pub trait ScopeRule: std::fmt::Debug + Send + Sync {
    /// The granted scopes; may be fewer than were asked for.
    ///
    /// # Errors
    ///
    /// `invalid_scope` where the rule refuses instead of granting less.
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError>;
}

/// The words of a `scope` parameter, without repetitions; `None` when there are none.
pub fn split(parameter: Option<&str>) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    let words = parameter.unwrap_or_default().split(' ').filter(|word| !word.is_empty() && seen.insert(*word));
    let words: Vec<String> = words.map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

/// The rule of a server that follows the RFC to the letter: a scope that is not registered, or not allowed to the
/// client or the user, is refused with `invalid_scope`; left out, all that is registered and allowed is granted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Strict;

impl ScopeRule for Strict {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let allowed = |scope: &str| permitted(request, scope);
        match request.requested {
            None => Ok(request.registered.keys().filter(|scope| allowed(scope)).cloned().collect()),
            Some(requested) => match requested.iter().find(|scope| !known(request, scope) || !allowed(scope)) {
                Some(refused) => Err(OAuthError::invalid_scope(format!("scope {refused} cannot be granted"))),
                None => Ok(requested.to_vec()),
            },
        }
    }
}

/// The rule of servers that drop what they cannot grant without a word.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dropping;

impl ScopeRule for Dropping {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let requested = request.requested.unwrap_or_default();
        Ok(requested.iter().filter(|scope| known(request, scope) && permitted(request, scope)).cloned().collect())
    }
}

/// Whether a scope is registered, or one of OpenID Connect's own.
pub fn known(request: &ScopeRequest<'_>, scope: &str) -> bool {
    request.registered.contains_key(scope) || OPENID.contains(&scope)
}

/// The scopes that every OpenID provider knows (OpenID Connect Core, sections 5.4 and 11).
pub const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The scope that asks for a refresh token (OpenID Connect Core, section 11).
pub const OFFLINE: &str = "offline_access";

/// Whether client, user and roles permit a scope. OpenID's own scopes need a user.
pub fn permitted(request: &ScopeRequest<'_>, scope: &str) -> bool {
    let listed = |list: &Option<Vec<String>>| list.as_ref().is_none_or(|list| list.iter().any(|each| each == scope));
    if OPENID.contains(&scope) {
        return request.user.is_some();
    }
    let roles = request.registered.get(scope).map_or(&[][..], |scope| &scope.roles);
    let by_role = match request.user {
        Some(user) => roles.is_empty() || roles.iter().any(|role| user.has_role(role)),
        None => true,
    };
    listed(&request.client.scopes) && request.user.is_none_or(|user| listed(&user.scopes)) && by_role
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::{ClientSpec, UserSpec};

    fn registered() -> BTreeMap<String, Scope> {
        let scope = |name: &str, roles: &[&str]| Scope {
            name: name.to_owned(),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            ..Scope::default()
        };
        [scope("read", &[]), scope("write", &["editor"])].into_iter().map(|scope| (scope.name.clone(), scope)).collect()
    }

    fn ask(rule: &dyn ScopeRule, scope: &str, user: Option<User>) -> Result<Vec<String>, OAuthError> {
        let (client, registered) = (ClientSpec::new("c").0, registered());
        let requested = split(Some(scope));
        rule.grant(&ScopeRequest {
            requested: requested.as_deref(),
            client: &client,
            user: user.as_ref(),
            permissions: &[],
            grant_type: "password",
            registered: &registered,
        })
    }

    #[test]
    fn words_are_split_once_and_in_order() {
        assert_eq!(split(Some("b a  b")), Some(vec!["b".to_owned(), "a".to_owned()]));
        assert_eq!(split(Some("  ")), None);
        assert_eq!(split(None), None);
    }

    #[test]
    fn the_strict_rule_refuses_what_the_dropping_rule_drops() {
        let ann = || Some(UserSpec::new("ann", "pw").0);
        assert_eq!(ask(&Strict, "read nope", ann()).unwrap_err().code, "invalid_scope");
        assert_eq!(ask(&Dropping, "read nope", ann()).unwrap(), ["read"]);
    }

    #[test]
    fn a_scope_bound_to_a_role_needs_a_user_who_holds_it() {
        let editor = UserSpec::new("ed", "pw").roles(["Editor"]).0;
        assert_eq!(ask(&Dropping, "write", Some(editor)).unwrap(), ["write"]);
        assert!(ask(&Dropping, "write", Some(UserSpec::new("ann", "pw").0)).unwrap().is_empty());
    }

    #[test]
    fn left_out_the_strict_rule_grants_all_that_is_permitted() {
        assert_eq!(ask(&Strict, "", Some(UserSpec::new("ann", "pw").0)).unwrap(), ["read"]);
        assert!(ask(&Strict, "openid", None).is_err());
    }
}
