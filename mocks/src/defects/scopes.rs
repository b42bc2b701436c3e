//! Defects of who gets what: scopes, grant types, clients that are switched off, tokens that should have ended.
//! The honest rules are the realm's scope rule and `grants::redeem`.

use serde_json::json;

use super::{
    registry::Defect,
    turn::{Turn, changed, error_of, is_success, members},
};
use crate::{
    endpoints::{call::Reply, token},
    grants::{self, Issue},
    journal::Endpoint,
    realm::{Client, TokenRow, TokenState, User, scope},
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-118", "a client gets registered scopes that were not assigned to it", unassigned),
    defect("DEF-119", "scopes that nobody registered are granted as asked for", unknown),
    defect("DEF-120", "a client may use grant types that it was not given", any_grant),
    defect("DEF-121", "a client that is switched off keeps getting tokens", switched_off),
    defect("DEF-131", "a new token ends the earlier ones of its client, user and scopes", only_one),
    defect("DEF-SEED-AS-SCOPE-01", "scopes are left out although the client may have them", withheld),
];

/// The scopes asked for, where the client itself or a password asks.
fn asked(turn: &Turn<'_>) -> Option<Vec<String>> {
    let direct = turn.asks_by("client_credentials") || turn.asks_by("password");
    scope::split(turn.value("scope").as_deref()).filter(|_| direct)
}

fn user(turn: &Turn<'_>) -> Option<User> {
    turn.realm().authenticate_user(&turn.value("username")?, &turn.value("password")?)
}

/// Tokens with these scopes, if everything but the scopes was in order.
fn with_scopes(turn: &Turn<'_>, scopes: Vec<String>) -> Option<Reply> {
    let client = turn.client().filter(|client| client.allows_grant(&turn.value("grant_type").unwrap_or_default()))?;
    let user = user(turn);
    if turn.asks_by("password") && user.is_none() {
        return None;
    }
    let grant_type = turn.value("grant_type")?;
    let issue = Issue { refresh: user.is_some(), ..Issue::new(&client, user.as_ref(), &grant_type, scopes) };
    Some(token::granted(turn.site, &grants::issue(turn.realm(), &issue)))
}

/// The honest answer, unless it lacks scopes that `granted` holds: then tokens with those.
fn with_more(turn: &Turn<'_>, granted: Vec<String>) -> Reply {
    let reply = turn.honest();
    let has = members(&reply).and_then(|members| Some(members.get("scope")?.as_str()?.to_owned())).unwrap_or_default();
    let complete = is_success(&reply) && granted.iter().all(|scope| has.split(' ').any(|each| each == scope));
    let about_scopes = is_success(&reply) || error_of(&reply).as_deref() == Some("invalid_scope");
    if complete || !about_scopes || granted.is_empty() {
        return reply;
    }
    with_scopes(turn, granted).unwrap_or(reply)
}

fn unassigned(turn: &Turn<'_>) -> Reply {
    let asked = asked(turn).unwrap_or_default();
    with_more(turn, asked.into_iter().filter(|scope| turn.realm().scope(scope).is_some()).collect())
}

fn unknown(turn: &Turn<'_>) -> Reply {
    let asked = asked(turn).unwrap_or_default();
    if asked.iter().all(|scope| turn.realm().scope(scope).is_some() || scope::OPENID.contains(&scope.as_str())) {
        return turn.honest();
    }
    with_more(turn, asked)
}

fn any_grant(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if error_of(&reply).as_deref() != Some("unauthorized_client") {
        return reply;
    }
    let granted = turn.client().and_then(|client| turn.granted_to(&client));
    granted.unwrap_or(reply)
}

fn switched_off(turn: &Turn<'_>) -> Reply {
    let proven = turn.request().and_then(|request| grants::prove_client(turn.realm(), &request).ok());
    match proven.filter(|client| !client.active) {
        Some(client) => turn.granted_to(&Client { active: true, ..client }).unwrap_or_else(|| turn.honest()),
        None => turn.honest(),
    }
}

fn only_one(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let fresh = members(&reply)
        .and_then(|members| Some(members.get("access_token")?.as_str()?.to_owned()))
        .and_then(|text| turn.realm().token(&text));
    if let Some((fresh, _)) = fresh {
        let earlier = |row: &TokenRow| {
            row.jti != fresh.jti
                && row.client_id == fresh.client_id
                && row.username == fresh.username
                && row.scopes == fresh.scopes
        };
        turn.realm().end_rows(earlier, TokenState::Superseded);
    }
    reply
}

/// The token is issued without the scopes, and the answer says so.
fn withheld(turn: &Turn<'_>) -> Reply {
    let asked = asked(turn).unwrap_or_default();
    if asked.is_empty() || asked.iter().any(|scope| turn.realm().scope(scope).is_none()) {
        return turn.honest();
    }
    match with_scopes(turn, Vec::new()) {
        Some(reply) => changed(reply, |members| drop(members.insert("scope".to_owned(), json!("")))),
        None => turn.honest(),
    }
}
