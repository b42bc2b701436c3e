//! Defects of refresh tokens (RFC 6749, section 6; RFC 9700, section 4.14): reuse, races, widening, strangers.
//! The honest grant is in `grants::refresh_token`.

use std::time::Duration;

use serde_json::json;

use super::{
    registry::Defect,
    turn::{Turn, error_of, is_success},
};
use crate::{
    endpoints::{call::Reply, token},
    grants::{self, Issue},
    journal::Endpoint,
    realm::{Client, TokenKind, TokenRow, TokenState, scope, token::Grace},
};

const REFRESH: &str = "refresh_token";

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-114", "a refresh token works again while its first answer is under way", racing),
    defect("DEF-115", "a refresh token works on after another took its place", reused),
    defect("DEF-116", "any text is taken for a refresh token", made_up),
    defect("DEF-117", "refreshing grants scopes that were not granted before", widened),
    defect("DEF-SEED-AS-REFRESH-01", "a refresh token serves any client", stolen),
    defect("DEF-SEED-AS-REFRESH-02", "refreshing is refused although the refresh token is good", never),
    defect("DEF-SEED-AS-REFRESH-03", "reuse of a refresh token leaves what came of it alive", family_spared),
    defect("DEF-SEED-AS-REFRESH-04", "refreshing ends nothing and brings the same access token again", same_again),
    defect("DEF-SEED-AS-REFRESH-05", "the time of grace of a replaced refresh token never ends", endless),
    defect("DEF-SEED-AS-REFRESH-06", "a replaced refresh token may be used again however often", uncounted),
    defect("DEF-SEED-AS-REFRESH-07", "a replaced refresh token stays good when the one after it was used", unclosed),
    defect("DEF-SEED-AS-REFRESH-08", "who refreshes for less has a refresh token for less from then on", lessened),
];

/// The row of the refresh token that was sent.
fn sent(turn: &Turn<'_>) -> Option<TokenRow> {
    let (row, kind) = turn.row(REFRESH).filter(|_| turn.asks_by(REFRESH))?;
    (kind == TokenKind::Refresh).then_some(row)
}

fn revive(turn: &Turn<'_>, row: &TokenRow) {
    turn.realm().change_row(
        &row.jti,
        |row| row.refresh.as_ref().is_some_and(|refresh| refresh.state == TokenState::Superseded),
        |row| row.refresh.iter_mut().for_each(|refresh| refresh.state = TokenState::Active),
    );
}

/// How long an answer to a refresh is under way.
const UNDER_WAY: Duration = Duration::from_millis(300);

/// The mark that a token is used up is set when the answer leaves, not when the request is looked at.
fn racing(turn: &Turn<'_>) -> Reply {
    let Some(row) = sent(turn) else { return turn.honest() };
    let (key, now_ms) = (format!("DEF-114 {}", row.jti), crate::realm::Clock::system().now_ms());
    let first = turn.site.defects.memory().get(&key).copied();
    if first.is_some_and(|first| now_ms < first + UNDER_WAY.as_millis() as u64) {
        revive(turn, &row);
    }
    let reply = turn.honest();
    if is_success(&reply) && first.is_none() {
        turn.site.defects.memory().insert(key, now_ms);
        return reply.late(UNDER_WAY);
    }
    reply
}

fn reused(turn: &Turn<'_>) -> Reply {
    if let Some(row) = sent(turn) {
        revive(turn, &row);
    }
    turn.honest()
}

fn made_up(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if !turn.asks_by(REFRESH) || turn.row(REFRESH).is_some() || error_of(&reply).as_deref() != Some("invalid_grant") {
        return reply;
    }
    match turn.client() {
        Some(client) => issued(turn, &client, Vec::new()),
        None => reply,
    }
}

fn issued(turn: &Turn<'_>, client: &Client, scopes: Vec<String>) -> Reply {
    let issue = Issue { refresh: true, ..Issue::new(client, None, REFRESH, scopes) };
    token::granted(turn.site, &grants::issue(turn.realm(), &issue))
}

