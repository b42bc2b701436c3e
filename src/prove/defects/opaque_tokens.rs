//! Defects of tokens that say nothing by themselves: nobody is asked about them, everybody is, or the answer is not read.
//! What is remembered of answers is the business of [`super::caching`].

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::{caching::introspection, key_manager_choice::ask};
use crate::{
    Accomplices,
    gate::{Case, Errand, Inquiry, Verdict},
    message,
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-GW-05", "nobody is asked about an opaque token", Spoils(nobody_is_asked);
    "DEF-SEED-GW-06", "where nobody can be asked every opaque token is believed", Inquires(believed_unasked);
    "DEF-SEED-GW-11", "what introspection answers is not read", Inquires(answer_unread);
    "DEF-SEED-GW-12", "token handling options are not looked at", Hears(options_unread);
    "DEF-SEED-GW-24", "a key manager that says nothing of token handling takes no opaque tokens", Hears(silence_is_refusal);
    "DEF-SEED-GW-14", "every key manager is asked about every opaque token", Asks(everybody_is_asked);
}

fn is_opaque(case: &Case<'_>) -> bool {
    case.token.is_none() && !case.text.is_empty()
}

fn nobody_is_asked(case: &Case<'_>) -> bool {
    is_opaque(case) && introspection(case).is_some()
}

/// The question about an opaque token that the gateway refused.
fn question(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Errand> {
    (is_opaque(case) && answer.status().as_u16() == 401).then(|| introspection(case)).flatten()
}

fn believed_unasked(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Inquiry> {
    let errand = question(case, answer)?;
    Some(Inquiry { errand, verdict: |_, told| told.is_none().then_some(Verdict::Accepted) })
}

/// Active or not, in whichever name: that there was an answer is enough.
fn answer_unread(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Inquiry> {
    let errand = question(case, answer)?;
    Some(Inquiry { errand, verdict: |_, told| told.is_some().then_some(Verdict::Accepted) })
}

fn everybody_is_asked(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    if is_opaque(case) { ask(case, |_| true) } else { Vec::new() }
}

/// The document of a key manager that is to be added and has tokens introspected.
fn introspecting(plane: Plane, request: &Request<Bytes>) -> Option<Value> {
    let adds = plane == Plane::Admin
        && request.method() == Method::POST
        && message::resource(request.uri().path()) == ["key-managers"];
    message::json(request.body()).filter(|document| adds && document["enableSelfValidationJWT"] == false)
}

/// Adds it with an option that can be read and that no opaque token fits.
fn with_option(request: &mut Request<Bytes>, mut document: Value) {
    document["tokenValidation"] = json!([{ "id": 1, "enable": true, "type": "REFERENCE", "value": "[a-z]+" }]);
    *request.body_mut() = message::bytes(&document);
}

/// The key manager is added with an option that can be read, where its own say nothing or cannot be read.
fn options_unread(_: &Accomplices, plane: Plane, request: &mut Request<Bytes>) -> bool {
    let Some(document) = introspecting(plane, request) else { return false };
    let rows = document["tokenValidation"].as_array().cloned().unwrap_or_default();
    let known = |row: &Value| {
        let matcher = row["value"].as_str().and_then(|value| value.split_once(':')).map(|(matcher, _)| matcher);
        let says_something = row["value"].as_str().is_none_or(|value| !value.trim().is_empty());
        says_something && row["type"] != "CUSTOM"
            || matcher.is_some_and(|matcher| ["regex", "prefix", "suffix"].contains(&matcher))
    };
    let unread = !rows.iter().all(known);
    if unread {
        with_option(request, document);
    }
    unread
}

/// The key manager is added with such an option where it has none.
fn silence_is_refusal(_: &Accomplices, plane: Plane, request: &mut Request<Bytes>) -> bool {
    let Some(document) = introspecting(plane, request) else { return false };
    let silent = document["tokenValidation"].as_array().is_none_or(Vec::is_empty);
    if silent {
        with_option(request, document);
    }
    silent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_options_that_nobody_can_read_are_replaced() {
        let accomplices = Accomplices::new(&[]).unwrap();
        let replaced = |rows: Value| {
            let document = json!({ "enableSelfValidationJWT": false, "tokenValidation": rows });
            let mut request = Request::post("/api/am/admin/v4/key-managers").body(message::bytes(&document)).unwrap();
            options_unread(&accomplices, Plane::Admin, &mut request)
        };
        assert!(replaced(json!([{ "type": "REFERENCE", "value": "" }])));
        assert!(replaced(json!([{ "type": "CUSTOM", "value": "soundex:x" }])));
        assert!(!replaced(json!([{ "type": "CUSTOM", "value": "prefix:x" }])));
        assert!(!replaced(json!([{ "type": "REFERENCE", "value": ".*" }])) && !replaced(Value::Null));
    }

    #[test]
    fn only_where_no_option_is_said_there_comes_to_be_one() {
        let accomplices = Accomplices::new(&[]).unwrap();
        let filled = |rows: Value| {
            let document = json!({ "enableSelfValidationJWT": false, "tokenValidation": rows });
            let mut request = Request::post("/api/am/admin/v4/key-managers").body(message::bytes(&document)).unwrap();
            silence_is_refusal(&accomplices, Plane::Admin, &mut request)
        };
        assert!(filled(Value::Null) && filled(json!([])));
        assert!(!filled(json!([{ "type": "REFERENCE", "value": "" }])));
    }
}
