//! Defects around what comes in an envelope: assertions that are encrypted to the server, NTLM in SPNEGO.
//! The honest envelopes are `realm::jwe` and `ntlm::Parcel`.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    exchange::{tokens_for, vouched_user},
    registry::Defect,
    turn::{Turn, is_success},
};
use crate::{
    endpoints::call::Reply,
    journal::Endpoint,
    ntlm::Parcel,
    realm::{
        User, jwe,
        jwt::{self, Object},
    },
};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-SEED-AS-BEARER-03", "what is encrypted to the server counts as signed", unsigned_inside),
    defect("DEF-SEED-AS-BEARER-04", "assertions that are encrypted to the server are refused", envelope_refused),
    defect("DEF-SEED-AS-NTLM-05", "who logs in by NTLM in SPNEGO is challenged outside of it", bare_challenge),
];

/// An assertion that is encrypted (RFC 7516, section 3.1).
fn sealed(turn: &Turn<'_>) -> Option<String> {
    turn.value("assertion").filter(|text| turn.asks_by(BEARER) && text.matches('.').count() == 4)
}

/// The user of whom the content of an envelope speaks, whoever wrote it.
fn inside(turn: &Turn<'_>) -> Option<User> {
    let content = jwe::open(turn.realm().keys(), &sealed(turn)?).ok()?;
    let bare = serde_json::from_str::<Object>(&content).ok();
    let claims = bare.or_else(|| jwt::read(&content).map(|(_, claims)| claims))?;
    let issuer = turn.realm().trusted_issuer(claims.get("iss")?.as_str()?)?;
    Some(vouched_user(turn, &issuer, claims.get("sub")?.as_str()?))
}

fn unsigned_inside(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) {
        return reply;
    }
    inside(turn).and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

fn envelope_refused(turn: &Turn<'_>) -> Reply {
    match sealed(turn) {
        Some(_) => Reply::json(400, &json!({ "error": "invalid_grant" })).uncached(),
        None => turn.honest(),
    }
}

fn bare_challenge(turn: &Turn<'_>) -> Reply {
    let mut reply = turn.honest();
    for (_, value) in reply.headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate")) {
        let token = value.strip_prefix("Negotiate ").and_then(|token| STANDARD.decode(token).ok());
        if let Some(parcel) = token.and_then(|token| Parcel::open(token).ok()) {
            *value = format!("NTLM {}", STANDARD.encode(parcel.message()));
        }
    }
    reply
}
