//! Panics behind the wire: caught, remembered, and told to whoever runs the platform.
//! Answering the request that met one is left to the server.

use std::{
    any::Any,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use futures::FutureExt;

/// The panics so far; clones share one list.
#[derive(Debug, Clone, Default)]
pub struct Panics {
    seen: Arc<Mutex<Vec<String>>>,
}

impl Panics {
    /// Runs `work` and remembers its panic; `None` when it panicked.
    ///
    /// `place` says where it happened, such as the method and path of a request.
    pub async fn watch<F: Future>(&self, place: &str, work: F) -> Option<F::Output> {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(done) => Some(done),
            Err(payload) => {
                self.remember(place, payload.as_ref());
                None
            }
        }
    }

    /// What panicked so far, oldest first.
    pub fn list(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, place: &str, payload: &(dyn Any + Send)) {
        let said = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        tracing::error!(place, said, "panic behind the wire");
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{place}: {said}"));
    }
}
