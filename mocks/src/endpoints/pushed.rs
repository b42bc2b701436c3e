//! Pushed authorization requests (RFC 9126): the client sends its request itself, the browser brings only its name.
//! What a request must look like is in `grants`; the login that follows is the authorization endpoint's.

use serde_json::{Value, json};

use super::{
    authorize,
    call::{Call, Reply},
};
use crate::{
    grants::{Form, TokenRequest, authenticate_client, worded},
    realm::{AuthorizationRequest, OAuthError, pushed},
    server::Site,
};

pub(crate) const PATH: &str = "/oauth2/par";
/// How a client proves who it is, which is no part of its request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];
/// The metadata of a client that may not send requests by the browser (RFC 9126, section 6).
const REQUIRED: &str = "require_pushed_authorization_requests";

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    match call.form(false).and_then(|request| keep(site, &request)) {
        Ok(name) => Reply::json(201, &json!({ "request_uri": name, "expires_in": pushed::SECONDS })).uncached(),
        Err(error) => Reply::error(&worded(&site.realm.policy(), error)),
    }
}

/// Keeps a request that is in order; gives its name.
fn keep(site: &Site, request: &TokenRequest) -> Result<String, OAuthError> {
    let form = &request.form;
    if let Some(name) = form.repeated() {
        return Err(OAuthError::invalid_request(format!("parameter {name} is repeated")));
    }
    let client = authenticate_client(&site.realm, request)?;
    if form.value("client_id").is_some_and(|id| id != client.id) {
        return Err(OAuthError::invalid_request("the request is another client's"));
    }
    if form.contains("request_uri") {
        return Err(OAuthError::invalid_request("a pushed request refers to no other"));
    }
    let pairs = form.clone().into_pairs().into_iter().filter(|(name, _)| !CREDENTIALS.contains(&name.as_str()));
    let form = Form::of(pairs).with("client_id", &client.id);
    match AuthorizationRequest::pushed_fault(&site.realm, &form) {
        None => Ok(site.realm.keep_pushed(&client.id, form.into_pairs())),
        Some(error) => Err(error),
    }
}

/// Opens a login for what a browser brings: a request, or the name of one that was pushed, whose parameters then count
/// alone (RFC 9126, section 4).
pub(crate) fn begin(site: &Site, form: &Form) -> Reply {
    let id = form.value("client_id").filter(|_| !form.repeats("client_id"));
    let shown = |code: &str, words: &str| site.dialect.shown(site, &OAuthError::new(400, code, words));
    match form.value("request_uri") {
        Some(name) => match id.and_then(|id| site.realm.take_pushed(name, id)) {
            Some(parameters) => authorize::begin(site, &Form::of(parameters)),
            None => shown("invalid_request_uri", "no request of that name waits for this client"),
        },
        None if id.is_some_and(|id| must_push(site, id)) => {
            shown("invalid_request", "the client must push its authorization requests")
        }
        None => authorize::begin(site, form),
    }
}

fn must_push(site: &Site, client_id: &str) -> bool {
    let client = site.realm.client(client_id);
    client.is_some_and(|client| client.metadata.get(REQUIRED) == Some(&Value::Bool(true)))
}
