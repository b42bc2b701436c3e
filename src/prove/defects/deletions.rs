//! Defects of applications that are deleted: what is reported is not what happened.
//! What outlives an application is the business of [`super::outlived`].

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response, StatusCode};

use crate::{
    Accomplices, Deed, Saboteur, message,
    portal::{Asked, Memory, Portal, asked},
    second_try,
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-159", "an application is reported as deleted and is not", Portal::hearing(deletion_is_lost);
    "DEF-160", "a deletion that failed is reported as done", Portal::telling(failed_deletion_is_hidden);
    "DEF-161", "a deletion that worked is reported as failed", With(|accomplices| Arc::new(DeletedTwice(accomplices)));
}

fn deletion_is_lost(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !matches!(asked(plane, request), Asked::Deletion) {
        return Deed::Nothing;
    }
    *request.method_mut() = Method::GET;
    Deed::Done
}

fn failed_deletion_is_hidden(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let told = message::json(answer.body()).unwrap_or_default();
    if !matches!(asked(plane, request), Asked::Deletion) || told["code"].as_u64() != Some(902_014) {
        return Deed::Nothing;
    }
    *answer.status_mut() = StatusCode::OK;
    *answer.body_mut() = Bytes::new();
    Deed::Done
}

/// Deletes once more what was deleted, and tells what the subject says to that.
struct DeletedTwice(Arc<Accomplices>);

impl Saboteur for DeletedTwice {
    fn on_request<'a>(&'a self, _: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        second_try::unmark(request);
        std::future::ready(Deed::Nothing).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        async move {
            let deleted = matches!(asked(plane, request), Asked::Deletion) && answer.status().is_success();
            if !deleted || second_try::is_one(request) {
                return Deed::Nothing;
            }
            match second_try::again(&self.0, request, Bytes::new()).await {
                Some(second) if !second.status().is_success() => {
                    *answer = second;
                    Deed::Done
                }
                _ => Deed::Nothing,
            }
        }
        .boxed()
    }
}
