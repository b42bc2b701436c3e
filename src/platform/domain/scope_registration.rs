//! What became of a scope at a key manager that keeps scopes itself.
//! Telling the key manager is left to `scope_work`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One scope at one key manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeRegistration {
    /// Assigned when the scope is first told.
    pub id: Uuid,
    /// The key manager that is told.
    pub key_manager_id: Uuid,
    /// Name of the scope.
    pub scope: String,
    /// Roles that it was bound to there when that last succeeded.
    pub roles: Vec<String>,
    /// Whether the key manager knows what is wanted.
    pub standing: ScopeStanding,
    /// Attempts that failed since something else was wanted.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// Grows with every change of what is wanted, so that a change in the midst of an attempt is not lost.
    pub wanted: u64,
}

/// Whether a key manager knows of a scope what is wanted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ScopeStanding {
    /// It does.
    Registered,
    /// It will be told, or told again.
    Pending,
    /// It will not have it: another attempt would end the same way.
    Refused,
}

impl ScopeRegistration {
    /// A scope that the key manager has not been told yet.
    pub fn new(key_manager_id: Uuid, scope: impl Into<String>) -> Self {
        Self {
            id: Uuid::new_v4(),
            key_manager_id,
            scope: scope.into(),
            roles: Vec::new(),
            standing: ScopeStanding::Pending,
            attempts: 0,
            failure: None,
            wanted: 0,
        }
    }

    /// What is wanted has changed, or is to be tried anew.
    pub fn order(&mut self) {
        self.standing = ScopeStanding::Pending;
        self.attempts = 0;
        self.failure = None;
        self.wanted += 1;
    }

    /// What finds it in its tenant.
    pub fn key(key_manager_id: Uuid, scope: &str) -> String {
        format!("{key_manager_id}\n{scope}")
    }
}
