//! Defects of judging what a token claims: times, issuer, audience, client. A claim is put right, or a right one faulted.
//! Scopes are the business of [`super::scopes`].

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::prove::{
    gate::{Case, Verdict, change_echo, code, defects, signed_by_issuer},
    token::AN_HOUR,
};

defects! {
    "DEF-033", "a token without an end lives for ever", Mends(endless);
    "DEF-034", "a time that is no number is no time", Mends(wrong_typed);
    "DEF-035", "numbers at the edge are taken for times to come", Mends(edge);
    "DEF-036", "a token counts before its time", Mends(early);
    "DEF-037", "a token may come from the future", Mends(issued_later);
    "DEF-038", "an expiry is a minute late", Mends(late);
    "DEF-039", "the audience of a token is not compared", Judges(any_audience);
    "DEF-040", "a token has to name every audience of an API", Judges(every_audience);
    "DEF-041", "a list of audiences is not understood", Judges(audience_list);
    "DEF-043", "one issuer of a list is enough", Mends(listed_issuer);
    "DEF-044", "an issuer that looks alike is the same", Mends(similar_issuer);
    "DEF-053", "a list among the claims is a fault of the server", Judges(listed_claim);
    "DEF-056", "the client is read from the usual claims only", Judges(client_claim_ignored);
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

fn late(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let (end, now) = (token.claims.get("exp")?.as_u64()?, issuer.clock().now());
    let just_over = end <= now && now < end + 60;
    just_over.then_some(signed_by_issuer(&token.with_claim("exp", soon(case)?), &issuer))
}

fn any_audience(_: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    (code(answer)? == "900914").then_some(Verdict::Accepted)
}

fn every_audience(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let wanted = case.history.api(case.path())?["audiences"].as_array()?.clone();
    let named = &case.token.as_ref()?.claims["aud"];
    let names = |audience: &Value| named == audience || named.as_array().is_some_and(|list| list.contains(audience));
    (wanted.len() > 1 && !wanted.iter().all(names)).then_some(Verdict::WrongAudience)
}

fn audience_list(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let restricts = case.history.api(case.path())?["audiences"].as_array().is_some_and(|list| !list.is_empty());
    let several = case.token.as_ref()?.claims.get("aud")?.as_array()?.len() > 1;
    (restricts && several).then_some(Verdict::WrongAudience)
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
fn client_claim_ignored(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let claims = &case.issued()?.0.claims;
    (claims.contains_key("cid") && !claims.contains_key("client_id") && !claims.contains_key("azp"))
        .then_some(Verdict::NotSubscribed)
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
