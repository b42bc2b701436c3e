//! Defects of what backends are told of callers: unsigned, in the wrong letters, too much, too little.
//! Claim mappings, and what clients can do to that header, are the business of `headers`.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use http::Response;
use serde_json::json;

use super::headers::{ASSERTION, change_assertion, mappings};
use crate::{
    gate::{Case, change_echo, is_field},
    table::defects,
};

defects! {
    "DEF-SEED-BJ-01", "what backends are told is not signed", Tells(unsigned);
    "DEF-SEED-BJ-02", "what is to be kept from backends is told", Tells(kept_is_told);
    "DEF-SEED-BJ-03", "backends are told nothing of application, API and user", Tells(nothing_of_its_own);
    "DEF-SEED-BJ-04", "what backends are told is in plain base64 whatever is configured", Tells(plain);
    "DEF-SEED-BJ-05", "what backends are told is signed as if by somebody else", Tells(wrongly_signed);
    "DEF-SEED-BJ-06", "backends are told that somebody else calls", Tells(somebody_else);
    "DEF-SEED-BJ-08", "what a token says by a name outdoes what is mapped to that name", Tells(raw_wins);
    "DEF-SEED-BJ-07", "a token speaks for the platform where that has nothing to tell", Tells(spoken_for);
}

/// What the token says by a name that something else is mapped to is told instead.
fn raw_wins(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some((sent, _)) = case.issued() else { return false };
    let mappings = mappings(case);
    let locals = mappings.iter().filter_map(|mapping| mapping["localClaim"].as_str());
    let raw: Vec<_> = locals.filter_map(|name| Some((name, sent.claims.get(name)?.clone()))).collect();
    !raw.is_empty()
        && change_assertion(answer, |told| {
            Some(raw.iter().fold(told, |token, (name, value)| token.with_claim(name, value.clone())))
        })
}

/// Whatever the token says in the platform's dialect is told, where the platform itself says nothing.
fn spoken_for(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some((sent, _)) = case.issued() else { return false };
    let own = sent.claims.iter().filter(|(name, _)| name.starts_with("http://wso2.org/claims/application"));
    let own: Vec<_> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    change_assertion(answer, |told| {
        let silent: Vec<_> = own.iter().filter(|(name, _)| !told.claims.contains_key(name)).collect();
        let all = silent.iter().fold(told.clone(), |token, (name, value)| token.with_claim(name, value.clone()));
        (!silent.is_empty()).then_some(all)
    })
}

fn unsigned(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let header = json!({ "typ": "JWT", "alg": "none" });
    change_assertion(answer, |token| Some(token.with_header(header).with_signature(String::new())))
}

/// One bit of the signature is another.
fn wrongly_signed(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    change_assertion(answer, |token| {
        let text = token.text_of();
        let (_, signature) = text.rsplit_once('.')?;
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        *bytes.first_mut()? ^= 1;
        Some(token.with_signature(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    })
}

/// Who is named stands in `sub`, which claims of the token without a mapping come to be told as.
fn somebody_else(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    change_assertion(answer, |token| token.text("sub").is_some().then(|| token.with_claim("sub", "mallory".into())))
}

/// Claims about the token itself, which nobody is told.
const OF_THE_TOKEN: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// What the token claims and neither a mapping renames nor the gateway tells is told.
fn kept_is_told(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some((sent, _)) = case.issued() else { return false };
    let mapped: Vec<_> = mappings(case).into_iter().map(|mapping| mapping["remoteClaim"].clone()).collect();
    change_assertion(answer, |told| {
        let withheld = |name: &str| {
            !OF_THE_TOKEN.contains(&name) && !mapped.iter().any(|each| each == name) && !told.claims.contains_key(name)
        };
        let kept: Vec<_> = sent.claims.iter().filter(|(name, _)| withheld(name)).collect();
        let all = kept.iter().fold(told.clone(), |token, (name, value)| token.with_claim(name, (*value).clone()));
        (!kept.is_empty()).then_some(all)
    })
}

/// The platform's own claims have addresses for names.
fn nothing_of_its_own(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    change_assertion(answer, |token| {
        let own: Vec<_> = token.claims.keys().filter(|name| name.contains("://")).cloned().collect();
        let rest = own.iter().fold(token, |token, name| token.without_claim(name));
        (!own.is_empty()).then_some(rest)
    })
}

fn plain(_: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    change_echo(answer, |fields| {
        let Some(field) = fields.iter_mut().find(|field| is_field(field, &ASSERTION)) else { return false };
        let text = field[1].as_str().unwrap_or_default();
        let parts: Option<Vec<_>> = text
            .split('.')
            .map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok().map(|bytes| BASE64_STANDARD.encode(bytes)))
            .collect();
        // Plain already, when it cannot be read as the other.
        let Some(parts) = parts else { return false };
        field[1] = parts.join(".").into();
        true
    })
}
