//! What a saboteur may do to a request on its way in and to an answer on its way out.
//! How messages get to it and away from it is the interposer's business.

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};

use kmspec_model::exchange::Plane;

/// Makes a subject appear to have one defect, by what it changes on the wire.
///
/// A saboteur is as narrow as its defect: whatever the defect would not touch passes unchanged, so that scenarios
/// about other rules stay green. It learns what it needs from the messages that pass. A saboteur that fails to do
/// its deed leaves the message alone: the defect then goes unnoticed, which is the safe side to err on.
pub trait Saboteur: Send + Sync {
    /// A request on its way to the subject.
    fn on_request<'a>(&'a self, _plane: Plane, _request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        std::future::ready(Deed::Nothing).boxed()
    }

    /// An answer on its way back; `request` is the one the driver sent, before [`Saboteur::on_request`] saw it.
    fn on_answer<'a>(
        &'a self,
        _plane: Plane,
        _request: &'a Request<Bytes>,
        _answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        std::future::ready(Deed::Nothing).boxed()
    }

    /// Whether it wants to see what passes between the subject and its authorization servers, too.
    fn meets_servers(&self) -> bool {
        false
    }

    /// The subject that serves a tenant was stopped and started again, on the data it had.
    fn on_restart(&self, _tenant: &str) {}
}

/// Whether a saboteur did what it is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Deed {
    /// The message was none of its business.
    Nothing,
    /// The defect showed in this message.
    Done,
}
