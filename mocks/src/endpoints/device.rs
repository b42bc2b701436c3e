//! Device authorization (RFC 8628, section 3.1), and the page on which a user types the code and decides.
//! Identity Server's pages are in `device_is7`.

use serde_json::json;

use super::{
    call::{Call, Reply},
    page::{self, Field},
};
use crate::{
    grants::{Form, TokenRequest, authenticate_client, worded},
    realm::{Cause, Client, OAuthError, scope},
    server::Site,
};

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const PAGE: &str = "/device";

pub(crate) fn authorize(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    match call.form(false).and_then(|request| client(site, &request).map(|client| (client, request))) {
        Ok((client, request)) => begun(site, &client, &request, site.dialect.device_page()),
        Err(error) => Reply::error(&worded(&site.realm.policy(), error)),
    }
}

/// The client, when it may use devices at all. Where nobody may, the token endpoint's words for an unknown grant type say so.
pub(crate) fn client(site: &Site, request: &TokenRequest) -> Result<Client, OAuthError> {
    if let Some(name) = request.form.repeated() {
        return Err(OAuthError::invalid_request(format!("parameter {name} is repeated")));
    }
    let client = authenticate_client(&site.realm, request)?;
    let policy = site.realm.policy();
    if !policy.grant_types.iter().any(|grant| grant == GRANT) {
        let text = format!("Unsupported grant_type value: {GRANT}");
        return Err(OAuthError::new(400, &policy.unknown_grant, text).because(Cause::UnknownGrant));
    }
    if client.allows_grant(GRANT) {
        Ok(client)
    } else {
        Err(OAuthError::unauthorized_client("the client may not use the device grant"))
    }
}

/// The answer to a device that may ask.
pub(crate) fn begun(site: &Site, client: &Client, request: &TokenRequest, page: &str) -> Reply {
    let device = site.realm.add_device(&client.id, scope::split(request.form.value("scope")));
    let uri = format!("{}{page}", site.base_url);
    let body = json!({
        "device_code": device.device_code,
        "user_code": device.user_code,
        "verification_uri": uri,
        "verification_uri_complete": format!("{uri}?user_code={}", device.user_code),
        "expires_in": device.expires_at.saturating_sub(site.realm.now()),
        "interval": device.interval_seconds,
    });
    Reply::json(200, &body).uncached()
}

/// One page for it all: the code, name and password, and the decision.
pub(crate) fn page(site: &Site, call: &Call) -> Reply {
    match call.method.as_str() {
        "GET" => form(site, &call.query_value("user_code").unwrap_or_default(), ""),
        "POST" => decided(site, &Form::parse(&call.body)),
        _ => Reply::only("GET, POST"),
    }
}

fn form(site: &Site, user_code: &str, remark: &str) -> Reply {
    let code = if user_code.is_empty() { Field::Text("user_code") } else { Field::Hidden("user_code", user_code) };
    let fields = [
        code,
        Field::Text("username"),
        Field::Password("password"),
        Field::Button("decision", "approve"),
        Field::Button("decision", "deny"),
    ];
    let action = format!("{}{}", site.base_url, site.dialect.device_page());
    page::page(200, "Connect a device", &format!("<p>{}</p>\n{}", page::escaped(remark), page::form(&action, &fields)))
}

fn decided(site: &Site, sent: &Form) -> Reply {
    let user_code = sent.value("user_code").unwrap_or_default();
    if site.realm.waiting_device(user_code).is_none() {
        return form(site, "", "No device waits with that code.");
    }
    let (name, password) = (sent.value("username").unwrap_or_default(), sent.value("password").unwrap_or_default());
    // Whoever knows the code alone may not decide, not even against it.
    let Some(user) = site.realm.authenticate_user(name, password) else {
        return form(site, user_code, "Name or password are wrong.");
    };
    let done = match sent.value("decision") {
        Some("approve") => site.realm.approve_device(user_code, &user.name),
        Some("deny") => site.realm.deny_device(user_code),
        _ => return page::message(400, "Connect a device", "The form says neither approve nor deny."),
    };
    if done {
        page::message(200, "Connect a device", "You may go back to your device.")
    } else {
        form(site, "", "No device waits with that code.")
    }
}
