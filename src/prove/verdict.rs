//! Verdicts that a saboteur writes over the gateway's own, and what can be read from and changed in its answers.
//! When one is due is for the defects to say.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{Deed, message};

/// A verdict in place of the gateway's own.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// The backend answers; in its place an echo of the call, where no good token could be borrowed.
    Accepted,
    /// What the gateway answered before is answered again.
    AsBefore(Response<Bytes>),
    /// 401.
    BadCredentials,
    /// 500.
    Broken,
}

impl Verdict {
    /// Writes this verdict over the gateway's, unless it is the same.
    pub(super) fn give(self, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        let (passed, passes) = (answer.status().is_success(), matches!(self, Self::Accepted | Self::AsBefore(_)));
        let broken = matches!(self, Self::Broken) && !answer.status().is_server_error();
        if passed == passes && !broken {
            return Deed::Nothing;
        }
        *answer = match self {
            Self::Accepted => echo(request),
            Self::AsBefore(before) => before,
            Self::BadCredentials => refusal(401, "900901", "Invalid Credentials"),
            Self::Broken => refusal(500, "900900", "Unclassified Authentication Failure"),
        };
        Deed::Done
    }
}

/// What the echo backend would have said.
fn echo(request: &Request<Bytes>) -> Response<Bytes> {
    let fields = request.headers().iter().filter(|(name, _)| **name != header::AUTHORIZATION);
    let fields: Vec<_> =
        fields.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect();
    let body = json!({ "method": request.method().as_str(), "path": request.uri().path(), "headers": fields });
    written(StatusCode::OK, &body)
}

fn refusal(status: u16, code: &str, message: &str) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).expect("the statuses above are statuses");
    let mut answer = written(status, &json!({ "code": code, "message": message, "description": message }));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"kmspec\", error=\"invalid_token\"");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

fn written(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(message::bytes(body));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    message::fit_answer_length(&mut answer);
    answer
}

/// The gateway's code in a refusal.
pub(super) fn code(answer: &Response<Bytes>) -> Option<String> {
    if answer.status().is_success() {
        return None;
    }
    let body = message::json(answer.body())?;
    body["code"].as_str().map(str::to_owned)
}

/// Changes the header fields that the backend says it received; whether there was such a list.
pub(super) fn change_echo(answer: &mut Response<Bytes>, change: impl FnOnce(&mut Vec<Value>) -> bool) -> bool {
    let Some(mut body) = answer.status().is_success().then(|| message::json(answer.body())).flatten() else {
        return false;
    };
    let changed = body["headers"].as_array_mut().is_some_and(change);
    if changed {
        *answer.body_mut() = message::bytes(&body);
    }
    changed
}

/// Whether a field of an echo has that name.
pub(super) fn is_field(field: &Value, name: &HeaderName) -> bool {
    field[0].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name.as_str()))
}
