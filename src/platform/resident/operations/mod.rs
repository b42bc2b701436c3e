//! The key manager operations of a resident key manager: what its own document names as its registration endpoint, and beside it.
//! They are for administrators of the tenant; what they are called with stands in each file.

mod change;
mod clients;
mod document;
mod order;
mod secrets;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::realms::Residents;

/// Where they are, below the tenant's base.
const REGISTER: &str = "/keymanager-operations/dcr/register";

/// Their routes.
pub(super) fn router() -> Router<Arc<Residents>> {
    let client = |what: &str| format!("{REGISTER}/{{id}}{what}");
    Router::new()
        .route(REGISTER, post(clients::register))
        .route(&client(""), get(clients::read).put(clients::update).delete(clients::delete))
        .route(&client("/change-owner"), post(clients::change_owner))
        .route(&client("/regenerate-consumer-secret"), post(clients::regenerate_secret))
        .route(&client("/generate-secret"), post(secrets::generate))
        .route(&client("/secrets"), get(secrets::list))
        .route(&client("/secrets/{secret}"), get(secrets::read).delete(secrets::revoke))
        .route("/keymanager-operations/user-info/claims", get(users::claims))
        .route("/keymanager-operations/user-info/claims/generate", post(users::generate_claims))
        .route("/keymanager-operations/revoke-one-time-token", post(users::revoke_one_time_token))
}
