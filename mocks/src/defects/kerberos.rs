//! Defects around logins by Kerberos (RFC 4120, section 3.2.3): one check left out, all others made.
//! The honest checks are in `kerberos::opened` and `grants::kerberos`.

use aws_lc_rs::digest;
use serde_json::json;

use super::{
    exchange::tokens_for,
    registry::Defect,
    turn::{Turn, changed_success, is_success},
};
use crate::{
    endpoints::call::Reply,
    grants::kerberos::{self, GRANT},
    journal::Endpoint,
    kerberos::{Fault, Opened, ServicePrincipal},
    realm::{TrustedIssuer, User},
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-SEED-AS-KRB-01", "a Kerberos ticket is believed without a look at its seal", any_seal),
    defect("DEF-SEED-AS-KRB-02", "Kerberos tickets that have expired are accepted", expired),
    defect("DEF-SEED-AS-KRB-03", "the time of a Kerberos authenticator is not looked at", stale),
    defect("DEF-SEED-AS-KRB-04", "Kerberos tickets for another service are accepted", for_others),
    defect("DEF-SEED-AS-KRB-05", "a Kerberos ticket may be shown by anybody", shown_by_anybody),
    defect("DEF-SEED-AS-KRB-06", "a Kerberos authenticator may be sent again", again),
    defect("DEF-SEED-AS-KRB-07", "a sound Kerberos ticket is refused", refused),
    defect("DEF-SEED-AS-KRB-08", "what is no Kerberos message is a failure of the server", failing),
    defect("DEF-SEED-AS-KRB-09", "Kerberos tickets that are not valid yet are accepted", early),
    defect("DEF-SEED-AS-KRB-10", "whatever realm is named, every key of the server is tried", any_realm),
    defect(
        "DEF-SEED-AS-KRB-11",
        "a Kerberos login without one of its parameters is a failure of the server",
        incomplete,
    ),
    defect("DEF-SEED-AS-KRB-12", "a Kerberos login brings no scopes", without_scopes),
];

/// A request by this grant: its token, and the service whose key it should be sealed with.
struct Shown {
    token: Vec<u8>,
    provider: TrustedIssuer,
    service: ServicePrincipal,
}

fn shown(turn: &Turn<'_>) -> Option<Shown> {
    let token = kerberos::decoded(&turn.value("kerberos_token").filter(|_| turn.asks_by(GRANT))?)?;
    let (provider, service) = kerberos::provider(turn.realm(), &turn.value("kerberos_realm")?).ok()?;
    Some(Shown { token, provider, service })
}

fn client(turn: &Turn<'_>, shown: &Shown, opened: &Opened) -> Option<User> {
    kerberos::user(turn.realm(), &shown.provider, &shown.service, &opened.client).ok()
}

/// Tokens for a request that has this fault and no other.
fn despite(turn: &Turn<'_>, fault: Fault) -> Reply {
    let reply = turn.honest();
    let Some(shown) = shown(turn).filter(|_| !is_success(&reply)) else { return reply };
    let opened = shown.service.open(&shown.token).ok();
    let opened = opened.filter(|opened| opened.faults(&shown.service, turn.realm().now()) == [fault]);
    let user = opened.and_then(|opened| client(turn, &shown, &opened));
    user.and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

/// Nobody can read whom a ticket names that is sealed with another key: it stands for the first user.
fn any_seal(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let Some(shown) = shown(turn).filter(|_| !is_success(&reply)) else { return reply };
    let foreign = matches!(shown.service.open(&shown.token), Err(Fault::Ticket));
    let user = turn.realm().users().into_iter().find(|user| user.active && foreign);
    user.and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

fn expired(turn: &Turn<'_>) -> Reply {
    despite(turn, Fault::Expired)
}

fn stale(turn: &Turn<'_>) -> Reply {
    despite(turn, Fault::Skew)
}

fn for_others(turn: &Turn<'_>) -> Reply {
    despite(turn, Fault::OtherService)
}

fn shown_by_anybody(turn: &Turn<'_>) -> Reply {
    despite(turn, Fault::OtherClient)
}

fn again(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let Some(shown) = shown(turn) else { return reply };
    let key = format!("kerberos {:?}", digest::digest(&digest::SHA256, &shown.token));
    if is_success(&reply) {
        turn.site.defects.memory().insert(key, turn.realm().now());
        return reply;
    }
    let before = turn.site.defects.memory().contains_key(&key);
    let opened = shown.service.accept(&shown.token, turn.realm().now()).ok().filter(|_| before);
    let user = opened.and_then(|opened| client(turn, &shown, &opened));
    user.and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

fn refused(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let sound = turn.asks_by(GRANT) && is_success(&reply);
    if sound { Reply::json(400, &json!({ "error": "invalid_grant" })).uncached() } else { reply }
}

fn failing(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let text = turn.value("kerberos_token").filter(|_| turn.asks_by(GRANT));
    let nonsense = text.is_some_and(|text| kerberos::decoded(&text).is_none());
    if nonsense { Reply::json(500, &json!({ "error": "server_error" })).uncached() } else { reply }
}

fn early(turn: &Turn<'_>) -> Reply {
    despite(turn, Fault::Early)
}

/// Of an identity provider whose service the ticket is for, when the one that was named has none or is none.
fn any_realm(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) || !turn.asks_by(GRANT) {
        return reply;
    }
    let token = turn.value("kerberos_token").and_then(|text| kerberos::decoded(&text));
    let named = turn.value("kerberos_realm").is_some_and(|name| kerberos::provider(turn.realm(), &name).is_err());
    let Some(token) = token.filter(|_| named) else { return reply };
    let user = turn.realm().trusted_issuers().into_iter().find_map(|provider| {
        let service = provider.kerberos.clone()?;
        let accepted = service.accept(&token, turn.realm().now()).ok()?;
        kerberos::user(turn.realm(), &provider, &service, &accepted.client).ok()
    });
    user.and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

fn incomplete(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let whole = ["kerberos_token", "kerberos_realm"].iter().all(|name| turn.value(name).is_some());
    let lacking = turn.asks_by(GRANT) && !whole;
    if lacking { Reply::json(500, &json!({ "error": "server_error" })).uncached() } else { reply }
}

/// As if none had been asked for, and said so.
fn without_scopes(turn: &Turn<'_>) -> Reply {
    if !turn.asks_by(GRANT) {
        return turn.honest();
    }
    let reply = turn.honest_to(&turn.with_form(|form| form.retain(|(name, _)| name != "scope")));
    changed_success(reply, |members| drop(members.insert("scope".to_owned(), json!(""))))
}
