//! Defects of client registration and its management (RFC 7591, RFC 7592).
//! The honest endpoints are in `endpoints::registration` and `endpoints::registration_is7`.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};
use url::Url;

use super::{
    registry::Defect,
    turn::{Turn, changed_success, is_success, members, without_header},
};
use crate::{
    endpoints::call::{Call, Reply},
    journal::Endpoint,
    realm::{Client, jwt::Object},
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Registration, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-135", "the key set address of a registration is fetched, wherever it points", fetched),
    defect("DEF-152", "the registration token of a disabled client brings it back", revived),
    defect("DEF-SEED-AS-DCR-01", "a registration does not say when its secret ends", no_end),
    defect("DEF-SEED-AS-DCR-02", "a registration is answered with another name than was asked for", renamed),
    defect("DEF-SEED-AS-DCR-03", "the secret in a registration is not the one that is kept", other_secret),
    defect("DEF-SEED-AS-DCR-04", "a registration does not tell the defaults it took", no_defaults),
    defect("DEF-SEED-AS-DCR-05", "a registration repeats metadata that nobody knows", all_repeated),
    defect("DEF-SEED-AS-DCR-06", "a client that is registered again is the one from before", same_again),
    defect("DEF-SEED-AS-DCR-07", "registration answers may be cached", cacheable),
    defect("DEF-SEED-AS-DCR-08", "a registration does not say where it is managed", unmanaged),
    defect("DEF-SEED-AS-DCR-09", "any redirect URI is registered, and none as well", any_redirect),
    defect("DEF-SEED-AS-DCR-10", "a registration that is no JSON is a server error", crashing),
    defect("DEF-SEED-AS-DCR-11", "the registration token of one client manages every client", any_token),
    defect("DEF-SEED-AS-DCR-12", "registrations can be read without a token", open_reading),
    defect("DEF-SEED-AS-DCR-13", "a change of a registration is granted and not stored", change_lost),
    defect("DEF-SEED-AS-DCR-14", "clients choose their own secret", chosen_secret),
    defect("DEF-SEED-AS-DCR-15", "a deletion is answered 204 and deletes nothing", deletion_lost),
    defect("DEF-SEED-AS-DCR-16", "a deletion is answered 200 with a page", deletion_page),
    defect("DEF-SEED-AS-DCR-17", "registrations cannot be read back", unreadable),
    defect("DEF-SEED-AS-DCR-18", "a registration under a taken id replaces the client that had it", taken_over),
];

fn creates(turn: &Turn<'_>) -> bool {
    turn.call.method == "POST"
}

/// The answer to a registration, changed when it was granted.
fn created(turn: &Turn<'_>, change: impl FnOnce(&mut Object)) -> Reply {
    let reply = turn.honest();
    if creates(turn) { changed_success(reply, change) } else { reply }
}

/// The metadata that was sent.
fn asked(turn: &Turn<'_>) -> Object {
    turn.call.object().unwrap_or_default()
}

/// The client that a management request is about.
fn managed(turn: &Turn<'_>) -> Option<Client> {
    turn.realm().client(turn.call.path.rsplit('/').next()?)
}

fn fetched(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let address = asked(turn).get("jwks_uri").and_then(Value::as_str).and_then(|uri| Url::parse(uri).ok());
    if let Some(address) = address.filter(|_| creates(turn) && is_success(&reply)) {
        fetch(&address);
    }
    reply
}

/// As long as this the server waits for the address.
const PATIENCE: Duration = Duration::from_millis(500);

/// A GET without TLS; what comes back is thrown away.
fn fetch(address: &Url) {
    let Some(target) = address.socket_addrs(|| None).ok().and_then(|found| found.into_iter().next()) else { return };
    let Ok(mut stream) = TcpStream::connect_timeout(&target, PATIENCE) else { return };
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        address.path(),
        address.host_str().unwrap_or_default()
    );
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read(&mut [0; 1024]));
}

fn no_end(turn: &Turn<'_>) -> Reply {
    created(turn, |members| drop(members.remove("client_secret_expires_at")))
}

fn renamed(turn: &Turn<'_>) -> Reply {
    created(turn, |members| {
        if let Some(name) = members.get("client_name").and_then(Value::as_str).map(|name| format!("{name} (1)")) {
            members.insert("client_name".to_owned(), json!(name));
        }
    })
}

fn other_secret(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let id = members(&reply).and_then(|members| Some(members.get("client_id")?.as_str()?.to_owned()));
    if let Some(id) = id.filter(|_| creates(turn) && is_success(&reply)) {
        turn.realm().update_client(&id, |client| client.secret.iter_mut().for_each(|secret| secret.push('~')));
    }
    reply
}

fn no_defaults(turn: &Turn<'_>) -> Reply {
    let asked = asked(turn);
    created(turn, |members| {
        for name in ["token_endpoint_auth_method", "grant_types", "response_types"] {
            if !asked.contains_key(name) {
                members.remove(name);
            }
        }
    })
}

