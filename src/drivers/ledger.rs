//! What a scenario created at the subject, written down by the drivers themselves so that no step can forget it.
//! Who deletes it, and when, is decided by the runner's provisioning.

use std::sync::{Arc, Mutex, PoisonError};

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
pub struct Ledger(Arc<Mutex<Vec<Created>>>);

impl Ledger {
    /// Something was created.
    pub fn add(&self, object: Created) {
        self.entries(|list| list.push(object));
    }

    /// Something was deleted.
    pub fn strike(&self, object: &Created) {
        self.entries(|list| list.retain(|each| each != object));
    }

    /// What is left, newest first within each kind: applications go before the APIs they subscribe to, those before
    /// scopes, and key managers last. The list is empty afterwards.
    pub fn take(&self) -> Vec<Created> {
        let mut all = self.entries(std::mem::take);
        all.reverse();
        all.sort_by_key(|each| match each {
            Created::Application(_) => 0,
            Created::Api(_) => 1,
            Created::Scope(_) => 2,
            Created::KeyManager(_) => 3,
        });
        all
    }

    fn entries<T>(&self, work: impl FnOnce(&mut Vec<Created>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_others_is_deleted_before_them() {
        let ledger = Ledger::default();
        ledger.add(Created::KeyManager("k".into()));
        ledger.add(Created::Api("a".into()));
        ledger.add(Created::Application("one".into()));
        ledger.add(Created::Application("two".into()));
        ledger.add(Created::Scope("s".into()));
        ledger.strike(&Created::Scope("s".into()));
        assert_eq!(
            ledger.take(),
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
