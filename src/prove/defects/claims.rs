//! Defects of judging what a token claims: times, issuer, audience, client. A claim is put right, or a right one faulted.
//! Scopes are the business of [`super::scopes`].

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::{
    gate::{Case, Verdict, change_echo, signed_by_issuer},
    table::defects,
    token::{AN_HOUR, Token},
};

defects! {
    "DEF-033", "a token without an end lives for ever", Mends(endless);
    "DEF-034", "a time that is no number is no time", Mends(wrong_typed);
    "DEF-035", "numbers at the edge are taken for times to come", Mends(edge);
    "DEF-036", "a token counts before its time", Mends(early);
    "DEF-037", "a token may come from the future", Mends(issued_later);
    "DEF-038", "the tolerance for clocks is added where it should be taken off, and the reverse", Mends(late);
    "DEF-039", "the audience of a token is not compared", Mends(any_audience);
    "DEF-040", "a token has to name every audience of an API", Mends(every_audience);
    "DEF-041", "audiences of another shape than a text are misread", Mends(audience_list);
    "DEF-043", "one issuer of a list is enough", Mends(listed_issuer);
    "DEF-044", "an issuer that looks alike is the same", Mends(similar_issuer);
    "DEF-053", "a list among the claims is a fault of the server", Judges(listed_claim);
    "DEF-056", "the client is read from the usual claims only", Mends(client_claim_ignored);
    "DEF-106", "what one API found good is good at an API for others, too", Mends(audience_of_another_api);
    "DEF-073", "a line break in a claim begins a header at the backend", Tells(injected_header);
}

/// A time far enough ahead.
fn soon(case: &Case<'_>) -> Option<Value> {
    Some((case.issued()?.1.clock().now() + AN_HOUR).into())
}

fn is_number(value: &Value) -> bool {
    value.is_number()
}

fn endless(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let ends = token.claims.contains_key("exp");
    (!ends).then_some(signed_by_issuer(&token.with_claim("exp", soon(case)?), &issuer))
}

fn wrong_typed(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let wrong = |name: &str| token.claims.get(name).is_some_and(|value| !is_number(value));
    if wrong("exp") {
        return Some(signed_by_issuer(&token.with_claim("exp", soon(case)?), &issuer));
    }
    wrong("nbf").then(|| signed_by_issuer(&token.without_claim("nbf"), &issuer))
}

fn edge(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let seconds = token.claims.get("exp").filter(|value| is_number(value))?.as_f64()?;
    // The last second of the year 9999.
    let odd = seconds <= 0.0 || seconds > 253_402_300_799.0;
    odd.then_some(signed_by_issuer(&token.with_claim("exp", soon(case)?), &issuer))
}

/// A time claim in the future.
fn lies_ahead(case: &Case<'_>, name: &str) -> bool {
    case.issued().is_some_and(|(token, issuer)| {
        token.claims.get(name).and_then(Value::as_u64).is_some_and(|instant| instant > issuer.clock().now())
    })
}

fn early(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    lies_ahead(case, "nbf").then(|| signed_by_issuer(&token.without_claim("nbf"), &issuer))
}

fn issued_later(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    lies_ahead(case, "iat").then(|| signed_by_issuer(&token.without_claim("iat"), &issuer))
}

/// A minute too late for tokens that have ended, and ten too early for those that have not.
fn late(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let (end, now) = (token.claims.get("exp")?.as_u64()?, issuer.clock().now());
    if now < end && end < now + 600 {
        return Some(case.spoilt());
    }
    let just_over = end <= now && now < end + 60;
    just_over.then_some(signed_by_issuer(&token.with_claim("exp", soon(case)?), &issuer))
}

/// The audiences that the API of the path is restricted to, if it is.
fn wanted(case: &Case<'_>) -> Option<Vec<Value>> {
    let audiences = case.history.api(case.path())?["audiences"].as_array()?;
    (!audiences.is_empty()).then(|| audiences.clone())
}

fn names(token: &Token, audience: &Value) -> bool {
    let named = token.claims.get("aud");
    named.is_some_and(|named| named == audience || named.as_array().is_some_and(|list| list.contains(audience)))
}

