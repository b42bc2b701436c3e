//! Answers with an entity tag, which a client that has them already need not get again (RFC 9110, section 13.1.2).
//! Which resources have one is left to the planes.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderMap, StatusCode,
    header::{ETAG, IF_NONE_MATCH},
};
use serde_json::Value;

/// The body with its tag, or 304 when the request names that tag.
pub(crate) fn tagged(headers: &HeaderMap, body: Value) -> Response {
    let hash = digest(&SHA256, body.to_string().as_bytes());
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|list| list.split(',')).map(|one| one.trim().trim_start_matches("W/"));
    if is_known.into_iter().any(|one| one == tag || one == "*") {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    ([(ETAG, tag)], Json(body)).into_response()
}
