//! JSON bodies, read strictly: what is not known is refused, with the name that was probably meant.
//! What the members mean is for each resource to say.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use serde::de::DeserializeOwned;

use super::refusal::{Refusal, nearest};
use crate::objects;

/// A body of that form; no body at all counts as an empty object.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Raw::from_request(request, state).await?.0;
        read(if bytes.is_empty() { b"{}" } else { &bytes }).map(Self)
    }
}

/// A body as it was sent.
pub(super) struct Raw(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let large = |error: axum::extract::rejection::BytesRejection| {
            Refusal::of(error.status(), error.body_text()).hint("a body may have two mebibytes")
        };
        Bytes::from_request(request, state).await.map(Self).map_err(large)
    }
}

/// Reads a JSON text. What has members is an object: a list of their values in some order will not do.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Refusal> {
    if text.trim_ascii_start().first() == Some(&b'[') {
        return Err(
            Refusal::bad("the body must be an object, not a list").hint("GET /openapi.json describes every body")
        );
    }
    objects::from_slice(text).map_err(|error| explained(&error))
}

/// The error with a suggestion, when it is about a name out of a list.
pub(super) fn explained(error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    let names: Vec<String> = text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let status = if error.is_syntax() || error.is_eof() { "the body is no JSON" } else { "the body does not fit" };
    let refusal = Refusal::of(StatusCode::BAD_REQUEST, format!("{status}: {text}"));
    match names.split_first() {
        Some((wanted, known)) if text.starts_with("unknown ") => match nearest(wanted, known) {
            Some(near) => refusal.hint(format!("did you mean `{near}`?")),
            None => refusal.hint("GET /openapi.json describes every member"),
        },
        _ => refusal.hint("GET /openapi.json describes every body"),
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;
    use crate::{faults::FaultScript, forge::ForgeryOrder};

    #[tokio::test]
    async fn a_misspelt_member_is_refused_with_the_one_that_was_meant() {
        let refusal = read::<FaultScript>(br#"{"fault":{"kind":"reset"},"endpiont":"token"}"#).unwrap_err();
        let body = axum::body::to_bytes(refusal.into_response().into_body(), 9_999).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("did you mean `endpoint`?"), "{text}");
    }

    #[test]
    fn a_list_is_no_object_inside_a_body_either() {
        assert!(read::<FaultScript>(br#"{"fault":{"kind":"delay","by_ms":5}}"#).is_ok());
        assert!(read::<FaultScript>(br#"{"fault":["reset"]}"#).is_err());
        assert!(read::<FaultScript>(br#"{"fault":["delay",5]}"#).is_err());
        let forged = |change: &str| format!(r#"{{"changes":[{change}]}}"#);
        assert!(read::<ForgeryOrder>(forged(r#"{"change":"expires-in","seconds":5}"#).as_bytes()).is_ok());
        assert!(read::<ForgeryOrder>(forged(r#"["expires-in",5]"#).as_bytes()).is_err());
        assert!(read::<ForgeryOrder>(forged(r#"{"change":"claims-text","text":["aGk="]}"#).as_bytes()).is_err());
    }
}
