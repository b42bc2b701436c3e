//! Defects of comparing scopes: a near miss counts, one key manager is exempt, a list is not understood.
//! What an operation needs is read from the API as its publisher wrote it.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::prove::gate::{Case, Verdict, code, defects};

defects! {
    "DEF-049", "scopes of tokens of third parties are not checked", Judges(third_parties_are_exempt);
    "DEF-050", "a list of scopes is not understood", Judges(list);
    "DEF-051", "a scope that contains the needed one, or is contained, counts", Judges(near_miss);
    "DEF-055", "a scope is cut at its first NUL", Judges(cut_at_nul);
    "DEF-090", "who passed one operation of a client passes all", Judges(passed_elsewhere);
}

/// Whether the gateway refused for want of a scope.
fn lacks_scope(answer: &Response<Bytes>) -> bool {
    code(answer).is_some_and(|code| code == "900910")
}

fn third_parties_are_exempt(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    (lacks_scope(answer) && case.issued().is_some()).then_some(Verdict::Accepted)
}

fn list(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let claims = &case.issued()?.0.claims;
    ["scope", "scp"].iter().any(|name| claims.get(*name).is_some_and(Value::is_array)).then_some(Verdict::ScopeMissing)
}

/// The scopes that a token holds, each by itself.
fn held(case: &Case<'_>) -> Vec<String> {
    let Some((token, _)) = case.issued() else { return Vec::new() };
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(|each| each.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let claims = ["scope", "scp"].iter().filter_map(|name| token.claims.get(*name));
    claims.flat_map(texts).flat_map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The scopes that operations of the API need.
fn needed(case: &Case<'_>) -> Vec<String> {
    let Some(api) = case.history.api(case.path()) else { return Vec::new() };
    let operations = api["operations"].as_array().into_iter().flatten();
    operations
        .flat_map(|each| each["scopes"].as_array().into_iter().flatten())
        .filter_map(|scope| scope.as_str().map(str::to_owned))
        .collect()
}

fn near_miss(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let alike = |one: &str, other: &str| {
        let (one, other) = (one.to_lowercase(), other.to_lowercase());
        !one.is_empty() && (one.contains(&other) || other.contains(&one))
    };
    let near = held(case).iter().any(|held| needed(case).iter().any(|needed| alike(held, needed)));
    (lacks_scope(answer) && near).then_some(Verdict::Accepted)
}

fn cut_at_nul(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let needed = needed(case);
    let cut = held(case)
        .iter()
        .any(|held| held.split_once('\0').is_some_and(|(begin, _)| needed.iter().any(|each| each == begin)));
    (lacks_scope(answer) && cut).then_some(Verdict::Accepted)
}

fn passed_elsewhere(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let before = case.history.calls().any(|call| call.token == case.text && call.answer.is_some());
    (lacks_scope(answer) && before).then_some(Verdict::Accepted)
}
