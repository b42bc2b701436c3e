//! Defects of telling gateways what changed: news is lost, comes in the wrong order, or is forgotten at a restart.
//! What gateways make of it when it comes is judged elsewhere.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use crate::{
    Accomplices,
    gate::{Case, Verdict, code},
    history::Decision,
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-182", "after a restart the gateway has no key managers", Spoils(no_key_managers_after_restart);
    "DEF-183", "clients mapped to a gateway that was there before are not told", Mends(mapping_not_told);
    "DEF-184", "keys that were removed still count", Judges(removed_keys_count);
    "DEF-185", "the last of many changes is lost", Judges(last_change_lost);
    "DEF-186", "announcements of revocations are ignored", Hears(announcement_ignored);
    "DEF-187", "tokens outlive the application that they were issued to", Judges(application_gone);
    "DEF-188", "after a restart the gateway serves before it knows what was revoked", Judges(unknown_at_first);
    "DEF-189", "revocations are forgotten at a restart", Judges(forgotten_at_restart);
    "DEF-190", "after a restart the gateway has no subscriptions", Mends(no_subscriptions_after_restart);
    "DEF-SEED-GW-25", "a subscription that was blocked stays so", Hears(block_stays);
    "DEF-191", "anybody may announce a revocation", Answers(forged_announcement);
}

fn restarted_since_accepted(case: &Case<'_>) -> Option<bool> {
    let mapped = case.history.mapping(case.client()?)?.at;
    Some(case.history.restarted_since(mapped, case.path()))
}

fn no_key_managers_after_restart(case: &Case<'_>) -> bool {
    case.issued().is_some() && restarted_since_accepted(case) == Some(true)
}

fn no_subscriptions_after_restart(case: &Case<'_>) -> Option<String> {
    restarted_since_accepted(case)?.then(|| case.of_nobody()).flatten()
}

/// The client was mapped after the API of the path was made, or after that and the key manager of the token.
fn mapping_not_told(case: &Case<'_>) -> Option<String> {
    let api = case.history.api(case.path())?["id"].as_str()?.to_owned();
    let key_manager = case.key_manager()?["id"].as_str()?.to_owned();
    let made = |id: &str, resource: &[&str]| {
        let makes = |each: &&Decision| each.is(&Method::POST, resource) && each.told["id"] == id;
        case.history.decisions().find(makes).map(|each| each.at)
    };
    let (api, key_manager) = (made(&api, &["apis"])?, made(&key_manager, &["key-managers"])?);
    let mapped = case.history.mapping(case.client()?)?.at;
    let names = case.history.api(case.path())?["keyManagers"].clone();
    // An API that names its key managers was made after them, and knows of theirs.
    let told = names.as_array().is_some_and(|names| names.iter().any(|name| name != "all"));
    (api < mapped && !(told && key_manager < api)).then(|| case.of_nobody()).flatten()
}

fn removed_keys_count(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (at, before) = case.accepted_before()?;
    let application = case.application()?;
    let removed = case
        .history
        .decisions()
        .any(|each| each.at > at && each.is(&Method::DELETE, &["applications", application, "oauth-keys", "*"]));
    (code(answer)? == "900908" && removed).then_some(Verdict::AsBefore(before))
}

/// The changes of the token's key manager, the latest first.
fn changes<'c>(case: &'c Case<'_>) -> Vec<&'c Decision> {
    let Some(id) = case.key_manager().and_then(|document| document["id"].as_str().map(str::to_owned)) else {
        return Vec::new();
    };
    let wanted = ["key-managers", id.as_str()];
    case.history.decisions().filter(|each| each.is(&Method::PUT, &wanted)).collect()
}

fn last_change_lost(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let changes = changes(case);
    let last = changes.first().filter(|_| changes.len() > 5)?;
    if last.sent["enabled"] != false {
        return Some(Verdict::BadCredentials);
    }
    let (at, before) = case.accepted_before()?;
    let many = changes.iter().filter(|each| each.at > at).count() > 5;
    (many && answer.status().as_u16() == 401).then_some(Verdict::AsBefore(before))
}

/// Blocks where a block is to be lifted.
fn block_stays(_: &Accomplices, plane: Plane, request: &mut Request<Bytes>) -> bool {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let blocks = path.replace("/unblock-subscription?", "/block-subscription?blockState=BLOCKED&").parse::<http::Uri>();
    match blocks {
        Ok(uri) if plane == Plane::Publisher && path.contains("/subscriptions/unblock-subscription?") => {
            *request.uri_mut() = uri;
            true
        }
        _ => false,
    }
}

/// The announcement gets a label that nobody listens to.
fn announcement_ignored(_: &Accomplices, plane: Plane, request: &mut Request<Bytes>) -> bool {
    if plane != Plane::Notify {
        return false;
    }
    request.headers_mut().insert("X-WSO2-KEY-MANAGER", HeaderValue::from_static("nobody-listens"));
    true
}

fn application_gone(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (at, before) = case.accepted_before()?;
    let application = case.application()?;
    let deleted =
        case.history.decisions().any(|each| each.at > at && each.is(&Method::DELETE, &["applications", application]));
    let refused = !answer.status().is_success();
    (refused && deleted).then_some(Verdict::AsBefore(before))
}

/// The revocation of the token, if the resident key manager granted one.
fn revocation<'c>(case: &'c Case<'_>) -> Option<&'c Decision> {
    case.history
        .decisions()
        .find(|each| each.resource.last().is_some_and(|part| part == "revoke") && each.text("token") == Some(case.text))
}

/// The first call with a token that was revoked before the restart comes too early; from the second one on it is known.
fn unknown_at_first(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let restart = case.history.last_restart(case.path())?;
    let known = case.history.calls().any(|call| call.token == case.text && call.at > restart);
    let early = revocation(case)?.at < restart && !known;
    (early && answer.status().as_u16() == 401).then_some(Verdict::Accepted)
}

fn forgotten_at_restart(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let revocation = revocation(case)?;
    let forgotten = case.history.restarted_since(revocation.at, case.path());
    (forgotten && answer.status().as_u16() == 401).then_some(Verdict::Accepted)
}

/// A refused announcement is told as received.
fn forged_announcement(plane: Plane, answer: &mut Response<Bytes>) -> bool {
    let refused = plane == Plane::Notify && answer.status() == StatusCode::UNAUTHORIZED;
    if refused {
        *answer.status_mut() = StatusCode::OK;
    }
    refused
}