fn all_repeated(turn: &Turn<'_>) -> Reply {
    let asked = asked(turn);
    created(turn, |members| {
        for (name, value) in asked {
            members.entry(name).or_insert(value);
        }
    })
}

/// By its name; the client from before is told of in the answer.
fn same_again(turn: &Turn<'_>) -> Reply {
    let name = asked(turn).get("client_name").and_then(Value::as_str).map(str::to_owned);
    let before = turn.realm().clients().into_iter().find(|client| Some(&client.name) == name.as_ref());
    created(turn, |members| {
        let Some(before) = before else { return };
        members.insert("client_id".to_owned(), json!(before.id));
        members.insert("client_secret".to_owned(), json!(before.secret));
    })
}

fn taken_over(turn: &Turn<'_>) -> Reply {
    let chosen = asked(turn).get("ext_param_client_id").and_then(Value::as_str).map(str::to_owned);
    let reply = turn.honest();
    match chosen.filter(|id| creates(turn) && !is_success(&reply) && turn.realm().client(id).is_some()) {
        Some(id) => {
            turn.realm().remove_client(&id);
            turn.honest()
        }
        None => reply,
    }
}

fn cacheable(turn: &Turn<'_>) -> Reply {
    without_header(without_header(turn.honest(), "cache-control"), "pragma")
}

fn unmanaged(turn: &Turn<'_>) -> Reply {
    created(turn, |members| drop(members.remove("registration_client_uri")))
}

/// Refused redirect URIs are replaced by one that is not, and the answer is as if nothing had been wrong.
fn any_redirect(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if !creates(turn) || reply.status != 400 || turn.call.object().is_none() {
        return reply;
    }
    let asked = asked(turn);
    let mut metadata = asked.clone();
    metadata.insert("redirect_uris".to_owned(), json!(["https://client.example/callback"]));
    let body = Value::Object(metadata).to_string().into_bytes();
    let second = turn.honest_to(&Call { body, ..turn.call.clone() });
    changed_success(second, |members| {
        members.insert("redirect_uris".to_owned(), asked.get("redirect_uris").cloned().unwrap_or(json!([])));
    })
}

fn crashing(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if creates(turn) && turn.call.object().is_none() && reply.status == 400 { Reply::empty(500) } else { reply }
}

/// The request with the registration token that its client really has.
fn with_right_token(turn: &Turn<'_>) -> Option<Reply> {
    let token = managed(turn)?.registration_token?;
    let mut call = turn.call.clone();
    call.headers.retain(|(name, _)| name != "authorization");
    call.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    Some(turn.honest_to(&call))
}

fn any_token(turn: &Turn<'_>) -> Reply {
    let sent = turn.call.bearer();
    let somebodys = turn.realm().clients().iter().any(|client| client.registration_token.as_deref() == sent);
    match with_right_token(turn).filter(|_| sent.is_some() && somebodys) {
        Some(reply) => reply,
        None => turn.honest(),
    }
}

/// Whatever the token is used for, the client is enabled before.
fn revived(turn: &Turn<'_>) -> Reply {
    let sent = turn.call.bearer();
    let disabled = turn.realm().clients().into_iter().filter(|client| !client.active);
    let own =
        disabled.filter(|client| client.registration_token.is_some() && client.registration_token.as_deref() == sent);
    for client in own {
        turn.realm().update_client(&client.id, |client| client.active = true);
    }
    turn.honest()
}

fn open_reading(turn: &Turn<'_>) -> Reply {
    if turn.call.method == "GET" && turn.call.header("authorization").is_none() {
        return with_right_token(turn).unwrap_or_else(|| turn.honest());
    }
    turn.honest()
}

fn change_lost(turn: &Turn<'_>) -> Reply {
    let before = managed(turn).filter(|_| turn.call.method == "PUT");
    let reply = turn.honest();
    if let Some(before) = before {
        turn.realm().update_client(&before.id.clone(), |client| *client = before);
    }
    reply
}

fn chosen_secret(turn: &Turn<'_>) -> Reply {
    let asked = asked(turn);
    let chosen = asked.get("client_secret").and_then(Value::as_str);
    let (Some(chosen), "PUT", Some(client)) = (chosen, turn.call.method.as_str(), managed(turn)) else {
        return turn.honest();
    };
    turn.realm().update_client(&client.id, |client| client.secret = Some(chosen.to_owned()));
    turn.honest()
}

fn deletion_lost(turn: &Turn<'_>) -> Reply {
    let before = managed(turn).filter(|_| turn.call.method == "DELETE");
    let reply = turn.honest();
    if let Some(before) = before {
        turn.realm().add_client(crate::realm::ClientSpec(before));
    }
    reply
}

fn deletion_page(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if turn.call.method != "DELETE" || !is_success(&reply) {
        return reply;
    }
    Reply::empty(200).text("<html><body>deleted</body></html>").header("content-type", "text/html")
}

fn unreadable(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if turn.call.method == "GET" && is_success(&reply) { Reply::empty(404) } else { reply }
}
