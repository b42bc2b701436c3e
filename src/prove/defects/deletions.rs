//! Defects of applications that are deleted: what is reported is not what happened.
//! What outlives an application is the business of [`super::outlived`].

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use crate::{
    Accomplices, Deed, message,
    portal::{Asked, Memory, Portal, asked},
    second_try::{self, Retried, Retry},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-159", "an application is reported as deleted and is not", Portal::hearing(deletion_is_lost);
    "DEF-160", "a deletion that failed is reported as done", Portal::telling(failed_deletion_is_hidden);
    "DEF-161", "a deletion that worked is reported as failed", With(|accomplices| Arc::new(Retried(DeletedTwice(accomplices))));
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

impl Retry for DeletedTwice {
    async fn second(
        &self,
        plane: Plane,
        request: &Request<Bytes>,
        answer: &mut Response<Bytes>,
    ) -> Option<Response<Bytes>> {
        if !matches!(asked(plane, request), Asked::Deletion) || !answer.status().is_success() {
            return None;
        }
        second_try::again(&self.0, request, Bytes::new()).await.filter(|second| !second.status().is_success())
    }
}
