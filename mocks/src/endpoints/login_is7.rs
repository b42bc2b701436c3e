//! Logging in at WSO2 Identity Server 7: the login page, `/commonauth`, back to the authorization endpoint, and the
//! consent page where one is needed. Every hop carries a session data key; each key is good for one hop.

use url::Url;

use super::{
    authorize,
    call::{Call, Reply},
    device_is7,
    page::{self, Field},
    pushed,
};
use crate::{
    grants::Form,
    realm::{Client, LoginPurpose, OAuthError, User, pending::Login},
    server::Site,
};

pub(crate) const AUTHORIZE: &str = "/oauth2/authorize";
pub(crate) const COMMONAUTH: &str = "/commonauth";
pub(crate) const LOGIN_PAGE: &str = "/authenticationendpoint/login.do";
pub(crate) const CONSENT_PAGE: &str = "/authenticationendpoint/oauth2_consent.do";
pub(crate) const ERROR_PAGE: &str = "/authenticationendpoint/oauth2_error.do";

/// The authorization endpoint: a new request, the way back from the login, or the way back from the consent page.
pub(crate) fn authorize(site: &Site, call: &Call) -> Reply {
    let form = match authorize::parameters(call) {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    if let Some(key) = form.value("sessionDataKeyConsent") {
        return consented(site, key, form.value("consent"));
    }
    match form.value("sessionDataKey") {
        Some(key) => logged_in(site, key),
        None => pushed::begin(site, &form),
    }
}

/// To the login page.
pub(crate) fn log_in(site: &Site, key: &str) -> Reply {
    to(site, LOGIN_PAGE, &[("sessionDataKey", key), ("type", "oidc"), ("authenticators", "BasicAuthenticator:LOCAL")])
}

/// To the page that tells the user what is wrong with a request.
pub(crate) fn shown(site: &Site, error: &OAuthError) -> Reply {
    to(site, ERROR_PAGE, &[("oauthErrorCode", &error.code), ("oauthErrorMsg", &error.description)])
}

pub(crate) fn login_page(_site: &Site, call: &Call) -> Reply {
    if call.method != "GET" {
        return Reply::only("GET");
    }
    let key = call.query_value("sessionDataKey").unwrap_or_default();
    let remark = if call.query_value("authFailure").as_deref() == Some("true") { "Login failed." } else { "" };
    let fields = [
        Field::Hidden("sessionDataKey", &key),
        Field::Text("username"),
        Field::Password("password"),
        Field::Button("action", "continue"),
    ];
    page::page(200, "Sign In", &format!("<p>{remark}</p>\n{}", page::form(COMMONAUTH, &fields)))
}

pub(crate) fn error_page(_site: &Site, call: &Call) -> Reply {
    let told = |name: &str| call.query_value(name).unwrap_or_default();
    page::message(200, "Error", &format!("{}: {}", told("oauthErrorCode"), told("oauthErrorMsg")))
}

/// Takes name and password; on to the authorization endpoint when they are right, back to the page when they are not.
pub(crate) fn commonauth(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    let sent = Form::parse(&call.body);
    let key = sent.value("sessionDataKey").unwrap_or_default();
    if site.realm.login(key).is_none() {
        return unknown_session(site);
    }
    let (name, password) = (sent.value("username").unwrap_or_default(), sent.value("password").unwrap_or_default());
    let Some(user) = site.realm.authenticate_user(&site.login_name(name), password) else {
        let failed = [("sessionDataKey", key), ("authFailure", "true"), ("authFailureMsg", "login.fail.message")];
        return to(site, LOGIN_PAGE, &failed);
    };
    match site.realm.logged_in(key, &user.name) {
        Some(next) => to(site, AUTHORIZE, &[("sessionDataKey", &next)]),
        None => unknown_session(site),
    }
}

/// Back from the login: to the consent page, or on when none is needed.
fn logged_in(site: &Site, key: &str) -> Reply {
    let Some(login) = site.realm.login(key) else { return unknown_session(site) };
    let Some((client, user)) = parties(site, &login) else { return unknown_session(site) };
    if site.realm.has_consent(&client, &user.name) {
        return match site.realm.end_login(key) {
            Some(login) => finished(site, login, Some(&user)),
            None => unknown_session(site),
        };
    }
    // Another key from here on: the one of the login has done its work.
    match site.realm.logged_in(key, &user.name) {
        Some(next) => to(site, CONSENT_PAGE, &[("sessionDataKeyConsent", &next), ("application", &client.name)]),
        None => unknown_session(site),
    }
}

pub(crate) fn consent_page(_site: &Site, call: &Call) -> Reply {
    if call.method != "GET" {
        return Reply::only("GET");
    }
    let told = |name: &str| call.query_value(name).unwrap_or_default();
    let key = told("sessionDataKeyConsent");
    let fields = [
        Field::Hidden("sessionDataKeyConsent", &key),
        Field::Button("consent", "approve"),
        Field::Button("consent", "approveAlways"),
        Field::Button("consent", "deny"),
    ];
    let asked = format!("<p>{} requests access.</p>\n", page::escaped(&told("application")));
    page::page(200, "Consent", &(asked + &page::form(AUTHORIZE, &fields)))
}

fn consented(site: &Site, key: &str, consent: Option<&str>) -> Reply {
    let Some(login) = site.realm.login(key) else { return unknown_session(site) };
    let Some((client, user)) = parties(site, &login) else { return unknown_session(site) };
    let user = match consent {
        Some("approve") => Some(user),
        Some("approveAlways") => {
            site.realm.keep_consent(&client.id, &user.name);
            Some(user)
        }
        Some("deny") => None,
        _ => return shown(site, &OAuthError::invalid_request("the consent is missing")),
    };
    match site.realm.end_login(key) {
        Some(login) => finished(site, login, user.as_ref()),
        None => unknown_session(site),
    }
}

/// Client and user of a login, once somebody has logged in.
fn parties(site: &Site, login: &Login) -> Option<(Client, User)> {
    let user = site.realm.user(login.username.as_deref()?).filter(|user| user.active)?;
    let client_id = match &login.purpose {
        LoginPurpose::Code(request) => request.client_id.clone(),
        LoginPurpose::Device { user_code } => site.realm.waiting_device(user_code)?.client_id,
    };
    Some((site.realm.client(&client_id)?, user))
}

/// The end of it; without a user, consent was denied.
fn finished(site: &Site, login: Login, user: Option<&User>) -> Reply {
    match (login.purpose, user) {
        (LoginPurpose::Code(request), Some(user)) => Reply::redirect(request.approved(&site.realm, user)),
        (LoginPurpose::Code(request), None) => Reply::redirect(request.denied()),
        (LoginPurpose::Device { user_code }, user) => {
            let decided = match user {
                Some(user) => site.realm.approve_device(&user_code, &user.name),
                None => site.realm.deny_device(&user_code),
            };
            if decided { to(site, device_is7::DONE, &[]) } else { unknown_session(site) }
        }
    }
}

fn unknown_session(site: &Site) -> Reply {
    shown(site, &OAuthError::invalid_request("the session is unknown, was used, or took too long"))
}

pub(crate) fn to(site: &Site, path: &str, parameters: &[(&str, &str)]) -> Reply {
    match Url::parse_with_params(&format!("{}{path}", site.base_url), parameters) {
        Ok(url) => Reply::redirect(url),
        Err(_) => Reply::empty(500),
    }
}
