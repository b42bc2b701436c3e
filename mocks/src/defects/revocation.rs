//! Defects around revocation (RFC 7009): what ends, what does not, and who may end it.
//! The honest endpoint is in `endpoints::revocation`.

use serde_json::json;

use super::{
    registry::Defect,
    turn::{Turn, is_success},
};
use crate::{
    endpoints::call::Reply,
    journal::Endpoint,
    realm::{TokenFormat, TokenKind, TokenState, random},
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Revocation, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-111", "revocation answers 200 and ends nothing", hollow),
    defect("DEF-112", "revoking a refresh token leaves its access token alive", kin_spared),
    defect("DEF-113", "a client can revoke the tokens of another", foreign_ended),
    defect("DEF-SEED-AS-REVOKE-01", "anybody can revoke a token", open),
    defect("DEF-SEED-AS-REVOKE-02", "revocation finds a token only where the hint says it is", hint_obeyed),
    defect("DEF-SEED-AS-REVOKE-03", "revoking one token ends all tokens of the client", all_ended),
    defect("DEF-SEED-AS-REVOKE-04", "revoking a token that nobody issued is an error", unknown_refused),
    defect("DEF-SEED-AS-REVOKE-05", "self-contained tokens cannot be revoked", opaque_only),
];

fn done() -> Reply {
    Reply::empty(200).uncached()
}

fn refused(code: &str) -> Reply {
    Reply::json(400, &json!({ "error": code })).uncached()
}

/// The endpoint is told of a token that does not exist, which it takes as revoked; only the owner's own are swallowed.
fn hollow(turn: &Turn<'_>) -> Reply {
    let owner = turn.client().map(|client| client.id);
    let revocable = |kind| kind == TokenKind::Refresh || turn.realm().policy().access_tokens_revocable;
    match turn.row("token") {
        Some((row, kind)) if Some(&row.client_id) == owner.as_ref() && revocable(kind) => {
            turn.honest_to(&turn.with("token", &random::text(32)))
        }
        _ => turn.honest(),
    }
}

fn kin_spared(turn: &Turn<'_>) -> Reply {
    let before = turn.row("token");
    let reply = turn.honest();
    if let (true, Some((row, TokenKind::Refresh))) = (is_success(&reply), before) {
        turn.realm().change_row(&row.jti, |_| row.state == TokenState::Active, |row| row.state = TokenState::Active);
    }
    reply
}

fn foreign_ended(turn: &Turn<'_>) -> Reply {
    match (turn.client(), turn.row("token")) {
        (Some(client), Some((row, _))) if row.client_id != client.id => {
            turn.realm().revoke(&turn.value("token").unwrap_or_default(), None);
            done()
        }
        _ => turn.honest(),
    }
}

fn open(turn: &Turn<'_>) -> Reply {
    match (turn.client(), turn.value("token")) {
        (None, Some(token)) => {
            turn.realm().revoke(&token, None);
            done()
        }
        _ => turn.honest(),
    }
}

fn hint_obeyed(turn: &Turn<'_>) -> Reply {
    let kind = turn.row("token").map(|(_, kind)| kind);
    match (turn.value("token_type_hint").as_deref(), kind) {
        (Some("refresh_token"), Some(TokenKind::Access)) | (Some("access_token"), Some(TokenKind::Refresh)) => {
            turn.honest_to(&turn.with("token", &random::text(32)))
        }
        _ => turn.honest(),
    }
}

fn all_ended(turn: &Turn<'_>) -> Reply {
    let before = turn.row("token");
    let reply = turn.honest();
    if let (true, Some((row, _)), Some(client)) = (is_success(&reply), before, turn.client())
        && row.client_id == client.id
    {
        turn.realm().end_rows(|each| each.client_id == client.id, TokenState::Revoked);
    }
    reply
}

fn unknown_refused(turn: &Turn<'_>) -> Reply {
    let known = turn.row("token").is_some();
    let reply = turn.honest();
    if is_success(&reply) && !known { refused("invalid_token") } else { reply }
}

fn opaque_only(turn: &Turn<'_>) -> Reply {
    match (turn.client(), turn.row("token")) {
        (Some(client), Some((row, TokenKind::Access)))
            if row.format == TokenFormat::Jwt && row.client_id == client.id =>
        {
            refused("unsupported_token_type")
        }
        _ => turn.honest(),
    }
}
