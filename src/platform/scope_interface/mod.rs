//! The resident key manager's scope interface, `/api/identity/oauth2/v1.0/scopes`: the tenant's shared scopes by name, as the
//! servers of the product's family show theirs. Who gets a scope in a token is left to the resident's scope rule.

mod asked;
mod calls;
mod form;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::site::Site;

/// Where it is, below the tenant's base.
pub(super) const BASE: &str = "/api/identity/oauth2/v1.0/scopes";

/// The resources in the form for the super tenant, and in the one for others.
pub(super) fn routes() -> Router<Arc<Site>> {
    let one = || get(calls::read).put(calls::update).delete(calls::delete);
    let all = || post(calls::create).get(calls::list);
    let below = |base: &str| {
        let base = format!("{base}{BASE}");
        Router::new().route(&base, all()).route(&format!("{base}/name/{{name}}"), one())
    };
    below("").merge(below("/t/{tenant}"))
}
