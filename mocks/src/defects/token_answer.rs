//! Defects in what the token endpoint answers and in the tokens themselves (RFC 6749, section 5; RFC 9068).
//! The honest tokens are made in `grants::issue`, in the shape of the vendor.

use serde_json::{Value, json};

use super::{
    registry::Defect,
    turn::{Turn, changed, changed_success, is_success, members, without_header},
};
use crate::{
    endpoints::call::Reply,
    journal::Endpoint,
    realm::{KeyPurpose, jwt::Object, random},
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-126", "answers of the token endpoint may be cached", cacheable),
    defect("DEF-128", "after a rotation tokens go on naming the key from before", old_kid),
    defect("DEF-130", "`expires_in` is ten minutes more than the token has left", longer),
    defect("DEF-SEED-AS-TOKEN-01", "`expires_in` is a text", expires_as_text),
    defect("DEF-SEED-AS-TOKEN-02", "token answers are served as a web page", as_html),
    defect("DEF-SEED-AS-TOKEN-03", "a client that asks again gets the same token again", same_again),
    defect("DEF-SEED-AS-TOKEN-04", "client credentials bring a refresh token", refresh_for_client),
    defect("DEF-SEED-AS-TOKEN-05", "the texts of an error hold whatever was sent", error_unescaped),
    defect("DEF-SEED-AS-TOKEN-06", "tokens are signed with a key that is not published", unpublished_key),
    defect("DEF-SEED-AS-TOKEN-07", "tokens do not name their client", no_client),
    defect("DEF-SEED-AS-TOKEN-08", "tokens do not say in their header that they are access tokens", no_type),
    defect("DEF-SEED-AS-TOKEN-09", "tokens have no unique id", no_id),
    defect("DEF-SEED-AS-TOKEN-10", "tokens do not carry the scopes that were granted", no_scope),
    defect("DEF-SEED-AS-TOKEN-11", "tokens name another issuer than discovery does", another_issuer),
];

fn cacheable(turn: &Turn<'_>) -> Reply {
    without_header(without_header(turn.honest(), "cache-control"), "pragma")
}

/// The id of the key before the current one. Once there is one, tokens are signed with the current key under it, or
/// under a name that nobody publishes where the old key is still there.
fn old_kid(turn: &Turn<'_>) -> Reply {
    let keys = turn.realm().keys();
    let Some(before) = keys.before(KeyPurpose::Access) else { return turn.honest() };
    let reply = turn.honest();
    if is_success(&reply) { turn.reissued(reply, |header, _| set(header, "kid", json!(before))) } else { reply }
}

fn set(object: &mut Object, name: &str, value: Value) {
    object.insert(name.to_owned(), value);
}

fn longer(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        if let Some(seconds) = members.get("expires_in").and_then(Value::as_u64) {
            set(members, "expires_in", json!(seconds + 600));
        }
    })
}

fn expires_as_text(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        if let Some(seconds) = members.get("expires_in").filter(|seconds| seconds.is_number()) {
            let text = seconds.to_string();
            set(members, "expires_in", json!(text));
        }
    })
}

fn as_html(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) { reply.header("content-type", "text/html") } else { reply }
}

/// Of the client's own tokens, the live one for the same scopes is given out again.
fn same_again(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let client = turn.client().filter(|_| turn.asks_by("client_credentials") && is_success(&reply));
    let fresh = members(&reply).and_then(|members| turn.realm().token(members.get("access_token")?.as_str()?));
    let (Some(client), Some((fresh, _))) = (client, fresh) else { return reply };
    let now = turn.realm().now();
    let twins = turn.realm().rows(|row| {
        row.jti != fresh.jti
            && row.client_id == client.id
            && row.username.is_none()
            && row.scopes == fresh.scopes
            && row.is_active(now)
    });
    match twins.first() {
        Some(twin) => changed(reply, |members| set(members, "access_token", json!(twin.access_token))),
        None => reply,
    }
}

fn refresh_for_client(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if !turn.asks_by("client_credentials") {
        return reply;
    }
    changed_success(reply, |members| set(members, "refresh_token", json!(random::text(32))))
}

fn error_unescaped(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let sent = turn.value("grant_type").unwrap_or_default();
    if is_success(&reply) {
        return reply;
    }
    changed(reply, |members| set(members, "error_description", json!(format!("no grant type is called {sent}"))))
}

fn unpublished_key(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) { turn.reissued(reply, |header, _| set(header, "kid", json!(random::uuid()))) } else { reply }
}

fn without_claims(turn: &Turn<'_>, names: &[&str]) -> Reply {
    let reply = turn.honest();
    if !is_success(&reply) {
        return reply;
    }
    turn.reissued(reply, |_, claims| claims.retain(|name, _| !names.contains(&name.as_str())))
}

fn no_client(turn: &Turn<'_>) -> Reply {
    without_claims(turn, &["client_id", "azp", "cid", "appid"])
}

fn no_type(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) { turn.reissued(reply, |header, _| set(header, "typ", json!("JWT"))) } else { reply }
}

fn no_id(turn: &Turn<'_>) -> Reply {
    without_claims(turn, &["jti"])
}

fn no_scope(turn: &Turn<'_>) -> Reply {
    without_claims(turn, &["scope", "scp"])
}

/// As behind a proxy whose name the server does not know.
fn another_issuer(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if !is_success(&reply) {
        return reply;
    }
    turn.reissued(reply, |_, claims| set(claims, "iss", json!("https://internal.example")))
}
