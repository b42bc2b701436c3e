//! Reading a JSON body: what is wrong with it is told in the product's words.
//! What the members mean is left to the handlers.

use axum::extract::{FromRequest, Request};
use http::{StatusCode, header::CONTENT_TYPE};
use kmspec_mocks::objects;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Refusal;

/// The body of a request, read from JSON.
///
/// Members that are structures must be objects. Members that are `null` count as absent, since clients send documents back with the nulls they read.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        check_type(&request)?;
        read(&bytes_of(request, state).await?, Shape::Object).map(Self)
    }
}

/// A body that is a list.
pub(crate) struct ListBody<T>(pub(crate) Vec<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ListBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        check_type(&request)?;
        read(&bytes_of(request, state).await?, Shape::List).map(Self)
    }
}

/// The body of a request that may come without one, which then is the default.
pub(crate) struct BodyOrNone<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for BodyOrNone<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let checked = check_type(&request);
        let bytes = bytes_of(request, state).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            Ok(Self(T::default()))
        } else {
            checked?;
            read(&bytes, Shape::Object).map(Self)
        }
    }
}

/// Refuses a body that says to be something else than JSON; one that says nothing is read.
fn check_type(request: &Request) -> Result<(), Refusal> {
    let Some(said) = request.headers().get(CONTENT_TYPE) else { return Ok(()) };
    let essence = said.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence.is_empty() || essence == "application/json" || essence.ends_with("+json");
    match is_json {
        true => Ok(()),
        false => Err(Refusal::generic(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json")),
    }
}

async fn bytes_of<S: Send + Sync>(request: Request, state: &S) -> Result<bytes::Bytes, Refusal> {
    bytes::Bytes::from_request(request, state)
        .await
        .map_err(|_| Refusal::generic(StatusCode::PAYLOAD_TOO_LARGE, "Request payload is too large."))
}

/// What a body must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Object,
    List,
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], shape: Shape) -> Result<T, Refusal> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::bad_request("Request payload cannot be empty."));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|_| Refusal::bad_request("Malformed request body."))?;
    let fits = match shape {
        Shape::Object => value.is_object(),
        Shape::List => value.is_array(),
    };
    if !fits {
        return Err(Refusal::bad_request("Malformed request body."));
    }
    objects::from_value(without_nulls(value)).map_err(|error| mismatch(&error))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// serde says in text only what did not fit; its three relevant phrases are stable and tested below.
fn mismatch(error: &serde_json::Error) -> Refusal {
    let said = error.to_string();
    let quoted = said.split('`').nth(1).unwrap_or_default();
    if said.starts_with("unknown field") {
        return Refusal::bad_request(format!("Unrecognized property '{quoted}'"));
    }
    if said.starts_with("unknown variant") {
        return Refusal::bad_request("One or more request body parameters contain disallowed values.");
    }
    if said.starts_with("missing field") {
        return Refusal::bad_request(format!("{quoted}: must not be null"));
    }
    Refusal::bad_request("Malformed request body.")
}
