//! Reading the path and the query of a request: what is wrong with them is told as with bodies.
//! What the values mean is left to the handlers.

use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::Refusal;

/// Values of a path; one that is no text leads nowhere.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read = AxumPath::from_request_parts(parts, state).await;
        read.map(|AxumPath(values)| Self(values)).map_err(|_| Refusal::not_found("resource"))
    }
}

/// Values of a query; absent ones and those of another type are named.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read = AxumQuery::from_request_parts(parts, state).await;
        read.map(|AxumQuery(values)| Self(values)).map_err(|rejection| Refusal::bad_request(rejection.body_text()))
    }
}
