//! Saboteurs of two functions, like pairs, that know the key managers of each tenant beside their notes.
//! Which messages they change, and how, stands with each defect.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};

use super::{Deed, Saboteur, key_managers::KeyManagers, pair::Notes};
use kmspec_model::exchange::Plane;

/// Changes a request on its way in.
pub(super) type Hear = fn(&KeyManagers, &mut Notes, Plane, &mut Request<Bytes>) -> Deed;

/// Changes an answer on its way out; the request is the one that was sent.
pub(super) type Tell = fn(&KeyManagers, &mut Notes, Plane, &Request<Bytes>, &mut Response<Bytes>) -> Deed;

/// A saboteur that knows what administrators saw.
pub(super) struct Informed {
    key_managers: KeyManagers,
    hear: Hear,
    tell: Tell,
    notes: Mutex<Notes>,
}

impl Informed {
    /// One that hears and tells.
    pub(super) fn of(hear: Hear, tell: Tell) -> Arc<dyn Saboteur> {
        Arc::new(Self { key_managers: KeyManagers::default(), hear, tell, notes: Mutex::default() })
    }

    /// One that only changes answers.
    pub(super) fn telling(tell: Tell) -> Arc<dyn Saboteur> {
        Self::of(|_, _, _, _| Deed::Nothing, tell)
    }

    /// One that only changes requests.
    pub(super) fn hearing(hear: Hear) -> Arc<dyn Saboteur> {
        Self::of(hear, |_, _, _, _, _| Deed::Nothing)
    }
}

impl Saboteur for Informed {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let deed = (self.hear)(&self.key_managers, &mut notes, plane, request);
        std::future::ready(deed).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        self.key_managers.learn(plane, request, answer);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let deed = (self.tell)(&self.key_managers, &mut notes, plane, request, answer);
        std::future::ready(deed).boxed()
    }
}
