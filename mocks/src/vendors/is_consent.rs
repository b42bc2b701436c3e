//! Consents of the Open Banking accelerator: a scope of the authorization carries the consent's id, and the token says it
//! in a claim. Giving and keeping consents is left to whoever plays the bank.

use std::sync::LazyLock;

use serde_json::json;

use super::is7_tokens::{ScopeMode, Scopes, allowed_scopes};
use crate::realm::{OAuthError, ScopeRequest, ScopeRule, jwt::Object};

/// The claim with the consent's id, and what the scope begins with that carries it.
const CLAIM: &str = "consent_id";
/// What scopes begin with that are granted to anybody.
const ALLOWED: &str = "consent";

/// The rule for all other scopes.
static OTHERS: LazyLock<Scopes> =
    LazyLock::new(|| Scopes { mode: ScopeMode::RoleBased, allowed: allowed_scopes(), by_permission: false });

/// As of Identity Server, and whatever concerns a consent.
#[derive(Debug)]
pub(super) struct ConsentScopes;

impl ScopeRule for ConsentScopes {
    fn grant(&self, request: &ScopeRequest<'_>) -> Result<Vec<String>, OAuthError> {
        let requested = request.requested.unwrap_or_default();
        let (mut consents, others): (Vec<_>, Vec<_>) =
            requested.iter().cloned().partition(|scope| scope.starts_with(ALLOWED));
        if !consents.is_empty() && others.is_empty() {
            return Ok(consents);
        }
        let rest = ScopeRequest { requested: request.requested.map(|_| others.as_slice()), ..*request };
        let mut granted = OTHERS.grant(&rest)?;
        granted.append(&mut consents);
        Ok(granted)
    }
}

/// Says the consent in a claim of its own, and takes the scopes out that only the server itself is to see.
pub(super) fn said(mut claims: Object, scopes: &[String]) -> Object {
    let consent = scopes.iter().find_map(|scope| scope.strip_prefix(CLAIM)).filter(|id| !id.is_empty());
    if let Some(id) = consent {
        claims.insert(CLAIM.to_owned(), json!(id));
    }
    let seen: Vec<_> = scopes.iter().filter(|scope| !scope.starts_with(CLAIM)).map(String::as_str).collect();
    if seen.is_empty() {
        claims.remove("scope");
    } else {
        claims.insert("scope".to_owned(), json!(seen.join(" ")));
    }
    claims
}
