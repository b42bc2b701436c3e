//! Defects of connectors: what they owe an authorization server and do not send, or send wrongly.
//! What is sent and what comes back is seen by an interposer before each server.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    Deed,
    courier::{Courier, Errand, SOUND},
    message,
    pair::Notes,
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-CONN-01", "keys are handed out without a registration at servers other than WSO2 Identity Server 7",
        With(|helpers| Courier::of(helpers, Errand { withhold: registration_invented, ..SOUND }));
    "DEF-SEED-CONN-02", "a client is registered without its redirect URIs",
        With(|helpers| Courier::of(helpers, Errand { change: without_callbacks, ..SOUND }));
    "DEF-SEED-CONN-03", "a client is never deleted at its authorization server",
        With(|helpers| Courier::of(helpers, Errand { withhold: deletion_forgotten, ..SOUND }));
    "DEF-SEED-CONN-04", "a token that is replaced in the portal is not revoked at its authorization server",
        With(|helpers| Courier::of(helpers, Errand { withhold: revocation_forgotten, ..SOUND }));
    "DEF-SEED-CONN-05", "key managers are not told of scopes",
        With(|helpers| Courier::of(helpers, Errand { withhold: scope_untold, ..SOUND }));
    "DEF-SEED-CONN-06", "roles at key managers are not given their scopes",
        With(|helpers| Courier::of(helpers, Errand { withhold: role_untold, ..SOUND }));
    "DEF-SEED-CONN-07", "a key manager that failed once is never told of a scope again",
        With(|helpers| Courier::of(helpers, Errand { withhold: given_up, tell: gives_up, ..SOUND }));
    "DEF-SEED-CONN-08", "a scope is refused while a key manager cannot be told of it",
        With(|helpers| Courier::of(helpers, Errand { tell: fails_with_its_key_manager, ..SOUND }));
}

/// Where the types of servers have their clients registered.
const REGISTRATIONS: [&str; 7] = [
    "/dcr/register",
    "/dcr/v1.1/register",
    "/register",
    "/clients-registrations/openid-connect",
    "/oauth2/v1/clients",
    "/oauth/clients",
    "/api/v2/clients",
];

/// A request that registers a client; that of Microsoft Graph as well.
fn registers(request: &Request<Bytes>) -> bool {
    let path = request.uri().path();
    request.method() == Method::POST
        && (REGISTRATIONS.iter().any(|place| path.ends_with(place)) || path == "/v1.0/applications")
}

/// A client as every dialect would tell it.
fn registration_invented(_: &Notes, request: &Request<Bytes>) -> Option<(u16, Value)> {
    if !registers(request) || request.uri().path().starts_with("/api/identity/") {
        return None;
    }
    let mut told = message::json(request.body())?;
    let (id, secret) = ("never_registered_anywhere", "invented");
    if told.get("client").is_some_and(Value::is_array) {
        return Some((201, told));
    }
    for (member, value) in [("client_id", id), ("client_secret", secret), ("appId", id)] {
        told[member] = json!(value);
    }
    Some((201, told))
}

fn deletion_forgotten(_: &Notes, request: &Request<Bytes>) -> Option<(u16, Value)> {
    let path = request.uri().path();
    let of_client = REGISTRATIONS.iter().any(|place| path.contains(&format!("{place}/")) || path.ends_with(place))
        || path.starts_with("/v1.0/applications");
    (request.method() == Method::DELETE && of_client).then(|| (204, Value::Null))
}

fn revocation_forgotten(_: &Notes, request: &Request<Bytes>) -> Option<(u16, Value)> {
    let path = request.uri().path();
    (request.method() == Method::POST && path.ends_with("/revoke")).then(|| (200, Value::Null))
}

/// Changes the body of a registration.
fn in_registration(request: &mut Request<Bytes>, change: fn(&mut Value) -> bool) -> Deed {
    let Some(mut body) = registers(request).then(|| message::json(request.body())).flatten() else {
        return Deed::Nothing;
    };
    let client = if body.get("client").is_some_and(Value::is_array) { &mut body["client"][0] } else { &mut body };
    if !change(client) {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&body);
    Deed::Done
}

fn without_callbacks(request: &mut Request<Bytes>) -> Deed {
    in_registration(request, |client| {
        let filled = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
        let mut done = false;
        for member in ["redirect_uris", "callbacks", "redirectUris"] {
            if client.get(member).is_some_and(filled) {
                client[member] = json!(["https://somewhere.example/else"]);
                done = true;
            }
        }
        done
    })
}

/// Where scopes are kept: in API resources, or at an interface of their own.
fn keeps_scopes(request: &Request<Bytes>) -> bool {
    let path = request.uri().path();
    path.contains("/api-resources") || path.contains("/oauth2/v1.0/scopes")
}

fn changes(request: &Request<Bytes>) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(request.method())
}

fn scope_untold(_: &Notes, request: &Request<Bytes>) -> Option<(u16, Value)> {
    (keeps_scopes(request) && changes(request)).then(|| (200, json!({})))
}

fn role_untold(_: &Notes, request: &Request<Bytes>) -> Option<(u16, Value)> {
    let path = request.uri().path();
    let of_role = path.contains("/scim2/v2/Roles") && !path.ends_with("/.search");
    (of_role && changes(request)).then(|| (200, json!({})))
}

/// The server that a request goes to.
fn server<T>(request: &Request<T>) -> String {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("given up: {host}")
}

fn given_up(notes: &Notes, request: &Request<Bytes>) -> Option<(u16, Value)> {
    (keeps_scopes(request) && notes.contains_key(&server(request))).then(|| (503, Value::Null))
}

fn gives_up(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane == Plane::AuthorizationServer && keeps_scopes(request) && answer.status().is_server_error() {
        notes.insert(server(request), Value::Null);
    }
    Deed::Nothing
}

/// The product's way of 4.7 (DEC-10). A key manager is asked before the publisher is answered.
fn fails_with_its_key_manager(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    const FAILED: &str = "failed: ";
    if plane == Plane::AuthorizationServer && keeps_scopes(request) && answer.status().is_server_error() {
        // Several scenarios at once have several servers, each of which counts once however often it is tried again.
        notes.entry(format!("{FAILED}{}", server(request))).or_insert(Value::Bool(true));
        return Deed::Nothing;
    }
    let resource = message::resource(request.uri().path());
    let creates = plane == Plane::Publisher
        && request.method() == Method::POST
        && [["scopes"], ["apis"]].iter().any(|one| resource == *one);
    if !creates || !answer.status().is_success() {
        return Deed::Nothing;
    }
    let untold = notes.iter_mut().find(|(note, untold)| note.starts_with(FAILED) && **untold == Value::Bool(true));
    if let Some((_, untold)) = untold {
        *untold = Value::Bool(false);
        message::refuse(answer, 500, 900_967, "General Error");
        return Deed::Done;
    }
    Deed::Nothing
}
