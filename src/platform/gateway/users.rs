//! A call with a user's own name and password, at an API that takes them.
//! Which user that is and whether the password fits is known to `identity`.

use super::{refusal::Refusal, server::GatewayState, state::Tenant};
use crate::{
    domain::{Api, Operation, SUPER_TENANT, Tenant as KnownTenant, User},
    store::{Documents, StoreError},
};

/// Checks name, password and, where the operation names scopes, the roles bound to them. No application is involved, so
/// there is no subscription to check.
///
/// # Errors
///
/// [`Refusal::NotSubscribed`] for a user of another tenant than the API's, whether there is such a user or not;
/// [`Refusal::InvalidCredentials`] for an unknown user and a wrong password alike; [`Refusal::ScopeMissing`].
pub(super) async fn check(
    state: &GatewayState,
    tenant: &Tenant,
    api: &Api,
    operation: &Operation,
    (principal, password): (&str, &str),
) -> Result<(), Refusal> {
    let named = principal.to_owned();
    let home = state.site.store.read(move |documents| home_of(documents, &named)).await.map_err(failed)?;
    if home != tenant.domain {
        return Err(Refusal::NotSubscribed);
    }
    let user = state.site.identity.authenticate(principal, password).await.map_err(failed)?;
    let user = user.ok_or(Refusal::InvalidCredentials)?;
    if operation.scopes.is_empty() || operation.scopes.iter().any(|scope| may_have(&user, api, scope)) {
        return Ok(());
    }
    Err(Refusal::ScopeMissing { resource: operation.target.clone(), scopes: operation.scopes.clone() })
}

/// The tenant in which a principal is to be looked for.
fn home_of(documents: &Documents<'_>, principal: &str) -> Result<String, StoreError> {
    let domain = principal.rsplit_once('@').map(|(_, domain)| domain);
    let known = domain.map(|domain| documents.find_anywhere::<KnownTenant>(domain)).transpose()?.flatten();
    Ok(known.map_or_else(|| SUPER_TENANT.to_owned(), |tenant| tenant.domain))
}

/// A scope without roles is everybody's.
fn may_have(user: &User, api: &Api, scope: &str) -> bool {
    let bound = api.scopes.iter().find(|own| own.scope.name == scope);
    bound.is_none_or(|own| {
        let held = |role: &String| user.roles.iter().any(|own| own.eq_ignore_ascii_case(role));
        own.scope.bindings.is_empty() || own.scope.bindings.iter().any(held)
    })
}

/// Who cannot be looked up is not let in.
fn failed(error: StoreError) -> Refusal {
    tracing::error!(%error, "a user could not be looked up");
    Refusal::InvalidCredentials
}
