//! Defects in how a token request is read and its client authenticated (RFC 6749, sections 2.3 and 3.2).
//! The honest order of checks is in `grants::redeem`.

use serde_json::json;

use super::{
    registry::Defect,
    turn::{Turn, error_of, is_success, without_header},
};
use crate::{
    endpoints::{
        call::{Call, Reply},
        token,
    },
    grants::{self, Form, Issue},
    journal::Endpoint,
    realm::Client,
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-123", "a client assertion may be used again", assertion_again),
    defect("DEF-124", "a client assertion made for another server is accepted", assertion_for_others),
    defect("DEF-127", "a client that cannot be made out is answered 500 with a web page", page_instead),
    defect("DEF-SEED-AS-AUTH-01", "the client secret is not compared", any_secret),
    defect("DEF-SEED-AS-AUTH-02", "a client that does not authenticate is answered without a challenge", no_challenge),
    defect("DEF-SEED-AS-AUTH-03", "the client id alone is enough", id_alone),
    defect("DEF-SEED-AS-AUTH-04", "credentials in the URL authenticate", in_the_url),
    defect("DEF-SEED-AS-AUTH-05", "a client may authenticate in two ways at once", two_ways),
    defect("DEF-SEED-AS-AUTH-06", "Basic credentials are not form-decoded", undecoded),
    defect("DEF-SEED-AS-AUTH-07", "a user's password is not compared", any_password),
    defect("DEF-SEED-AS-AUTH-08", "a user's right password is refused", no_password),
    defect("DEF-SEED-AS-REQUEST-01", "a parameter that nobody knows is an error", unknown_parameter),
    defect(
        "DEF-SEED-AS-REQUEST-02",
        "an unknown or missing grant type is taken for client credentials",
        any_grant_type,
    ),
    defect("DEF-SEED-AS-REQUEST-03", "of a parameter sent twice the first one counts", repeated_parameter),
    defect("DEF-SEED-AS-REQUEST-04", "tokens are given for GET", by_get),
];

fn client_named(turn: &Turn<'_>) -> Option<Client> {
    let request = turn.request()?;
    let in_header = request.authorization.first().and_then(|header| grants::basic_pair(header, true));
    let id = in_header.map(|(id, _)| id).or_else(|| request.form.value("client_id").map(str::to_owned))?;
    turn.realm().client(&id)
}

/// The honest answer to the same request, sent as this client should.
fn as_client(turn: &Turn<'_>, call: &Call, client: &Client) -> Reply {
    let form = Turn::new(turn.site, call, &|_| Reply::empty(500));
    let mut call = form.with_form(|form| {
        form.retain(|(name, _)| name != "client_id" && name != "client_secret");
        form.push(("client_id".to_owned(), client.id.clone()));
        form.extend(client.secret.clone().map(|secret| ("client_secret".to_owned(), secret)));
    });
    call.headers.retain(|(name, _)| name != "authorization");
    turn.honest_to(&call)
}

/// Errors by which one vendor or another refuses a client that does not authenticate.
const CLIENT_ERRORS: [&str; 3] = ["invalid_client", "unauthorized_client", "access_denied"];

/// Whether the client did not authenticate, and was refused for that: in the words of RFC 6749, section 5.2, in a vendor's
/// own, or by a challenge alone.
fn refused_client(turn: &Turn<'_>, reply: &Reply) -> bool {
    let for_that = match error_of(reply) {
        Some(error) => CLIENT_ERRORS.contains(&error.as_str()),
        None => reply.status == 401,
    };
    !is_success(reply) && for_that && turn.request().is_some() && turn.client().is_none()
}

/// The list of used assertions is not kept: the server forgets this one before it looks.
fn assertion_again(turn: &Turn<'_>) -> Reply {
    if let Some(text) = turn.value("client_assertion") {
        turn.realm().forget_assertion(&text);
    }
    turn.honest()
}

/// Everything but the audience is checked.
fn assertion_for_others(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let proven = turn
        .request()
        .filter(|request| refused_client(turn, &reply) && request.form.value("client_assertion").is_some())
        .and_then(|request| grants::asserted_for_anybody(turn.realm(), &request).ok());
    match proven {
        Some(client) if client.allows_grant(&turn.value("grant_type").unwrap_or_default()) => {
            turn.granted_to(&client).unwrap_or(reply)
        }
        _ => reply,
    }
}

/// No client, an unknown one, or a header that holds none.
fn page_instead(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    // Identity Server 5 and 6 miss the client id as a parameter.
    let missed = turn.value("grant_type").is_some() && error_of(&reply).as_deref() == Some("invalid_request");
    if (refused_client(turn, &reply) || missed)
        && client_named(turn).is_none()
        && turn.value("client_assertion").is_none()
    {
        return Reply::empty(500)
            .text("<html><body><h1>Error 500</h1></body></html>")
            .header("content-type", "text/html");
    }
    reply
}

fn any_secret(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let sent = turn
        .request()
        .is_some_and(|request| !request.authorization.is_empty() || request.form.value("client_secret").is_some());
    match client_named(turn) {
        Some(client) if refused_client(turn, &reply) && sent && client.active && !client.is_public() => {
            as_client(turn, turn.call, &client)
        }
        _ => reply,
    }
}

