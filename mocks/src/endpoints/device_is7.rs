//! Device authorization of WSO2 Identity Server 7: its own errors, and pages that lead into the usual login.
//! The login itself is in `login_is7`.

use super::{
    call::{Call, Reply},
    device, login_is7,
    page::{self, Field},
};
use crate::{
    grants::{Form, worded},
    realm::{LoginPurpose, OAuthError},
    server::Site,
};

pub(crate) const AUTHORIZE: &str = "/oauth2/device_authorize";
pub(crate) const ENTRY: &str = "/oauth2/device";
pub(crate) const PAGE: &str = "/authenticationendpoint/device.do";
pub(crate) const DONE: &str = "/authenticationendpoint/device_success.do";

pub(crate) fn authorize(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    let request = match call.form(false) {
        Ok(request) => request,
        Err(error) => return Reply::error(&error),
    };
    if request.form.repeated().is_none()
        && request.authorization.is_empty()
        && request.form.value("client_id").is_none()
    {
        return Reply::error(&OAuthError::new(401, "invalid_request", "the client id is missing"));
    }
    match device::client(site, &request) {
        Ok(client) => device::begun(site, &client, &request, PAGE),
        Err(error) => Reply::error(&worded(&site.realm.policy(), error)),
    }
}

/// The page on which the code is typed.
pub(crate) fn page(_site: &Site, call: &Call) -> Reply {
    if call.method != "GET" {
        return Reply::only("GET");
    }
    let code = call.query_value("user_code").unwrap_or_default();
    let remark = if call.query_value("error").is_some() { "That code is not valid." } else { "" };
    let code = if code.is_empty() { Field::Text("user_code") } else { Field::Hidden("user_code", &code) };
    let fields = [code, Field::Button("action", "continue")];
    page::page(200, "Connect a device", &format!("<p>{remark}</p>\n{}", page::form(ENTRY, &fields)))
}

/// Takes the code: on to the login, or back to the page.
pub(crate) fn entry(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    let sent = Form::parse(&call.body);
    let user_code = sent.value("user_code").unwrap_or_default();
    if !site.realm.enter_device(user_code) {
        return login_is7::to(site, PAGE, &[("error", "invalid.code")]);
    }
    let key = site.realm.begin_login(LoginPurpose::Device { user_code: user_code.to_owned() });
    login_is7::log_in(site, &key)
}

pub(crate) fn done(_site: &Site, _call: &Call) -> Reply {
    page::message(200, "Connect a device", "You may go back to your device.")
}
