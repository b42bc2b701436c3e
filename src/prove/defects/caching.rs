//! Defects of what a gateway remembers: verdicts, introspection answers and keys, too long, too short or for the wrong ones.
//! Whose rights they are is the business of [`super::subscriptions`].

use bytes::Bytes;
use http::Response;
use kmspec_mocks::forge::Forge;
use serde_json::Value;

use super::headers::{ASSERTION, assertion};
use crate::{
    gate::{Case, Errand, Inquiry, Verdict, change_echo, is_field, signed_by_issuer},
    history::GatewayCall,
    table::defects,
    token::Token,
};

defects! {
    "DEF-085", "a revoked token is served from memory", Judges(revoked_in_memory);
    "DEF-086", "a revocation is looked up only for tokens in memory", Judges(revoked_unseen);
    "DEF-087", "revocations of opaque tokens change nothing", Judges(revoked_opaque);
    "DEF-088", "what is remembered of a token outlives it", Judges(remembered_beyond_end);
    "DEF-089", "an introspection answer is good whatever end it names", Inquires(answer_beyond_end);
    "DEF-091", "every call with an opaque token asks anew", Asks(asks_anew);
    "DEF-092", "a token that was refused once stays refused", Mends(refused_for_good);
    "DEF-093", "who calls is remembered by issuer, not by token", Tells(another_caller);
    "DEF-096", "keys that are added later are not known", Spoils(later_keys_unknown);
    "DEF-097", "a key that was withdrawn still verifies", Mends(withdrawn_key);
    "DEF-098", "every unknown key id leads to a fetch", Asks(fetches_for_unknown);
    "DEF-099", "unknown key ids drive known keys out", Spoils(driven_out);
    "DEF-100", "a flood of unknown key ids hides a rotation", Spoils(hidden_rotation);
    "DEF-101", "an empty key set is fetched on every call", Asks(fetches_empty_set);
    "DEF-102", "where keys cannot be had every token is believed", Inquires(believed_without_keys);
    "DEF-103", "keys are dropped when they cannot be fetched again", Depends(fetch);
    "DEF-104", "keys are fetched on every call", Asks(fetches_always);
}

fn is_refused(answer: &Response<Bytes>) -> bool {
    answer.status().as_u16() == 401
}

/// Whether the token was revoked at the resident key manager, and when.
fn revoked(case: &Case<'_>) -> Option<usize> {
    let revocation = case.history.decisions().find(|each| {
        each.resource.last().is_some_and(|part| part == "revoke") && each.text("token") == Some(case.text)
    });
    revocation.map(|each| each.at)
}

/// Whether an announcement names the token: by its id, or as it is.
fn announced(case: &Case<'_>) -> Option<usize> {
    let name = case.token.as_ref().and_then(|token| token.text("jti")).unwrap_or(case.text);
    let told = case.history.decisions().find(|each| {
        each.resource.last().is_some_and(|part| part == "notify") && each.text("accessToken") == Some(name)
    });
    told.map(|each| each.at)
}

fn revoked_in_memory(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (at, before) = case.accepted_before()?;
    let later = revoked(case).is_some_and(|moment| moment > at);
    (is_refused(answer) && later).then_some(Verdict::AsBefore(before))
}

fn revoked_unseen(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let unseen = case.accepted_before().is_none()
        && !case.history.calls().any(|call| call.token == case.text && call.answer.is_some());
    (is_refused(answer) && unseen && revoked(case).is_some()).then_some(Verdict::Accepted)
}

fn revoked_opaque(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (at, before) = case.accepted_before()?;
    let later = announced(case).is_some_and(|moment| moment > at);
    (is_refused(answer) && case.token.is_none() && later).then_some(Verdict::AsBefore(before))
}

fn remembered_beyond_end(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (_, before) = case.accepted_before()?;
    let live = revoked(case).is_none() && announced(case).is_none();
    (is_refused(answer) && case.token.is_none() && live).then_some(Verdict::AsBefore(before))
}

/// The question about the token at the key manager that validates by introspection, if the tenant has one.
pub(super) fn introspection(case: &Case<'_>) -> Option<Errand> {
    let documents = case.key_managers.in_tenant_of(case.path());
    let introspecting = documents.iter().find(|document| document["enableSelfValidationJWT"] == false)?;
    let url = introspecting["introspectionEndpoint"].as_str()?.parse().ok()?;
    Some(Errand::Introspect(url, case.text.to_owned()))
}

