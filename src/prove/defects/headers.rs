//! Defects around the request itself: where the token stands, what the backend gets to see, how paths are spelt.
//! The token is not looked at here.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    gate::{Case, Verdict, change_echo, is_field},
    message,
    table::defects,
    token::Token,
};

defects! {
    "DEF-067", "the scheme of a credential is compared letter by letter", Spoils(scheme_in_other_letters);
    "DEF-068", "of two credentials only the sound one is looked at", Mends(two_credentials);
    "DEF-069", "a token in the query is a credential", Rewrites(token_in_query);
    "DEF-070", "what a client says about its user reaches the backend", Tells(identity_survives);
    "DEF-071", "what a client says about its user reaches the backend under a similar name", Tells(variant_survives);
    "DEF-072", "a client can have the gateway's own header dropped", Tells(own_header_dropped);
    "DEF-074", "what an unchecked token claims is told as if it had been checked", Tells(unchecked_claims);
    "DEF-075", "a path in another spelling needs no token", Judges(odd_path);
    "DEF-SEED-IS-28", "claim mappings are ignored", Tells(mapping_ignored);
    "DEF-SEED-GW-08", "claims without a mapping are kept from the backend", Tells(unmapped_withheld);
    "DEF-SEED-GW-01", "the credential of a call is handed on to the backend", Tells(credential_handed_on);
}

/// What the backend was told of the caller, by its echo.
pub(super) fn assertion(answer: &Response<Bytes>) -> Option<String> {
    let echo = message::json(answer.body())?;
    let field = echo["headers"].as_array()?.iter().find(|field| is_field(field, &ASSERTION))?;
    field[1].as_str().map(str::to_owned)
}

fn fields<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c str> {
    case.request.headers().get_all(header::AUTHORIZATION).iter().filter_map(|field| field.to_str().ok())
}

fn scheme_in_other_letters(case: &Case<'_>) -> bool {
    let scheme = fields(case).next().and_then(|field| field.split_once(' ')).map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme != "Bearer" && scheme.eq_ignore_ascii_case("bearer"))
}

/// The sound one of them alone.
fn two_credentials(case: &Case<'_>) -> Option<String> {
    let sound = |text: &&str| {
        let token = Token::read(text);
        let issuer = token.as_ref().and_then(|token| case.accomplices.find(token.issuer()?));
        token.zip(issuer).is_some_and(|(token, issuer)| token.is_signed_at(&issuer))
    };
    let texts = fields(case).filter_map(|field| field.split_once(' ')).map(|(_, text)| text.trim());
    (fields(case).count() > 1).then(|| texts.into_iter().find(sound).map(str::to_owned)).flatten()
}

/// The token moves from the query to where tokens stand.
fn token_in_query(case: &Case<'_>, request: &mut Request<Bytes>) -> bool {
    let query = case.request.uri().query().unwrap_or_default();
    let token = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "access_token");
    let field = token.and_then(|(_, token)| HeaderValue::from_str(&format!("Bearer {token}")).ok());
    let (Some(field), Ok(path)) = (field, case.path().parse()) else { return false };
    request.headers_mut().insert(header::AUTHORIZATION, field);
    *request.uri_mut() = path;
    true
}

/// The name by which the product tells backends who is calling.
pub(super) const ASSERTION: HeaderName = HeaderName::from_static("x-jwt-assertion");

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

/// Writes what the backend is told of the caller anew.
pub(super) fn change_assertion(answer: &mut Response<Bytes>, change: impl FnOnce(Token) -> Option<Token>) -> bool {
    change_echo(answer, |fields| {
        let field = fields.iter_mut().find(|field| is_field(field, &ASSERTION));
        let changed = field.and_then(|field| {
            // The product writes its parts in plain base64 unless told otherwise.
            let text = field[1].as_str()?.replace('+', "-").replace('/', "_").replace('=', "");
            field[1] = change(Token::read(&text)?)?.text_of().into();
            Some(())
        });
        changed.is_some()
    })
}

pub(super) fn mappings(case: &Case<'_>) -> Vec<Value> {
    let document = case.key_manager().unwrap_or_default();
    document["claimMapping"].as_array().cloned().unwrap_or_default()
}

/// The assertion says under their remote names what the key manager's mapping renames.
fn mapping_ignored(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let mappings = mappings(case);
    let renamed = |mut token: Token| {
        for mapping in &mappings {
            let local = mapping["localClaim"].as_str()?;
            let value = token.claims.get(local)?.clone();
            token = token.without_claim(local).with_claim(mapping["remoteClaim"].as_str()?, value);
        }
        Some(token)
    };
    !mappings.is_empty() && change_assertion(answer, renamed)
}

/// The assertion says nothing of what no mapping names; the gateway's own claims have URLs for names.
fn unmapped_withheld(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let mappings = mappings(case);
    let kept = |name: &str| {
        let mapped = mappings.iter().any(|mapping| mapping["localClaim"] == name);
        mapped || name.contains("://") || ["iss", "iat", "exp", "jti"].contains(&name)
    };
    case.issued().is_some()
        && change_assertion(answer, |token| {
            let withheld: Vec<_> = token.claims.keys().filter(|name| !kept(name)).cloned().collect();
            let told = withheld.iter().fold(token, |token, name| token.without_claim(name));
            (!withheld.is_empty()).then_some(told)
        })
}

/// What an unchecked token claims reaches the backend as if it had been checked.
fn unchecked_claims(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let operations = case.history.api(case.path()).and_then(|api| api["operations"].as_array().cloned());
    let open = operations.into_iter().flatten().any(|operation| operation["authType"] == "None");
    open && case.token.is_some()
        && change_echo(answer, |fields| {
            let silent = !fields.iter().any(|field| is_field(field, &ASSERTION));
            fields.push(json!([ASSERTION.as_str(), case.text]));
            silent
        })
}
