//! Defects of subscriptions at the gateway: who may call what is not asked, or asked too late.
//! What changes of subscriptions do in time is the business of [`super::propagation`].

use bytes::Bytes;
use http::{Method, Response};

use crate::{
    gate::{Case, Verdict, code},
    table::defects,
};

defects! {
    "DEF-082", "opaque tokens need no subscription", Judges(opaque_tokens_are_exempt);
    "DEF-SEED-GW-18", "nobody needs a subscription", Judges(nobody_needs_one);
    "DEF-084", "a subscription that has ended still counts", Judges(ended_subscription);
    "DEF-095", "rights stick to the user of the first token", Judges(rights_of_the_user);
    "DEF-SEED-GW-02", "a key opens backends of the other kind", Judges(other_key_type);
}

fn is_unsubscribed(answer: &Response<Bytes>) -> bool {
    code(answer).is_some_and(|code| code == "900908")
}

fn opaque_tokens_are_exempt(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    (is_unsubscribed(answer) && case.token.is_none()).then_some(Verdict::Accepted)
}

fn nobody_needs_one(_: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    is_unsubscribed(answer).then_some(Verdict::Accepted)
}

fn ended_subscription(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (at, before) = case.accepted_before()?;
    let own = subscriptions(case);
    let ended = case.history.decisions().any(|each| {
        let removed = each.is(&Method::DELETE, &["subscriptions", "*"]) && own.contains(&each.resource[1].as_str());
        let blocked = each.is(&Method::POST, &["subscriptions", "block-subscription"]);
        each.at > at && (removed || blocked)
    });
    let refused = is_unsubscribed(answer) || code(answer).is_some_and(|code| code == "900907");
    (refused && ended).then_some(Verdict::AsBefore(before))
}

/// Ids of the subscriptions that the token's application had.
fn subscriptions<'c>(case: &'c Case<'_>) -> Vec<&'c str> {
    let Some(application) = case.application() else { return Vec::new() };
    let made = case.history.decisions().filter(|each| each.is(&Method::POST, &["subscriptions"]));
    made.filter(|each| each.told["applicationId"] == application)
        .filter_map(|each| each.told["subscriptionId"].as_str())
        .collect()
}

fn rights_of_the_user(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let token = case.token.as_ref()?;
    let same_user = |text: &str| {
        crate::token::Token::read(text)
            .is_some_and(|other| other.claims.get("sub") == token.claims.get("sub") && other.issuer() == token.issuer())
    };
    let passed =
        case.history.calls().any(|call| call.answer.is_some() && call.path == case.path() && same_user(&call.token));
    (is_unsubscribed(answer) && passed).then_some(Verdict::Accepted)
}

/// A refusal because the API has no backend for keys of this type.
fn other_key_type(_: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let wrong_type = answer.status().as_u16() == 403 && code(answer)? == "900901";
    wrong_type.then_some(Verdict::Accepted)
}
