//! Panics behind the wire: caught, answered, and remembered so that they fail the run.
//! Printing them is left to the process's panic hook.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use futures::FutureExt as _;

/// The panics so far; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Panics(Arc<Mutex<Vec<String>>>);

impl Panics {
    /// What `work` gives, or `None` when it panicked; `place` says where that was.
    pub async fn catch<T>(&self, place: &str, work: impl Future<Output = T>) -> Option<T> {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(done) => Some(done),
            Err(payload) => {
                self.record(format!("{place}: {}", message(payload.as_ref())));
                None
            }
        }
    }

    /// Remembers one.
    pub fn record(&self, what: String) {
        tracing::error!(what, "panicked");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// All so far, oldest first.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_caught_and_remembered_with_its_place() {
        let panics = Panics::default();
        assert_eq!(panics.catch("here", async { 1 }).await, Some(1));
        let lost: Option<()> = panics.catch("there", async { panic!("broken {}", 7) }).await;
        assert_eq!(lost, None);
        assert_eq!(panics.all(), ["there: broken 7"]);
    }
}
