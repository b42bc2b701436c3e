//! Defects of reading a token: parts, serialisation, header members, the kind of token that it says it is.
//! Its signature is the business of [`super::signatures`].

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::{
    gate::{Case, Verdict, signed_by_issuer},
    table::defects,
    token::Token,
};

defects! {
    "DEF-024", "how many parts a token has is not looked at", Mends(further_parts);
    "DEF-025", "a token of nothing but dots exhausts the gateway", Judges(dots);
    "DEF-026", "a critical extension that nobody knows is ignored", Mends(critical_extension);
    "DEF-027", "an encrypted token counts as authenticated", Judges(encrypted);
    "DEF-028", "a token in the JSON serialisation is accepted", Mends(json_serialisation);
    "DEF-046", "an ID token opens an API", Judges(id_token);
    "DEF-047", "a refresh token opens an API", Judges(refresh_token);
    "DEF-048", "what kind of token it is does not matter", Mends(other_kind);
    "DEF-054", "of two members of one name the last counts", Mends(duplicates);
    "DEF-057", "a token that is bound to a certificate opens an API without it", Mends(bound_to_certificate);
    "DEF-058", "a token that is bound to a key opens an API without proof of it", Mends(bound_to_key);
    "DEF-077", "a token that cannot be read is a fault of the server", Judges(unreadable);
    "DEF-081", "a token that unfolds or takes long to open exhausts the gateway", Judges(nested);
}

fn further_parts(case: &Case<'_>) -> Option<String> {
    if case.text.matches('.').count() == 1 {
        let whole = Token::read(&format!("{}.", case.text))?;
        return Some(signed_by_issuer(&whole, &case.accomplices.find(whole.issuer()?)?));
    }
    let (end, _) = case.text.match_indices('.').nth(2)?;
    let whole = &case.text[..end];
    Token::read(whole).map(|_| whole.to_owned())
}

fn dots(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    (case.text.bytes().filter(|byte| *byte == b'.').count() > 1_000).then_some(Verdict::Broken)
}

fn critical_extension(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    token.header("crit").map(|_| signed_by_issuer(token, &issuer))
}

fn encrypted(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let five_parts = case.text.matches('.').count() == 4;
    let header: Value = decoded(case.text.split('.').next()?)?;
    (five_parts && header.get("enc").is_some()).then_some(Verdict::Accepted)
}

fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn json_serialisation(case: &Case<'_>) -> Option<String> {
    let written: Value = serde_json::from_str(case.text).ok()?;
    let signed = written["signatures"].get(0).unwrap_or(&written);
    let part = |of: &Value, name: &str| of[name].as_str().map(str::to_owned);
    Some(format!("{}.{}.{}", part(signed, "protected")?, part(&written, "payload")?, part(signed, "signature")?))
}

fn id_token(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    (case.token.as_ref()?.text("token_use")? == "id").then_some(Verdict::Accepted)
}

fn refresh_token(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    case.history.decisions().any(|each| each.told["refresh_token"] == case.text).then_some(Verdict::Accepted)
}

fn other_kind(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let kind = token.header_text("typ")?.to_ascii_lowercase();
    let usual = ["jwt", "at+jwt", "application/at+jwt"].contains(&kind.as_str());
    (!usual).then(|| signed_by_issuer(token, &issuer))
}

/// Header and claims are written down anew, each name once with its last value.
fn duplicates(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let [header, claims] = token.raw();
    let twice = |text: &str, name: &str| text.matches(&format!("{}:", Value::from(name))).count() > 1;
    let claimed = token.claims.keys().any(|name| twice(&claims, name));
    (claimed || twice(&header, "alg")).then(|| signed_by_issuer(token, &issuer))
}

fn bound_to_certificate(case: &Case<'_>) -> Option<String> {
    unbound(case, "x5t#S256")
}

fn bound_to_key(case: &Case<'_>) -> Option<String> {
    unbound(case, "jkt")
}

/// The token without its confirmation (RFC 7800), if it confirms in that way.
fn unbound(case: &Case<'_>, way: &str) -> Option<String> {
    let (token, issuer) = case.issued()?;
    token.claims.get("cnf")?.get(way)?;
    Some(signed_by_issuer(&token.without_claim("cnf"), &issuer))
}

fn unreadable(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let (opaque, empty) = (uuid::Uuid::try_parse(case.text).is_ok(), case.text.is_empty());
    (!empty && !opaque && case.token.is_none()).then_some(Verdict::Broken)
}

fn nested(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let [header, claims] = raw(case.text)?;
    let packed = header.contains("\"p2c\"") || header.contains("\"zip\"");
    (packed || claims.contains(&"[".repeat(500))).then_some(Verdict::Broken)
}

/// The first two parts as texts, JSON or not.
fn raw(text: &str) -> Option<[String; 2]> {
    let mut parts = text.split('.');
    let mut next = || Some(String::from_utf8_lossy(&BASE64_URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).into_owned());
    Some([next()?, next()?])
}
