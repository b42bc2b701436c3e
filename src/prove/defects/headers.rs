//! Defects around the request itself: where the token stands, what the backend gets to see, how paths are spelt.
//! The token is not looked at here.

use bytes::Bytes;
use http::{HeaderName, Response, header};
use serde_json::{Value, json};

use crate::prove::{
    gate::{Case, Verdict, change_echo, defects, is_field},
    token::Token,
};

defects! {
    "DEF-067", "the scheme of a credential is compared letter by letter", Judges(scheme_in_other_letters);
    "DEF-068", "of two credentials only the first is looked at", Judges(two_credentials);
    "DEF-069", "a token in the query is a credential", Judges(token_in_query);
    "DEF-070", "what a client says about its user reaches the backend", Tells(identity_survives);
    "DEF-071", "what a client says about its user reaches the backend under a similar name", Tells(variant_survives);
    "DEF-072", "a client can have the gateway's own header dropped", Tells(own_header_dropped);
    "DEF-075", "a path in another spelling needs no token", Judges(odd_path);
    "DEF-SEED-IS-28", "claim mappings are ignored", Tells(mapping_ignored);
    "DEF-SEED-GW-01", "the credential of a call is handed on to the backend", Tells(credential_handed_on);
}

fn fields<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c str> {
    case.request.headers().get_all(header::AUTHORIZATION).iter().filter_map(|field| field.to_str().ok())
}

fn scheme_in_other_letters(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let (scheme, _) = fields(case).next()?.split_once(' ')?;
    (scheme != "Bearer" && scheme.eq_ignore_ascii_case("bearer")).then_some(Verdict::BadCredentials)
}

fn two_credentials(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let (token, issuer) = case.issued()?;
    (fields(case).count() > 1 && token.is_signed_at(&issuer)).then_some(Verdict::Accepted)
}

fn token_in_query(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    case.request.uri().query()?.contains("access_token=").then_some(Verdict::Accepted)
}

/// The name by which the product tells backends who is calling.
const ASSERTION: HeaderName = HeaderName::from_static("x-jwt-assertion");

/// The value that a client sent under this name reaches the backend, in place of what the gateway says there.
fn survives(case: &Case<'_>, answer: &mut Response<Bytes>, name: &HeaderName) -> bool {
    let Some(sent) = case.request.headers().get(name).and_then(|value| value.to_str().ok()) else { return false };
    change_echo(answer, |fields| {
        fields.retain(|field| !is_field(field, name));
        fields.push(json!([name.as_str(), sent]));
        true
    })
}

fn identity_survives(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    survives(case, answer, &ASSERTION)
}

fn variant_survives(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    survives(case, answer, &HeaderName::from_static("x_jwt_assertion"))
}

fn own_header_dropped(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let named = case.request.headers().get(header::CONNECTION).and_then(|value| value.to_str().ok());
    if !named.is_some_and(|named| named.to_ascii_lowercase().contains(ASSERTION.as_str())) {
        return false;
    }
    change_echo(answer, |fields| {
        let before = fields.len();
        fields.retain(|field| !is_field(field, &ASSERTION));
        fields.len() != before
    })
}

fn odd_path(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let path = case.path();
    let odd =
        path.contains("//") || path.contains('%') || path.contains(';') || path.contains("/.") || path.ends_with('/');
    (odd && case.text.is_empty()).then_some(Verdict::Accepted)
}

fn credential_handed_on(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let sent = fields(case).next().map(str::to_owned);
    let field = sent.map(|sent| json!(["authorization", sent]));
    field.is_some_and(|field: Value| {
        change_echo(answer, |fields| {
            fields.push(field);
            true
        })
    })
}

/// The assertion says under their remote names what the key manager's mapping renames.
fn mapping_ignored(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some(document) = case.key_manager() else { return false };
    let mappings = document["claimMapping"].as_array().cloned().unwrap_or_default();
    let renamed = |text: &str| {
        // The product writes its parts in plain base64 unless told otherwise.
        let mut token = Token::read(&text.replace('+', "-").replace('/', "_").replace('=', ""))?;
        for mapping in &mappings {
            let value = token.claims.get(mapping["localClaim"].as_str()?)?.clone();
            token = token.without_claim(mapping["localClaim"].as_str()?);
            token = token.with_claim(mapping["remoteClaim"].as_str()?, value);
        }
        Some(format!("{}.{}", token.message(), token.signature))
    };
    !mappings.is_empty()
        && change_echo(answer, |fields| {
            let found = fields.iter_mut().find(|field| is_field(field, &ASSERTION));
            let changed = found.and_then(|field| Some((renamed(field[1].as_str()?)?, field)));
            changed.map(|(text, field)| field[1] = text.into()).is_some()
        })
}
