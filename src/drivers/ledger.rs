//! What a scenario created at the subject, written down by the drivers themselves so that no step can forget it.
//! Who deletes it, and when, is decided by the runner's provisioning.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::exchange::Role;

/// One object at the subject, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Created {
    /// A key manager.
    KeyManager(String),
    /// A shared scope.
    Scope(String),
    /// An API.
    Api(String),
    /// An application, with its keys and subscriptions.
    Application(String),
}

/// The list of what is there to be deleted; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<(Role, Created)>>>);

impl Ledger {
    /// Something was created by this role, which will have the right to delete it.
    pub fn add(&self, by: Role, object: Created) {
        self.entries(|list| list.push((by, object)));
    }

    /// Something was deleted.
    pub fn strike(&self, object: &Created) {
        self.entries(|list| list.retain(|(_, each)| each != object));
    }

    /// What is left, newest first within each kind: applications go before the APIs they subscribe to, those before
    /// scopes, and key managers last. The list is empty afterwards.
    pub fn take(&self) -> Vec<(Role, Created)> {
        let mut all = self.entries(std::mem::take);
        all.reverse();
        all.sort_by_key(|(_, each)| match each {
            Created::Application(_) => 0,
            Created::Api(_) => 1,
            Created::Scope(_) => 2,
            Created::KeyManager(_) => 3,
        });
        all
    }

    fn entries<T>(&self, work: impl FnOnce(&mut Vec<(Role, Created)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_others_is_deleted_before_them() {
        let ledger = Ledger::default();
        ledger.add(Role::Developer, Created::KeyManager("k".into()));
        ledger.add(Role::Developer, Created::Api("a".into()));
        ledger.add(Role::Developer, Created::Application("one".into()));
        ledger.add(Role::Developer, Created::Application("two".into()));
        ledger.add(Role::Developer, Created::Scope("s".into()));
        ledger.strike(&Created::Scope("s".into()));
        let left: Vec<_> = ledger.take().into_iter().map(|(_, object)| object).collect();
        assert_eq!(
            left,
            [
                Created::Application("two".into()),
                Created::Application("one".into()),
                Created::Api("a".into()),
                Created::KeyManager("k".into())
            ]
        );
        assert!(ledger.take().is_empty());
    }
}
