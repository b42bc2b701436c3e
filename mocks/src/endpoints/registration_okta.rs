//! Client registration of an Okta organisation: the RFC's documents behind a key of Okta's own, and errors of its own.
//! The documents themselves are `registration`'s.

use serde_json::json;

use super::{
    call::{Call, Reply},
    registration::{self, Manner},
};
use crate::{
    realm::{Client, random, same},
    server::Site,
};

pub(crate) const MANNER: Manner = Manner {
    base: "/oauth2/v1/clients",
    methods: &["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"],
    keeps: &["application_type", "initiate_login_uri", "post_logout_redirect_uris", "request_object_signing_alg"],
    chosen_credentials: true,
    chosen_token: false,
    named_in_query: false,
};

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if !authorized(site, call) {
        return refused(401, "E0000011", "Invalid token provided");
    }
    let Some(below) = call.below(MANNER.base) else {
        return match call.method.as_str() {
            "POST" => registration::create(site, call, &MANNER).map_or_else(|error| Reply::error(&error), unmanaged),
            _ => Reply::only("POST"),
        };
    };
    let (id, rest) = below.split_once('/').unwrap_or((&below, ""));
    let Some(client) = site.realm.client(id) else { return not_found(call) };
    match (call.method.as_str(), rest) {
        ("PUT" | "POST", "lifecycle/newSecret") => new_secret(site, &client),
        (_, "") => unmanaged(registration::managed(site, call, &client, &MANNER)),
        _ => not_found(call),
    }
}

/// Whether the organisation's key came with the request.
fn authorized(site: &Site, call: &Call) -> bool {
    let sent = call.header("authorization").and_then(|header| header.trim().split_once(' '));
    sent.is_some_and(|(scheme, key)| {
        scheme.eq_ignore_ascii_case("ssws")
            && site.initial_access_token.as_deref().is_some_and(|kept| same(kept, key.trim()))
    })
}

fn new_secret(site: &Site, client: &Client) -> Reply {
    let changed = site.realm.update_client(&client.id, |client| client.secret = Some(random::alphanumeric(64)));
    match changed {
        Some(client) => unmanaged(Reply::json(200, &registration::document(site, &client, &MANNER)).uncached()),
        None => refused(404, "E0000007", "Not found: Resource not found"),
    }
}

/// A document without the token and the URL of RFC 7592: the organisation's key manages every client.
fn unmanaged(mut reply: Reply) -> Reply {
    if let Ok(mut document) = serde_json::from_str::<crate::realm::jwt::Object>(&reply.body) {
        document.retain(|name, _| !name.starts_with("registration_"));
        reply.body = serde_json::Value::Object(document).to_string();
    }
    reply
}

/// The error of Okta's own interfaces, which is none of OAuth's.
pub(crate) fn not_found(call: &Call) -> Reply {
    refused(404, "E0000007", &format!("Not found: Resource not found: {}", call.path))
}

fn refused(status: u16, code: &str, summary: &str) -> Reply {
    let body = json!({
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": format!("oae{}", random::alphanumeric(22)),
        "errorCauses": [],
    });
    Reply::json(status, &body)
}
