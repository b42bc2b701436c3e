//! The authorization endpoint, as far as it goes without a user at hand: every request is checked and then denied.
//! Logging in and consent are not played yet.

use url::Url;

use super::call::{Call, Reply};
use crate::{grants::Form, server::Site};

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let parameters = match call.method.as_str() {
        "GET" => Form::parse(call.query.as_deref().unwrap_or_default().as_bytes()),
        "POST" => Form::parse(&call.body),
        _ => return Reply::only("GET, POST"),
    };
    // A bad client or redirect URI is told to the user and never redirected to (RFC 6749, section 4.1.2.1).
    let Some(client) = parameters.value("client_id").and_then(|id| site.realm.client(id)) else {
        return shown("unknown client");
    };
    let Some(mut target) = parameters
        .value("redirect_uri")
        .filter(|uri| client.redirect_uris.iter().any(|registered| registered == uri))
        .and_then(|uri| Url::parse(uri).ok())
    else {
        return shown("the redirect URI is not registered");
    };
    let error = match parameters.value("response_type") {
        _ if parameters.repeated().is_some() => "invalid_request",
        None => "invalid_request",
        Some("code") => "access_denied",
        Some(_) => "unsupported_response_type",
    };
    target.query_pairs_mut().append_pair("error", error);
    if let Some(state) = parameters.value("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    Reply::empty(302).header("location", target.as_str())
}

fn shown(message: &str) -> Reply {
    Reply::empty(400).text(message).header("content-type", "text/plain")
}
