//! A realm at rest, so that whoever owns one can keep it across restarts.
//! Where it is kept is the owner's affair; clock, shape, scope rule and policy are not part of it.

use serde::{Deserialize, Serialize};

use super::{client::Client, key_ring::StoredKeys, scope::Scope, token::TokenRow, user::User};

/// Everything a realm has come to know.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Clients.
    pub clients: Vec<Client>,
    /// Users.
    pub users: Vec<User>,
    /// Scopes.
    pub scopes: Vec<Scope>,
    /// Tokens.
    pub tokens: Vec<TokenRow>,
    /// Keys, private halves included.
    pub keys: StoredKeys,
}
