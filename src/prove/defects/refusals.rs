//! Defects of how a refusal is told: status, challenge, words. Whether it was right to refuse is judged elsewhere.
//! Answers of the backend stay as they are.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::Value;

use crate::{
    gate::{Case, code},
    message,
    table::defects,
};

defects! {
    "DEF-078", "a refusal comes without a challenge", Tells(no_challenge);
    "DEF-079", "a refusal says what was wrong with the token", Tells(telling_reason);
    "DEF-080", "a missing scope is a missing credential", Tells(scope_as_credential);
}

fn no_challenge(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    answer.headers_mut().remove(header::WWW_AUTHENTICATE).is_some()
}

/// An expired token is told so, and a broken one is repeated.
fn telling_reason(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    if code(answer).is_none_or(|code| code != "900901") {
        return false;
    }
    let end =
        case.issued().and_then(|(token, issuer)| Some((token.claims.get("exp")?.as_u64()?, issuer.clock().now())));
    let reason = match end {
        Some((end, now)) if end <= now => "the token has expired".to_owned(),
        Some(_) => return false,
        None if case.text.is_empty() => return false,
        None => format!("cannot read {}", case.text),
    };
    let Some(mut body) = message::json(answer.body()) else { return false };
    body["description"] = Value::String(reason);
    *answer.body_mut() = message::bytes(&body);
    true
}

fn scope_as_credential(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let swapped = code(answer).is_some_and(|code| code == "900910");
    if swapped {
        *answer.status_mut() = StatusCode::UNAUTHORIZED;
    }
    swapped
}
