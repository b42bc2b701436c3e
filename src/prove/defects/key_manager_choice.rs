//! Defects of finding the key manager of a token: by a part of a pattern, by the order of a list, by trying them all.
//! The one that should not have been asked sees it in its journal.

use bytes::Bytes;
use http::{Method, Response};
use regex::Regex;
use serde_json::Value;
use url::Url;

use crate::{
    gate::{Case, Errand, Verdict},
    history::GatewayCall,
    table::defects,
};

defects! {
    "DEF-045", "a token of an issuer that nobody added counts as no token, and none is needed", Judges(unknown_issuer);
    "DEF-061", "a pattern need not match the whole token", Asks(partial_match);
    "DEF-062", "a key manager without rules takes every opaque token", Asks(without_rules);
    "DEF-063", "a JWT that fails is handed to introspection", Asks(failed_token);
    "DEF-064", "a token that names no key is refused", Spoils(no_key_named);
    "DEF-094", "a verdict for one API holds for all", Judges(accepted_elsewhere);
    "DEF-SEED-IS-23", "tokens are validated without asking, whatever the key manager says", Judges(not_asked);
    "DEF-SEED-IS-26", "rules about claims assign no token", Judges(claims_not_read);
}

/// Nobody's token passes, since no token is asked for where none can be read.
fn unknown_issuer(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let issuer = case.token.as_ref()?.issuer()?;
    let added = case.key_manager().is_some_and(|document| !was_deleted(case, &document));
    let unknown = !added && !case.key_managers.is_resident(issuer);
    (unknown && answer.status().as_u16() == 401).then_some(Verdict::Accepted)
}

fn was_deleted(case: &Case<'_>, document: &Value) -> bool {
    let id = document["id"].as_str().unwrap_or_default();
    case.history.decisions().any(|each| each.is(&Method::DELETE, &["key-managers", id]))
}

fn introspection(document: &Value) -> Option<Url> {
    document["introspectionEndpoint"].as_str()?.parse().ok()
}

/// Asks the tenant's key managers of such a kind about the token.
pub(super) fn ask(case: &Case<'_>, such: impl Fn(&Value) -> bool) -> Vec<Errand> {
    let documents = case.key_managers.in_tenant_of(case.path());
    let urls = documents.iter().filter(|each| such(each)).filter_map(introspection);
    urls.map(|url| Errand::Introspect(url, case.text.to_owned())).collect()
}

fn patterns(document: &Value) -> Vec<&str> {
    let rows = document["tokenValidation"].as_array().into_iter().flatten();
    rows.filter(|row| row["type"] == "REFERENCE").filter_map(|row| row["value"].as_str()).collect()
}

fn partial_match(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    let partly = |pattern: &&str| {
        let whole = Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|whole| whole.is_match(case.text));
        !whole && Regex::new(pattern).is_ok_and(|anywhere| anywhere.is_match(case.text))
    };
    if case.token.is_some() {
        return Vec::new();
    }
    ask(case, |document| patterns(document).iter().any(partly))
}

fn without_rules(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    if case.token.is_some() || case.text.is_empty() {
        return Vec::new();
    }
    ask(case, |document| patterns(document).is_empty())
}

fn failed_token(case: &Case<'_>, answer: &Response<Bytes>) -> Vec<Errand> {
    let failed = answer.status().as_u16() == 401 && case.issued().is_some();
    let issuer = case.token.as_ref().and_then(|token| token.issuer());
    if failed { ask(case, |document| document["issuer"].as_str() == issuer) } else { Vec::new() }
}

fn no_key_named(case: &Case<'_>) -> bool {
    case.issued().is_some_and(|(token, _)| token.header("kid").is_none())
}

fn accepted_elsewhere(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let refused = answer.status().as_u16() == 401 && !case.text.is_empty();
    let elsewhere = |call: &GatewayCall| call.token == case.text && call.path != case.path();
    let accepted = case.history.calls().any(|call| elsewhere(call) && call.answer.is_some());
    (refused && accepted).then_some(Verdict::Accepted)
}

fn claims_not_read(case: &Case<'_>, _: &Response<Bytes>) -> Option<Verdict> {
    let document = case.key_manager()?;
    let rows = document["tokenValidation"].as_array()?;
    rows.iter().any(|row| row["type"] == "JWT").then_some(Verdict::BadCredentials)
}

fn not_asked(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    case.issued()?;
    let asks = case.key_manager()?["enableSelfValidationJWT"] == false;
    (asks && answer.status().as_u16() == 401).then_some(Verdict::Accepted)
}