fn answer_beyond_end(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Inquiry> {
    let refused = is_refused(answer) && case.token.is_none() && !case.text.is_empty();
    let errand = refused.then(|| introspection(case)).flatten()?;
    Some(Inquiry { errand, verdict: active_beyond_end })
}

fn active_beyond_end(case: &Case<'_>, told: Option<&Value>) -> Option<Verdict> {
    let told = told.filter(|told| told["active"] == true)?;
    let now = case.accomplices.find(told["iss"].as_str()?)?.clock().now();
    (told["exp"].as_u64()? <= now).then_some(Verdict::Accepted)
}

/// Backends are told of somebody who called before with another token of the same issuer.
fn another_caller(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some((token, issuer)) = case.issued() else { return false };
    let subject = token.text("sub");
    let other = |call: &&GatewayCall| {
        let theirs = Token::read(&call.token).filter(|theirs| theirs.issuer() == Some(issuer.issuer()));
        call.path == case.path() && theirs.is_some_and(|theirs| theirs.text("sub") != subject)
    };
    let told = case.history.calls().filter(other).find_map(|call| assertion(call.answer.as_ref()?));
    told.is_some_and(|told| {
        change_echo(answer, |fields| {
            let own = fields.iter_mut().find(|field| is_field(field, &ASSERTION));
            own.map(|field| field[1] = told.into()).is_some()
        })
    })
}

fn asks_anew(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    let opaque = case.token.is_none() && !case.text.is_empty();
    if opaque { introspection(case).into_iter().collect() } else { Vec::new() }
}

fn refused_for_good(case: &Case<'_>) -> Option<String> {
    let mapped = case.history.mapping(case.client()?)?.at;
    let refused = |call: &GatewayCall| call.token == case.text && call.answer.is_none();
    case.history.calls().any(|call| refused(call) && call.at < mapped).then(|| case.of_nobody()).flatten()
}

/// The tokens of one issuer that passed the gateway, the latest first.
fn earlier<'c>(case: &'c Case<'_>, issuer: &'c Forge) -> impl Iterator<Item = (Token, bool)> + 'c {
    case.history.calls().filter_map(|call| {
        let token = Token::read(&call.token).filter(|token| token.issuer() == Some(issuer.issuer()))?;
        Some((token, call.answer.is_some()))
    })
}

fn is_known(token: &Token, issuer: &Forge) -> bool {
    token.header_text("kid").is_some_and(|kid| issuer.keys().published().iter().any(|known| known == kid))
}

fn later_keys_unknown(case: &Case<'_>) -> bool {
    let known = || case.issued().is_some_and(|(token, issuer)| is_known(token, &issuer));
    names_first_key(case) == Some(false) && known()
}

fn withdrawn_key(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let key = issuer.keys().key(token.header_text("kid")?)?;
    let withdrawn = !is_known(token, &issuer) && token.is_signed_by(&key);
    withdrawn.then(|| signed_by_issuer(token, &issuer))
}

fn fetch(case: &Case<'_>) -> Option<Errand> {
    case.key_set_url().map(Errand::Fetch)
}

fn fetches_for_unknown(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    let unknown = case.issued().is_some_and(|(token, issuer)| !is_known(token, &issuer));
    fetch(case).filter(|_| unknown).into_iter().collect()
}

/// So many unknown ids make a flood.
const FLOOD: usize = 20;

fn was_flooded(case: &Case<'_>) -> bool {
    case.issued().is_some_and(|(_, issuer)| {
        earlier(case, &issuer).filter(|(token, _)| !is_known(token, &issuer)).take(FLOOD).count() == FLOOD
    })
}

/// Whether the first token that was accepted names the same key.
fn names_first_key(case: &Case<'_>) -> Option<bool> {
    let (token, issuer) = case.issued()?;
    let (first, _) = earlier(case, &issuer).filter(|(_, accepted)| *accepted).last()?;
    Some(first.header("kid") == token.header("kid"))
}

fn driven_out(case: &Case<'_>) -> bool {
    was_flooded(case) && names_first_key(case) == Some(true)
}

fn hidden_rotation(case: &Case<'_>) -> bool {
    was_flooded(case) && names_first_key(case) == Some(false)
}

fn fetches_empty_set(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    let empty =
        case.issued().is_some_and(|(_, issuer)| issuer.keys().jwks()["keys"].as_array().is_none_or(Vec::is_empty));
    fetch(case).filter(|_| empty).into_iter().collect()
}

fn believed_without_keys(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Inquiry> {
    let errand = is_refused(answer).then(|| fetch(case)).flatten()?;
    Some(Inquiry { errand, verdict: |_, keys| keys.is_none().then_some(Verdict::Accepted) })
}

fn fetches_always(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    fetch(case).into_iter().collect()
}
