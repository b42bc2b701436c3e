//! What a scenario created at the subject, written down by the drivers themselves so that no step can forget it.
//! Who deletes it, and when, is decided by the runner's provisioning.

use std::sync::{Arc, Mutex, PoisonError};

use super::key_manager::KeyManager;
use kmspec_model::exchange::Role;

/// One object at the subject, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Created {
    /// A key manager.
    KeyManager(String),
    /// An organization.
    Organization(String),
    /// A shared scope.
    Scope(String),
    /// A scope at the resident key manager, by its name.
    ResidentScope(String),
    /// An API.
    Api(String),
    /// An application, with its keys and subscriptions.
    Application(String),
}

/// The list of what is there to be deleted or put back; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    created: Vec<(Role, Created)>,
    originals: Vec<(Role, KeyManager)>,
}

impl Ledger {
    /// Something was created by this role, which will have the right to delete it.
    pub fn add(&self, by: Role, object: Created) {
        self.entries(|list| list.created.push((by, object)));
    }

    /// Something was deleted.
    pub fn strike(&self, object: &Created) {
        self.entries(|list| list.created.retain(|(_, each)| each != object));
    }

    /// Something has another owner now, who alone has the right to delete it.
    pub fn hand_over(&self, object: &Created, to: Role) {
        self.entries(|list| {
            list.created.iter_mut().filter(|(_, each)| each == object).for_each(|(owner, _)| *owner = to);
        });
    }

    /// Whether a key manager of this id was here before the scenario and is not yet kept as it was then.
    pub fn lacks_original(&self, id: &str) -> bool {
        self.entries(|list| {
            let ours = Created::KeyManager(id.to_owned());
            !list.created.iter().any(|(_, each)| *each == ours)
                && !list.originals.iter().any(|(_, each)| each.id.as_deref() == Some(id))
        })
    }

    /// A key manager as it was before this role changed it for the first time. Secrets in it are masked, as the
    /// platform shows them, and a platform leaves a secret as it is when the mask comes back.
    pub fn keep_original(&self, by: Role, document: KeyManager) {
        self.entries(|list| list.originals.push((by, document)));
    }

    /// What has to be put back as it was. The list is empty afterwards.
    pub fn take_originals(&self) -> Vec<(Role, KeyManager)> {
        self.entries(|list| std::mem::take(&mut list.originals))
    }

    /// What is left, newest first within each kind: applications go before the APIs they subscribe to, those before
    /// scopes, key managers next, and organizations, for which these are kept, last. The list is empty afterwards.
    pub fn take(&self) -> Vec<(Role, Created)> {
        let mut all = self.entries(|list| std::mem::take(&mut list.created));
        all.reverse();
        all.sort_by_key(|(_, each)| match each {
            Created::Application(_) => 0,
            Created::Api(_) => 1,
            Created::Scope(_) | Created::ResidentScope(_) => 2,
            Created::KeyManager(_) => 3,
            Created::Organization(_) => 4,
        });
        all
    }

    fn entries<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_there_before_is_kept_as_it_was() {
        let ledger = Ledger::default();
        ledger.add(Role::Administrator, Created::KeyManager("ours".into()));
        assert!(!ledger.lacks_original("ours"));
        assert!(ledger.lacks_original("resident"));
        let original = KeyManager { id: Some("resident".into()), ..KeyManager::default() };
        ledger.keep_original(Role::Administrator, original.clone());
        assert!(!ledger.lacks_original("resident"), "the second change does not overwrite the original");
        assert_eq!(ledger.take_originals(), [(Role::Administrator, original)]);
    }

    #[test]
    fn what_was_handed_over_is_deleted_by_its_new_owner() {
        let ledger = Ledger::default();
        let (given, kept) = (Created::Application("given".into()), Created::Application("kept".into()));
        ledger.add(Role::Developer, given.clone());
        ledger.add(Role::Developer, kept.clone());
        ledger.hand_over(&given, Role::OtherDeveloper);
        assert_eq!(ledger.take(), [(Role::Developer, kept), (Role::OtherDeveloper, given)]);
    }

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
