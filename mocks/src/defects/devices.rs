//! Defects around devices without a browser (RFC 8628, sections 3.2 to 3.5), and around logins by NTLM.
//! The honest answers are in `grants::device_code` and `grants::ntlm`.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    exchange::tokens_for,
    registry::Defect,
    turn::{Turn, changed_success, error_of, is_success},
};
use crate::{
    endpoints::call::Reply,
    journal::Endpoint,
    ntlm::{Handshake, Kind},
    realm::{User, device::DeviceState},
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const NTLM: &str = "iwa:ntlm";

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    Defect::new(
        "DEF-SEED-AS-DEVICE-03",
        "devices are not told how long their codes are good",
        Endpoint::DeviceAuthorization,
        no_lifetime,
    ),
    defect("DEF-SEED-AS-DEVICE-04", "a device whose user has agreed is told to wait", approval_lost),
    defect("DEF-SEED-AS-DEVICE-05", "a device whose user has declined is told to wait", denial_lost),
    defect("DEF-SEED-AS-DEVICE-06", "a device whose code has ended is told to wait", end_untold),
    defect("DEF-SEED-AS-DEVICE-07", "a device code works more than once", device_again),
    defect("DEF-SEED-AS-DEVICE-08", "any client gets the tokens of a device", any_client),
    defect("DEF-SEED-AS-NTLM-01", "the right answer to an NTLM challenge is refused", answer_refused),
    defect("DEF-SEED-AS-NTLM-02", "an answer to an NTLM challenge is not compared with the password", any_answer),
    defect("DEF-SEED-AS-NTLM-03", "an answer to an NTLM challenge may be sent again", answer_again),
    defect("DEF-SEED-AS-NTLM-04", "what is no NTLM message is a failure of the server", failing),
];

fn no_lifetime(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| drop(members.remove("expires_in")))
}

fn refused(error: &str) -> Reply {
    Reply::json(400, &json!({ "error": error })).uncached()
}

fn approval_lost(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if turn.asks_by(DEVICE) && is_success(&reply) { refused("authorization_pending") } else { reply }
}

/// Told to wait instead of this.
fn told_to_wait(turn: &Turn<'_>, instead_of: &str) -> Reply {
    let reply = turn.honest();
    let told = turn.asks_by(DEVICE) && error_of(&reply).as_deref() == Some(instead_of);
    if told { refused("authorization_pending") } else { reply }
}

fn denial_lost(turn: &Turn<'_>) -> Reply {
    told_to_wait(turn, "access_denied")
}

fn end_untold(turn: &Turn<'_>) -> Reply {
    told_to_wait(turn, "expired_token")
}

fn device_again(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let used = turn.value("device_code").filter(|_| turn.asks_by(DEVICE) && !is_success(&reply));
    let used = used.and_then(|code| turn.realm().device(&code)).filter(|device| device.state == DeviceState::Used);
    let Some(device) = used else { return reply };
    let earlier = turn.realm().rows(|row| row.client_id == device.client_id && row.grant_type == DEVICE);
    let name = earlier.into_iter().max_by_key(|row| row.issued_at).and_then(|row| row.username);
    name.and_then(|name| turn.realm().user(&name)).and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

fn any_client(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let device = turn.value("device_code").filter(|_| turn.asks_by(DEVICE) && !is_success(&reply));
    match device.and_then(|code| turn.realm().device(&code)).map(|device| device.state) {
        Some(DeviceState::Approved { username }) => {
            turn.realm().user(&username).and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
        }
        _ => reply,
    }
}

/// The message of a request for tokens by NTLM.
fn message(turn: &Turn<'_>) -> Option<Vec<u8>> {
    STANDARD.decode(turn.value("windows_token").filter(|_| turn.asks_by(NTLM))?).ok()
}

/// Whom the answer to a challenge names.
fn named(turn: &Turn<'_>, message: &[u8]) -> Option<User> {
    let answers = matches!(Kind::of(message), Ok(Kind::Authenticate));
    turn.realm().user(&Handshake::user_name(message).filter(|_| answers)?).filter(|user| user.active)
}

fn answer_refused(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if turn.asks_by(NTLM) && is_success(&reply) { refused("invalid_grant") } else { reply }
}

/// A challenge must be open, so that what was answered before stays refused.
fn any_answer(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let (Some(message), Some(client), false) = (message(turn), turn.client(), is_success(&reply)) else { return reply };
    match named(turn, &message).filter(|_| turn.realm().end_handshake(&client.id, |_| true)) {
        Some(user) => tokens_for(turn, &user).unwrap_or(reply),
        None => reply,
    }
}

fn answer_again(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let Some(message) = message(turn) else { return reply };
    let key = format!("ntlm {:?}", digest::digest(&digest::SHA256, &message));
    if is_success(&reply) {
        turn.site.defects.memory().insert(key, turn.realm().now());
        return reply;
    }
    let before = turn.site.defects.memory().contains_key(&key);
    let user = named(turn, &message).filter(|_| before);
    user.and_then(|user| tokens_for(turn, &user)).unwrap_or(reply)
}

fn failing(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let nonsense = message(turn).is_some_and(|message| Kind::of(&message).is_err());
    if nonsense { Reply::json(500, &json!({ "error": "server_error" })).uncached() } else { reply }
}
