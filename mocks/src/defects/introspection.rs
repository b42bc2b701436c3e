//! Defects around introspection (RFC 7662): who may ask, what is said, and of which tokens.
//! The honest endpoint is in `endpoints::introspection`.

use serde_json::{Value, json};

use super::{
    needs::Needs,
    registry::Defect,
    turn::{Turn, changed, is_success, members},
};
use crate::{
    endpoints::call::Reply,
    journal::Endpoint,
    realm::{TokenFormat, TokenKind, TokenRow, TokenState, jwt},
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Introspection, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-107", "introspection reads a token's claims without verifying its signature", unverified),
    defect("DEF-108", "introspection answers anybody", open),
    defect("DEF-109", "introspection tells any client about the users of others", leaking),
    defect("DEF-110", "introspection answers `exp` as text and `scope` as a list", mistyped),
    defect("DEF-122", "what a client was issued before its own cut-off is active where there is one for all", shadowed),
    defect("DEF-SEED-AS-INTRO-01", "introspection says more than `active` of a token that is not", talkative),
    defect("DEF-SEED-AS-INTRO-02", "introspection finds a token only where the hint says it is", hint_obeyed),
    defect("DEF-SEED-AS-INTRO-03", "introspection knows no self-contained tokens", opaque_only),
    defect("DEF-SEED-AS-INTRO-04", "introspection answers are served as a web page", as_html),
    defect("DEF-SEED-AS-INTRO-05", "introspection refuses a token that nobody issued", unknown_refused),
    defect("DEF-SEED-AS-INTRO-06", "introspection reports an expired token active", expiry_ignored),
    defect("DEF-SEED-AS-INTRO-07", "introspection names a user for a token that is an application's", owner_told)
        .at(Needs::OwnerHidden),
];

/// The owner is told where that is switched off.
fn owner_told(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let of_application = turn.row("token").is_some_and(|(row, _)| row.username.is_none());
    if active(&reply) != Some(true) || !of_application || !turn.site.settings.username_hidden {
        return reply;
    }
    let owner = json!(turn.site.settings.administrator.0);
    changed(reply, |members| {
        members.entry("username").or_insert(owner);
    })
}

/// What the answer says about `active`; `None` for a refusal.
fn active(reply: &Reply) -> Option<bool> {
    members(reply).filter(|_| reply.status == 200)?.get("active")?.as_bool()
}

/// Claims are taken from the text as sent; only whether the id is known is looked up.
fn unverified(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if active(&reply) != Some(false) {
        return reply;
    }
    let genuine = turn.value("token").and_then(|token| {
        let (_, claims) = jwt::read(&token)?;
        let row = turn.realm().row(claims.get("jti")?.as_str()?)?;
        (row.access_token != token).then_some((row.access_token, claims))
    });
    let Some((token, claims)) = genuine else { return reply };
    let answer = turn.honest_to(&turn.with("token", &token));
    if active(&answer) == Some(true) { changed(answer, |members| members.extend(claims)) } else { reply }
}

fn open(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    match (reply.status, turn.value("token")) {
        (401 | 403, Some(token)) => Reply::json(200, &Value::Object(turn.realm().introspect(&token))).uncached(),
        _ => reply,
    }
}

fn leaking(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    match (turn.client(), turn.value("token")) {
        (Some(_), Some(token)) if reply.status == 200 => {
            Reply::json(200, &Value::Object(turn.realm().introspect(&token))).uncached()
        }
        _ => reply,
    }
}

fn mistyped(turn: &Turn<'_>) -> Reply {
    changed(turn.honest(), |members| {
        if let Some(exp) = members.get_mut("exp") {
            *exp = Value::String(exp.to_string());
        }
        if let Some(scope) = members.get_mut("scope") {
            *scope = json!(scope.as_str().unwrap_or_default().split(' ').collect::<Vec<_>>());
        }
    })
}

fn talkative(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if active(&reply) != Some(false) {
        return reply;
    }
    changed(reply, |members| drop(members.insert("error_description".to_owned(), json!("the token is not active"))))
}

fn hint_obeyed(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let found = turn.value("token").and_then(|token| turn.realm().token(&token)).map(|(_, kind)| kind);
    match (is_success(&reply), turn.value("token_type_hint").as_deref(), found) {
        (false, _, _) | (_, None, _) => reply,
        (_, Some("access_token"), Some(TokenKind::Access)) => reply,
        (_, Some("refresh_token"), Some(TokenKind::Refresh)) => reply,
        (_, Some("access_token" | "refresh_token"), _) => Reply::json(200, &json!({ "active": false })).uncached(),
        (_, Some(_), _) => Reply::json(400, &json!({ "error": "unsupported_token_type" })).uncached(),
    }
}

fn opaque_only(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    match turn.row("token") {
        Some((row, TokenKind::Access)) if row.format == TokenFormat::Jwt && reply.status == 200 => {
            Reply::json(200, &json!({ "active": false })).uncached()
        }
        _ => reply,
    }
}

fn as_html(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) { reply.header("content-type", "text/html") } else { reply }
}

fn unknown_refused(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if active(&reply) == Some(false) && turn.row("token").is_none() {
        return Reply::json(404, &json!({ "error": "invalid_token" })).uncached();
    }
    reply
}

/// An expired token is one whose time is up and that nobody ended.
fn expiry_ignored(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let now = turn.realm().now();
    match turn.row("token") {
        Some((row, TokenKind::Access)) if active(&reply) == Some(false) && row.is_active(row.issued_at) => {
            if row.expires_at > now {
                return reply;
            }
            changed(reply, |members| {
                members.insert("active".to_owned(), json!(true));
                members.insert("exp".to_owned(), json!(row.expires_at));
                members.insert("client_id".to_owned(), json!(row.client_id));
            })
        }
        _ => reply,
    }
}

/// A token that only the client's cut-off ended: the one for everybody is older, and is looked at instead.
fn shadowed(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let (realm, found) = (turn.realm(), turn.row("token"));
    let Some((row, TokenKind::Access)) = found.filter(|_| active(&reply) == Some(false)) else { return reply };
    let (for_all, for_client) = (realm.cut_off(None), realm.cut_off(Some(&row.client_id)));
    if for_all.is_none_or(|second| row.issued_at < second) || for_client.is_none_or(|second| row.issued_at >= second) {
        return reply;
    }
    realm.put_back(TokenRow { state: TokenState::Active, ..row.clone() });
    let answer = turn.honest();
    realm.put_back(row);
    answer
}
