//! Defects of the user profile (OpenID Connect Core, section 5.3; RFC 6750): whose it is, and who may read it.
//! The honest endpoints are in `endpoints::userinfo` and `endpoints::scim_me`.

use serde_json::json;

use super::{
    registry::Defect,
    turn::{Turn, changed_success, is_success, without_header},
};
use crate::{
    endpoints::{call::Reply, scim, scim_me},
    journal::Endpoint,
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Userinfo, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-SEED-AS-USER-01", "a profile does not say whose it is", nameless),
    defect("DEF-SEED-AS-USER-02", "a profile is refused without a challenge", no_challenge),
    defect("DEF-SEED-AS-USER-03", "any text brings a profile", any_token),
    defect("DEF-SEED-AS-USER-04", "a profile asked for without a token is refused with 403", forbidden),
    defect("DEF-SEED-AS-USER-05", "a profile names another subject than the id token", another_subject),
];

fn nameless(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        for name in ["sub", "id", "userName", "preferred_username", "username", "email", "name", "emails"] {
            members.remove(name);
        }
    })
}

fn no_challenge(turn: &Turn<'_>) -> Reply {
    without_header(turn.honest(), "www-authenticate")
}

fn another_subject(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        if let Some(sub) = members.get("sub").and_then(|sub| sub.as_str()) {
            let other = format!("profile-of-{sub}");
            members.insert("sub".to_owned(), json!(other));
        }
    })
}

/// The first user's.
fn any_token(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if is_success(&reply) || turn.call.bearer().is_none() {
        return reply;
    }
    match turn.realm().users().into_iter().next() {
        Some(user) if turn.call.path.starts_with("/scim2/") => scim::reply(200, &scim_me::document(turn.site, &user)),
        Some(user) => Reply::json(200, &json!({ "sub": user.id, "preferred_username": user.name })).uncached(),
        None => reply,
    }
}

fn forbidden(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if reply.status == 401 && turn.call.bearer().is_none() { Reply { status: 403, ..reply } } else { reply }
}