/// What is asked for counts as granted before.
fn widened(turn: &Turn<'_>) -> Reply {
    if let (Some(row), Some(asked)) = (sent(turn), scope::split(turn.value("scope").as_deref())) {
        turn.realm().change_row(
            &row.jti,
            |_| true,
            |row| {
                let fresh: Vec<_> = asked.into_iter().filter(|scope| !row.scopes.contains(scope)).collect();
                row.scopes.extend(fresh);
                row.refresh.iter_mut().for_each(|refresh| refresh.scopes = None);
            },
        );
    }
    turn.honest()
}

/// The refresh token goes on with the scopes of the access token beside it.
fn lessened(turn: &Turn<'_>) -> Reply {
    let (before, asked) = (sent(turn), scope::split(turn.value("scope").as_deref()));
    let reply = turn.honest();
    if let (Some(before), Some(asked)) = (before.filter(|_| is_success(&reply)), asked) {
        for row in turn.realm().rows(|row| row.family == before.family) {
            turn.realm().change_row(
                &row.jti,
                |_| true,
                |row| row.refresh.iter_mut().for_each(|refresh| refresh.scopes = Some(asked.clone())),
            );
        }
    }
    reply
}

fn stolen(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    match (sent(turn), turn.client()) {
        (Some(row), Some(client)) if row.client_id != client.id && !is_success(&reply) => {
            issued(turn, &client, row.scopes)
        }
        _ => reply,
    }
}

fn never(turn: &Turn<'_>) -> Reply {
    let good = sent(turn).is_some_and(|row| row.is_refreshable(turn.realm().now()));
    match turn.client() {
        Some(_) if good => Reply::json(400, &json!({ "error": "unsupported_grant_type" })).uncached(),
        _ => turn.honest(),
    }
}

/// The family is ended by the honest grant and brought back afterwards.
fn family_spared(turn: &Turn<'_>) -> Reply {
    let Some(row) = sent(turn) else { return turn.honest() };
    let alive = turn.realm().rows(|each| each.family == row.family);
    let reply = turn.honest();
    if !is_success(&reply) {
        alive.into_iter().for_each(|row| turn.realm().put_back(row));
    }
    reply
}

fn change_grace(turn: &Turn<'_>, row: &TokenRow, change: impl FnOnce(&mut Grace)) {
    let change = |row: &mut TokenRow| {
        if let Some(grace) = row.refresh.as_mut().and_then(|refresh| refresh.grace.as_mut()) {
            change(grace);
        }
    };
    turn.realm().change_row(&row.jti, |_| true, change);
}

fn endless(turn: &Turn<'_>) -> Reply {
    if let Some(row) = sent(turn) {
        change_grace(turn, &row, |grace| grace.until = u64::MAX);
    }
    turn.honest()
}

fn uncounted(turn: &Turn<'_>) -> Reply {
    if let Some(row) = sent(turn) {
        change_grace(turn, &row, |grace| grace.reused = 0);
    }
    turn.honest()
}

/// The honest grant ends the grace of those before, and it is given back afterwards.
fn unclosed(turn: &Turn<'_>) -> Reply {
    let Some(row) = sent(turn) else { return turn.honest() };
    let has_grace = |row: &TokenRow| row.refresh.as_ref().is_some_and(|refresh| refresh.grace.is_some());
    let before = turn.realm().rows(|each| each.family == row.family && each.jti != row.jti && has_grace(each));
    let reply = turn.honest();
    before.into_iter().for_each(|row| turn.realm().put_back(row));
    reply
}

/// The old access token is put into the answer.
fn same_again(turn: &Turn<'_>) -> Reply {
    let before = sent(turn);
    let reply = turn.honest();
    let Some(row) = before.filter(|_| is_success(&reply)) else { return reply };
    turn.realm().change_row(&row.jti, |_| true, |row| row.state = TokenState::Active);
    super::turn::changed(reply, |members| drop(members.insert("access_token".to_owned(), json!(row.access_token))))
}
