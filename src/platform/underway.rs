//! What is being registered at this moment: one registration of a kind at a time.
//! What is registered already is the store's to know.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// The names of registrations that have begun and not ended.
#[derive(Debug, Clone, Default)]
pub struct Underway(Arc<Mutex<HashSet<String>>>);

impl Underway {
    /// Begins one; `None` while another of this name has not ended.
    pub fn begin(&self, name: String) -> Option<Begun> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        fresh.then(|| Begun { all: self.clone(), name })
    }
}

/// A registration that has begun; it ends when this is dropped.
#[derive(Debug)]
pub struct Begun {
    all: Underway,
    name: String,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_the_same_name_waits_for_the_end_of_the_first() {
        let underway = Underway::default();
        let first = underway.begin("a".to_owned());
        assert!(
            first.is_some() && underway.begin("a".to_owned()).is_none() && underway.begin("b".to_owned()).is_some()
        );
        drop(first);
        assert!(underway.begin("a".to_owned()).is_some());
    }
}