fn no_challenge(turn: &Turn<'_>) -> Reply {
    without_header(turn.honest(), "www-authenticate")
}

fn id_alone(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let nothing_else = turn.request().is_some_and(|request| {
        request.authorization.is_empty()
            && request.form.value("client_secret").is_none()
            && request.form.value("client_assertion").is_none()
    });
    match client_named(turn) {
        Some(client) if !is_success(&reply) && nothing_else && !client.is_public() => {
            as_client(turn, turn.call, &client)
        }
        _ => reply,
    }
}

fn in_the_url(turn: &Turn<'_>) -> Reply {
    let query = Form::parse(turn.call.query.as_deref().unwrap_or_default().as_bytes());
    let (Some(id), Some(secret)) = (query.value("client_id"), query.value("client_secret")) else {
        return turn.honest();
    };
    match turn.realm().client(id).filter(|client| client.secret.as_deref() == Some(secret)) {
        Some(client) => as_client(turn, &Call { query: None, ..turn.call.clone() }, &client),
        None => turn.honest(),
    }
}

fn two_ways(turn: &Turn<'_>) -> Reply {
    let both = turn
        .request()
        .is_some_and(|request| request.authorization.len() == 1 && request.form.value("client_secret").is_some());
    if !both {
        return turn.honest();
    }
    turn.honest_to(&turn.with_form(|form| form.retain(|(name, _)| name != "client_id" && name != "client_secret")))
}

/// Credentials with a percent sign in them count as wrong.
fn undecoded(turn: &Turn<'_>) -> Reply {
    let header = turn.call.header("authorization").and_then(|header| {
        let (raw, decoded) = (grants::basic_pair(header, false)?, grants::basic_pair(header, true)?);
        (raw != decoded).then_some(())
    });
    if header.is_none() {
        return turn.honest();
    }
    let mut call = turn.call.clone();
    call.headers.retain(|(name, _)| name != "authorization");
    call.headers.push(("authorization".to_owned(), "Basic a21zcGVjOnVuZGVjb2RlZA==".to_owned()));
    turn.honest_to(&call)
}

fn any_password(turn: &Turn<'_>) -> Reply {
    let user = turn.value("username").and_then(|name| turn.realm().user(&name)).filter(|user| user.active);
    match user.filter(|_| turn.asks_by("password")) {
        Some(user) => turn.honest_to(&turn.with("password", &user.password)),
        None => turn.honest(),
    }
}

fn no_password(turn: &Turn<'_>) -> Reply {
    if !turn.asks_by("password") {
        return turn.honest();
    }
    turn.honest_to(&turn.with("password", "kmspec, and nobody's password"))
}

/// What token requests may hold, over all grant types (RFC 6749, 7523, 7636, 8628, 8693, 8707; the vendors' `audience`).
const KNOWN: [&str; 28] = [
    "grant_type",
    "scope",
    "client_id",
    "client_secret",
    "username",
    "password",
    "refresh_token",
    "code",
    "redirect_uri",
    "code_verifier",
    "device_code",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "requested_token_type",
    "audience",
    "resource",
    "windows_token",
    "kerberos_token",
    "kerberos_realm",
    "auth_req_id",
    "connection",
    "realm",
    "tokenBindingId",
];

fn unknown_parameter(turn: &Turn<'_>) -> Reply {
    let pairs = turn.request().map(|request| request.form.into_pairs()).unwrap_or_default();
    // Without a grant type the request is refused in any case, and for that.
    let stray = pairs.iter().any(|(name, _)| name == "grant_type")
        && pairs.iter().any(|(name, _)| !KNOWN.contains(&name.as_str()));
    if stray && turn.client().is_some() {
        return Reply::json(400, &json!({ "error": "invalid_request" })).uncached();
    }
    turn.honest()
}

fn any_grant_type(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let known = turn.value("grant_type").is_some_and(|sent| grants::ALL.iter().any(|grant| grant.name() == sent));
    match turn.client() {
        Some(client) if !known && !is_success(&reply) && !client.is_public() => {
            let issue = Issue::new(&client, None, "client_credentials", Vec::new());
            token::granted(turn.site, &grants::issue(turn.realm(), &issue))
        }
        _ => reply,
    }
}

fn repeated_parameter(turn: &Turn<'_>) -> Reply {
    let repeated = turn.request().is_some_and(|request| request.form.repeated().is_some());
    if !repeated {
        return turn.honest();
    }
    turn.honest_to(&turn.with_form(|form| {
        let mut seen = std::collections::BTreeSet::new();
        form.retain(|(name, _)| seen.insert(name.clone()));
    }))
}

fn by_get(turn: &Turn<'_>) -> Reply {
    if turn.call.method != "GET" {
        return turn.honest();
    }
    let mut call = turn.call.clone();
    call.method = "POST".to_owned();
    call.body = call.query.take().unwrap_or_default().into_bytes();
    call.headers.retain(|(name, _)| name != "content-type");
    call.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    turn.honest_to(&call)
}