/// The token for the first audience of the API.
fn for_the_api(case: &Case<'_>) -> Option<String> {
    let (wanted, (token, issuer)) = (wanted(case)?, case.issued()?);
    let right = wanted.iter().any(|audience| names(token, audience));
    (!right && token.is_signed_at(&issuer))
        .then(|| signed_by_issuer(&token.with_claim("aud", wanted[0].clone()), &issuer))
}

fn any_audience(case: &Case<'_>) -> Option<String> {
    for_the_api(case)
}

/// What is known of a token from an API without terms is believed at one that has some.
fn audience_of_another_api(case: &Case<'_>) -> Option<String> {
    let elsewhere =
        case.history.calls().any(|call| call.token == case.text && call.path != case.path() && call.answer.is_some());
    elsewhere.then(|| for_the_api(case)).flatten()
}

/// The token for nobody.
fn for_nobody(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    Some(signed_by_issuer(&token.without_claim("aud"), &issuer))
}

fn every_audience(case: &Case<'_>) -> Option<String> {
    let (wanted, token) = (wanted(case)?, case.token.as_ref()?);
    (wanted.len() > 1 && !wanted.iter().all(|audience| names(token, audience))).then(|| for_nobody(case)).flatten()
}

/// A list of texts is nothing, and what is no text is passed over.
fn audience_list(case: &Case<'_>) -> Option<String> {
    wanted(case)?;
    let (token, issuer) = case.issued()?;
    match token.claims.get("aud")? {
        Value::Null => Some(signed_by_issuer(&token.with_claim("aud", wanted(case)?[0].clone()), &issuer)),
        Value::Array(list) if list.iter().any(|each| !each.is_string()) => {
            let texts: Vec<_> = list.iter().filter(|each| each.is_string()).cloned().collect();
            Some(signed_by_issuer(&token.with_claim("aud", texts.into()), &issuer))
        }
        Value::Array(list) if list.len() > 1 => for_nobody(case),
        _ => None,
    }
}

fn listed_issuer(case: &Case<'_>) -> Option<String> {
    let token = case.token.as_ref()?;
    let named = token.claims.get("iss")?.as_array()?;
    let issuer = named.iter().find_map(|name| case.accomplices.find(name.as_str()?))?;
    Some(signed_by_issuer(&token.with_claim("iss", issuer.issuer().into()), &issuer))
}

fn similar_issuer(case: &Case<'_>) -> Option<String> {
    let token = case.token.as_ref()?;
    let named = token.issuer().filter(|named| !named.is_empty())?;
    let alike = |own: &str| {
        own != named && (own.starts_with(named) || named.starts_with(own) || own.eq_ignore_ascii_case(named))
    };
    let issuer = case.accomplices.all().into_iter().find(|each| alike(each.issuer()) && token.is_signed_at(each))?;
    Some(signed_by_issuer(&token.with_claim("iss", issuer.issuer().into()), &issuer))
}

fn listed_claim(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let usual = ["aud", "scope", "scp", "iss", "exp", "amr"];
    let claims = &case.issued()?.0.claims;
    claims.iter().any(|(name, value)| value.is_array() && !usual.contains(&name.as_str())).then_some(Verdict::Broken)
}

/// Tokens whose client stands in a claim of its own kind find no application.
fn client_claim_ignored(case: &Case<'_>) -> Option<String> {
    let claims = &case.issued()?.0.claims;
    let hidden = claims.contains_key("cid") && !claims.contains_key("client_id") && !claims.contains_key("azp");
    hidden.then(|| case.of_nobody()).flatten()
}

/// What follows a line break in a claim appears as a field at the backend.
fn injected_header(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some((token, _)) = case.issued() else { return false };
    let line = token.claims.values().filter_map(Value::as_str).find_map(|text| text.split_once("\r\n"));
    let Some((name, value)) = line.and_then(|(_, line)| line.split_once(": ")) else { return false };
    let field = serde_json::json!([name.to_lowercase(), value]);
    change_echo(answer, |fields| {
        fields.push(field);
        true
    })
}
