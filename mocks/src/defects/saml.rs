//! Defects of the SAML 2.0 bearer grant (RFC 7522, section 3): one check left out, all others made.
//! The honest checks, and their order, are in `grants::saml2_bearer`.

use serde_json::json;

use super::{
    exchange::{tokens_for, vouched_user},
    registry::Defect,
    turn::{Turn, is_success},
};
use crate::{
    endpoints::call::Reply,
    journal::Endpoint,
    realm::{TrustedIssuer, User},
    saml::{Assertion, BEARER},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-SEED-AS-SAML-01", "SAML assertions are believed without a look at their signature", unsigned),
    defect("DEF-SEED-AS-SAML-02", "SAML assertions that have expired are accepted", expired),
    defect("DEF-SEED-AS-SAML-03", "SAML assertions made for another server are accepted", for_others),
    defect("DEF-SEED-AS-SAML-04", "SAML assertions that another server was to receive are accepted", elsewhere),
    defect("DEF-SEED-AS-SAML-05", "a SAML assertion without a subject stands for the first user", nobody),
    defect("DEF-SEED-AS-SAML-06", "SAML assertions of any issuer are accepted", of_anybody),
    defect("DEF-SEED-AS-SAML-07", "identity providers are looked up by their display name", by_display_name),
    defect("DEF-SEED-AS-SAML-08", "identity providers are found by their display name, too", by_either_name),
];

/// What can be wrong with an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Signature,
    Time,
    Audience,
    Recipient,
    Subject,
    Issuer,
}

fn registered(turn: &Turn<'_>, assertion: &Assertion) -> Option<TrustedIssuer> {
    turn.realm().identity_provider(assertion.issuer.as_deref()?).filter(|issuer| issuer.enabled)
}

/// The provider whose registration is called what the assertion names as its issuer.
fn called(turn: &Turn<'_>, assertion: &Assertion) -> Option<TrustedIssuer> {
    let name = assertion.issuer.as_deref()?;
    turn.realm().trusted_issuers().into_iter().find(|issuer| issuer.name == name && issuer.enabled)
}

/// Everything that is wrong with it. What only a registered issuer can tell is not asked of an unknown one.
fn flaws(turn: &Turn<'_>, assertion: &Assertion, issuer: Option<&TrustedIssuer>) -> Vec<Flaw> {
    let now = turn.realm().now();
    let alias = issuer.and_then(|issuer| issuer.alias.clone());
    let addressed = |audience: &str| alias.as_deref().is_none_or(|alias| alias == audience);
    let window = assertion.conditions.as_ref().map(|conditions| &conditions.window);
    let named = assertion.conditions.as_ref().is_some_and(|conditions| {
        conditions.restrictions.iter().all(|audiences| audiences.iter().any(|audience| addressed(audience)))
    });
    let bearers: Vec<_> = assertion.confirmations.iter().filter(|each| each.method == BEARER).collect();
    let endpoint = turn.site.endpoints.token.as_str();
    let here = |recipient: &str| recipient == endpoint || addressed(recipient);
    // Without a subject there is no confirmation, either.
    let received = assertion.name_id.is_none() || bearers.iter().any(|each| each.recipient.as_deref().is_none_or(here));
    let timely = window.is_some_and(|window| window.holds(now))
        && (assertion.name_id.is_none() || bearers.iter().any(|each| each.window.holds(now)));
    let signed = issuer.is_none_or(|issuer| assertion.is_signed_by(&issuer.keys));
    let all = [
        (issuer.is_some(), Flaw::Issuer),
        (signed, Flaw::Signature),
        (timely, Flaw::Time),
        (named, Flaw::Audience),
        (received, Flaw::Recipient),
        (assertion.name_id.is_some(), Flaw::Subject),
    ];
    all.into_iter().filter(|(holds, _)| !holds).map(|(_, flaw)| flaw).collect()
}

fn presented(turn: &Turn<'_>) -> Option<Assertion> {
    let text = turn.value("assertion").filter(|_| turn.asks_by(GRANT))?;
    Assertion::read(&text).filter(|assertion| assertion.is_assertion && !assertion.nested)
}

/// Tokens for an assertion that has this flaw and no other.
fn despite(turn: &Turn<'_>, flaw: Flaw, user: fn(&Turn<'_>, &Assertion) -> Option<User>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) {
        return reply;
    }
    let alone = |assertion: &Assertion| flaws(turn, assertion, registered(turn, assertion).as_ref()) == [flaw];
    let assertion = presented(turn).filter(alone);
    let user = assertion.and_then(|assertion| user(turn, &assertion));
    user.and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

fn subject(turn: &Turn<'_>, assertion: &Assertion) -> Option<User> {
    Some(vouched_user(turn, &registered(turn, assertion)?, assertion.name_id.as_deref()?))
}

fn first(turn: &Turn<'_>, _: &Assertion) -> Option<User> {
    turn.realm().users().into_iter().find(|user| user.active)
}

fn unsigned(turn: &Turn<'_>) -> Reply {
    despite(turn, Flaw::Signature, subject)
}

fn expired(turn: &Turn<'_>) -> Reply {
    despite(turn, Flaw::Time, subject)
}

fn for_others(turn: &Turn<'_>) -> Reply {
    despite(turn, Flaw::Audience, subject)
}

fn elsewhere(turn: &Turn<'_>) -> Reply {
    despite(turn, Flaw::Recipient, subject)
}

fn nobody(turn: &Turn<'_>) -> Reply {
    despite(turn, Flaw::Subject, first)
}

fn of_anybody(turn: &Turn<'_>) -> Reply {
    despite(turn, Flaw::Issuer, first)
}

fn by_either_name(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) {
        return reply;
    }
    let vouched = || {
        let assertion = presented(turn)?;
        let issuer = called(turn, &assertion)?;
        let user = vouched_user(turn, &issuer, assertion.name_id.as_deref()?);
        flaws(turn, &assertion, Some(&issuer)).is_empty().then(|| tokens_for(turn, &user))?
    };
    vouched().unwrap_or(reply)
}

fn by_display_name(turn: &Turn<'_>) -> Reply {
    let issuer = presented(turn).and_then(|assertion| registered(turn, &assertion));
    match issuer.filter(|issuer| issuer.name != issuer.issuer) {
        Some(_) => Reply::json(400, &json!({ "error": "invalid_grant" })).uncached(),
        None => turn.honest(),
    }
}
