//! Logging in with one plain form: name, password, and whether the client may act for the user.
//! Identity Server's chain of pages is in `login_is7`.

use super::{
    call::{Call, Reply},
    page::{self, Field},
};
use crate::{grants::Form, realm::LoginPurpose, server::Site};

pub(crate) const PATH: &str = "/login";

/// The form for a login under way.
pub(crate) fn form(site: &Site, key: &str, remark: &str) -> Reply {
    let fields = [
        Field::Hidden("session", key),
        Field::Text("username"),
        Field::Password("password"),
        Field::Button("decision", "approve"),
        Field::Button("decision", "deny"),
    ];
    let action = format!("{}{PATH}", site.base_url);
    page::page(200, "Log in", &format!("<p>{}</p>\n{}", page::escaped(remark), page::form(&action, &fields)))
}

/// What the form was filled in with. A wrong password leaves the login open; everything else closes it.
pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    let sent = Form::parse(&call.body);
    let key = sent.value("session").unwrap_or_default();
    let Some(login) = site.realm.login(key) else {
        return page::message(400, "Log in", "This login is unknown, was used, or took too long.");
    };
    let user = match sent.value("decision") {
        Some("deny") => None,
        Some("approve") => {
            let (name, password) = (sent.value("username"), sent.value("password"));
            match site.realm.authenticate_user(name.unwrap_or_default(), password.unwrap_or_default()) {
                Some(user) => Some(user),
                None => return form(site, key, "Name or password are wrong."),
            }
        }
        _ => return page::message(400, "Log in", "The form says neither approve nor deny."),
    };
    // Of two submissions at once, one closes the login.
    if site.realm.end_login(key).is_none() {
        return page::message(400, "Log in", "This login was used.");
    }
    match (login.purpose, user) {
        (LoginPurpose::Code(request), Some(user)) => Reply::redirect(request.approved(&site.realm, &user)),
        (LoginPurpose::Code(request), None) => Reply::redirect(request.denied()),
        // Devices are decided on at their own page.
        (LoginPurpose::Device { .. }, _) => Reply::empty(404),
    }
}
