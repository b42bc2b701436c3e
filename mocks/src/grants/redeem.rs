//! The token endpoint's checks in their order, which decides the error that wins when several things are wrong.
//! The grants themselves know nothing of it.

use super::{ALL, Grant, TokenAnswer, TokenRequest, authenticate_client};
use crate::realm::{Cause, Client, OAuthError, Policy, Realm};

/// Decides on a token request.
///
/// # Errors
///
/// The OAuth error that the realm's dialect answers it with.
pub fn redeem(realm: &Realm, request: &TokenRequest) -> Result<TokenAnswer, OAuthError> {
    let policy = realm.policy();
    checked(realm, &policy, request).map_err(|error| worded(&policy, error))
}

/// The error in the words of the realm's dialect, with the challenge that goes with a 401.
pub(crate) fn worded(policy: &Policy, error: OAuthError) -> OAuthError {
    let error = (policy.dialect)(error);
    if error.status == 401 && error.is_invalid_client() {
        return error.header("www-authenticate", format!("Basic realm=\"{}\"", policy.challenge_realm));
    }
    error
}

fn checked(realm: &Realm, policy: &Policy, request: &TokenRequest) -> Result<TokenAnswer, OAuthError> {
    if !policy.repeats_after_client {
        unrepeated(request)?;
    }
    if let Some(name) = policy.barred_from_query.iter().find(|name| request.query.contains(name)) {
        return Err(OAuthError::invalid_request(format!("the URL holds the sensitive parameter {name}")));
    }
    let grant_type =
        request.form.value("grant_type").ok_or_else(|| OAuthError::invalid_request("grant_type is missing"))?;
    if is_not_played(policy, grant_type) {
        return Err(not_played(realm, policy, request, grant_type));
    }
    let (grant, client) = if policy.grant_type_before_client {
        let grant = known_grant(policy, request, grant_type)?;
        (grant, authenticate_client(realm, request)?)
    } else {
        let client = authenticate_client(realm, request)?;
        (known_grant(policy, request, grant_type)?, client)
    };
    unrepeated(request)?;
    permitted(policy, &client, grant.name())?;
    grant.redeem(realm, &client, &request.form)
}

/// Whether a grant type is known by name alone, as somebody's own is (`oauth.custom_grant_type`).
fn is_not_played(policy: &Policy, grant_type: &str) -> bool {
    policy.grant_types.iter().any(|supported| supported == grant_type)
        && ALL.into_iter().all(|grant| grant.name() != grant_type)
}

/// The refusal of a grant type that is known by name alone: the checks before the grant itself are made as for any other.
fn not_played(realm: &Realm, policy: &Policy, request: &TokenRequest, grant_type: &str) -> OAuthError {
    let checked = || {
        let client = authenticate_client(realm, request)?;
        unrepeated(request)?;
        if client.is_public() && !policy.public_grant_types.iter().any(|allowed| allowed == grant_type) {
            return Err(OAuthError::invalid_client("the client did not authenticate"));
        }
        let contained = policy.grant_types_by_containment && client.grant_types.join(" ").contains(grant_type);
        if client.allows_grant(grant_type) || contained {
            return Ok(());
        }
        Err(OAuthError::unauthorized_client(format!("the client may not use the grant type {grant_type}")))
    };
    let words = || OAuthError::invalid_grant(format!("nothing here plays the handler of the grant type {grant_type}"));
    checked().err().unwrap_or_else(words)
}

fn unrepeated(request: &TokenRequest) -> Result<(), OAuthError> {
    match request.form.repeated().or_else(|| request.query.repeated()) {
        Some(name) => Err(OAuthError::invalid_request(format!("parameter {name} is repeated"))),
        None => Ok(()),
    }
}

fn known_grant(policy: &Policy, request: &TokenRequest, grant_type: &str) -> Result<&'static dyn Grant, OAuthError> {
    let supported = policy.grant_types.iter().any(|supported| supported == grant_type);
    let grant = ALL.into_iter().find(|grant| supported && grant.name() == grant_type).ok_or_else(|| {
        OAuthError::new(400, &policy.unknown_grant, format!("Unsupported grant_type value: {grant_type}"))
            .because(Cause::UnknownGrant)
    })?;
    let missing: Vec<_> = grant.required().iter().copied().filter(|name| request.form.value(name).is_none()).collect();
    if missing.is_empty() {
        Ok(grant)
    } else {
        Err(OAuthError::invalid_request(format!("missing parameters: {}", missing.join(", "))))
    }
}

fn permitted(policy: &Policy, client: &Client, grant_type: &'static str) -> Result<(), OAuthError> {
    if client.is_public() && !policy.public_grant_types.iter().any(|allowed| allowed == grant_type) {
        return Err(if policy.grant_type_before_client {
            OAuthError::invalid_client("the client did not authenticate")
        } else {
            OAuthError::unauthorized_client("a public client may not use this grant type")
        }
        .because(Cause::PublicClient(grant_type)));
    }
    let contained = || client.grant_types.join(" ").contains(grant_type);
    let allowed = client.allows_grant(grant_type) || policy.grant_types_by_containment && contained();
    if !allowed {
        let error = OAuthError::unauthorized_client(format!("the client may not use the grant type {grant_type}"));
        return Err(error.because(Cause::GrantNotAllowed(grant_type)));
    }
    Ok(())
}
