//! Small tools on messages that saboteurs share: JSON bodies, resource paths, lengths.
//! What is changed, and why, is for each saboteur to say.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

/// Host and port of a URL as `Host` spells them: the port is left out where the scheme implies it.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The body as JSON, if it is that.
pub(super) fn json(body: &Bytes) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

/// Writes JSON as a body; members keep their order.
pub(super) fn bytes(json: &Value) -> Bytes {
    Bytes::from(json.to_string())
}

/// The documents in an answer: the members of `list` where it is a list, else the answer itself.
pub(super) fn documents(answer: &mut Value) -> Vec<&mut Value> {
    if answer.get("list").is_some_and(Value::is_array) {
        return answer["list"].as_array_mut().into_iter().flatten().collect();
    }
    if answer.is_object() { vec![answer] } else { Vec::new() }
}

/// Replaces an answer by this one.
pub(super) fn say(answer: &mut Response<Bytes>, status: u16, body: &Value) {
    *answer.status_mut() = StatusCode::from_u16(status).expect("saboteurs spell out real statuses");
    *answer.body_mut() = if body.is_null() { Bytes::new() } else { bytes(body) };
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
}

/// Replaces an answer by a refusal in the words of the product.
pub(super) fn refuse(answer: &mut Response<Bytes>, status: u16, code: u32, text: &str) {
    let body = json!({"code": code, "message": text, "description": text, "moreInfo": "", "error": []});
    say(answer, status, &body);
}

/// Sends a request to where it does nothing: its own resource is read instead.
pub(super) fn defuse(request: &mut Request<Bytes>, path: &str) {
    *request.method_mut() = Method::GET;
    *request.body_mut() = Bytes::new();
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
}

/// What a path names below `/api/am/<plane>/<version>/`, part by part; empty for other paths.
///
/// `/api/am/admin/v4/key-managers/1` gives `["key-managers", "1"]`.
pub(super) fn resource(path: &str) -> Vec<&str> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts
        .windows(2)
        .position(|pair| pair == ["api", "am"])
        .and_then(|at| parts.get(at + 4..))
        .unwrap_or_default()
        .to_vec()
}

/// Makes a request's framing fit a body that was changed.
pub(super) fn fit_length(request: &mut Request<Bytes>) {
    let length = request.body().len();
    set_length(request.headers_mut(), length);
}

/// Makes an answer's framing fit a body that was changed.
pub(super) fn fit_answer_length(answer: &mut Response<Bytes>) {
    let length = answer.body().len();
    set_length(answer.headers_mut(), length);
}

fn set_length(headers: &mut HeaderMap, length: usize) {
    headers.remove(header::TRANSFER_ENCODING);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_what_follows_plane_and_version() {
        assert_eq!(resource("/api/am/admin/v4/key-managers/1"), ["key-managers", "1"]);
        assert_eq!(resource("/proxy/api/am/publisher/v4/apis"), ["apis"]);
        assert!(resource("/api/am/admin").is_empty());
        assert!(resource("/orders/api").is_empty());
    }

    #[test]
    fn an_authority_leaves_the_implied_port_out() {
        assert_eq!(authority(&"https://localhost:443/x".parse().unwrap()), "localhost");
        assert_eq!(authority(&"https://localhost:9443/x".parse().unwrap()), "localhost:9443");
    }
}
