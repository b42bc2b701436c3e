//! The scopes of an API: those that it shares with others, and those that it has to itself.
//! Who gets them in a token is left to the key managers.

use super::api_members::is_scope;
use crate::{
    domain::{Api, ApiScope, Scope},
    identity::role_exists,
    store::{Documents, StoreError},
    wire::{Code, Refusal},
};

/// Refuses shared scopes that there are not, and scopes of its own that it may not have. `is_own` tells the API itself and
/// its other versions, which have the same scopes.
pub(super) fn check(
    documents: &Documents<'_>,
    tenant: &str,
    carried: &[ApiScope],
    is_own: impl Fn(&Api) -> bool,
) -> Result<(), Refusal> {
    let mut names: Vec<&str> = carried.iter().map(|each| each.scope.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Refusal::bad_request(format!("scopes: {} stands there twice", twice[0])));
    }
    let others: Vec<Api> = documents.all::<Api>(tenant)?.into_iter().filter(|other| !is_own(other)).collect();
    for ApiScope { scope, shared } in carried {
        let known = documents.find_by_key::<Scope>(tenant, &scope.name)?.is_some();
        match (shared, known) {
            (true, false) => return Err(Code::ScopeNotFound.into()),
            (true, true) => {}
            // Its roles would count, or not, by which of the two is looked at.
            (false, true) => return Err(Refusal::from(Code::ScopeExists).because(&scope.name)),
            (false, false) if others.iter().any(|other| has_to_itself(other, &scope.name)) => {
                return Err(Refusal::from(Code::ScopeOfAnotherApi).because(&scope.name));
            }
            (false, false) => check_own(documents, tenant, scope)?,
        }
    }
    Ok(())
}

/// The name and the roles of a scope that an API has to itself.
fn check_own(documents: &Documents<'_>, tenant: &str, scope: &Scope) -> Result<(), Refusal> {
    if !is_scope(&scope.name) {
        return Err(Refusal::bad_request("scopes: a name must not be empty, nor hold blanks"));
    }
    for role in &scope.bindings {
        if !role_exists(documents, tenant, role)? {
            return Err(Refusal::from(Code::ScopeRoleNotFound).because(format!("Role {role} does not exist")));
        }
    }
    Ok(())
}

fn has_to_itself(api: &Api, name: &str) -> bool {
    api.scopes.iter().any(|own| !own.shared && own.scope.name == name)
}

/// Whether any API of the tenant has a scope of that name to itself.
pub(super) fn is_of_an_api(documents: &Documents<'_>, tenant: &str, name: &str) -> Result<bool, StoreError> {
    Ok(documents.all::<Api>(tenant)?.iter().any(|api| has_to_itself(api, name)))
}
