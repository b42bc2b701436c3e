//! Defects of comparing scopes: a near miss counts, one key manager is exempt, a list is not understood.
//! What an operation needs is read from the API as its publisher wrote it.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::{
    gate::{Case, Verdict, code, signed_by_issuer},
    table::defects,
};

defects! {
    "DEF-049", "scopes of tokens of third parties are not checked", Mends(third_parties_are_exempt);
    "DEF-050", "a list of scopes is not understood", Mends(list);
    "DEF-SEED-GW-09", "a text of scopes is not understood", Mends(text);
    "DEF-051", "a scope that contains the needed one, or is contained, counts", Mends(near_miss);
    "DEF-055", "a scope is cut at its first NUL", Mends(cut_at_nul);
    "DEF-090", "who passed one operation of a client passes all", Judges(passed_elsewhere);
}

/// Whether the gateway refused for want of a scope.
fn lacks_scope(answer: &Response<Bytes>) -> bool {
    code(answer).is_some_and(|code| code == "900910")
}

/// Claims that scopes stand in; roles of an application stand in for them at Microsoft Entra ID.
const SCOPE_CLAIMS: [&str; 3] = ["scope", "scp", "roles"];

/// The token with the scopes that the API needs, in whichever claim its key manager reads.
fn with_needed(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let needed = needed(case).join(" ");
    let scoped = SCOPE_CLAIMS.iter().fold(token.clone(), |token, name| token.with_claim(name, needed.clone().into()));
    (!needed.is_empty() && token.is_signed_at(&issuer)).then(|| signed_by_issuer(&scoped, &issuer))
}

/// The token without the claims of scopes that have such a value.
fn without(case: &Case<'_>, such: fn(&Value) -> bool) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let unread: Vec<_> = SCOPE_CLAIMS.iter().filter(|name| token.claims.get(**name).is_some_and(such)).collect();
    let stripped = unread.iter().fold(token.clone(), |token, name| token.without_claim(name));
    (!unread.is_empty() && !needed(case).is_empty()).then(|| signed_by_issuer(&stripped, &issuer))
}

fn third_parties_are_exempt(case: &Case<'_>) -> Option<String> {
    with_needed(case)
}

fn list(case: &Case<'_>) -> Option<String> {
    without(case, Value::is_array)
}

fn text(case: &Case<'_>) -> Option<String> {
    without(case, Value::is_string)
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

fn near_miss(case: &Case<'_>) -> Option<String> {
    let alike = |one: &str, other: &str| {
        let (one, other) = (one.to_lowercase(), other.to_lowercase());
        !one.is_empty() && (one.contains(&other) || other.contains(&one))
    };
    let near = held(case).iter().any(|held| needed(case).iter().any(|needed| alike(held, needed)));
    near.then(|| with_needed(case)).flatten()
}

fn cut_at_nul(case: &Case<'_>) -> Option<String> {
    let needed = needed(case);
    let cut = held(case)
        .iter()
        .any(|held| held.split_once('\0').is_some_and(|(begin, _)| needed.iter().any(|each| each == begin)));
    cut.then(|| with_needed(case)).flatten()
}

fn passed_elsewhere(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let before = case.history.calls().any(|call| call.token == case.text && call.answer.is_some());
    (lacks_scope(answer) && before).then_some(Verdict::Accepted)
}
