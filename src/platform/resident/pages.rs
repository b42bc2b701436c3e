//! The pages of a login: plain HTML without scripts, so that any client can fill them in.
//! What is done with what they send is left to [`super::login`].

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};

/// Asks for name and password.
pub(super) fn login(key: &str, failed: bool) -> Response {
    let remark = if failed { "<p>Login failed.</p>\n" } else { "" };
    let form = format!(
        "{remark}<form method=\"post\" action=\"/commonauth\">\n{}\
         <label>username <input name=\"username\" required></label>\n\
         <label>password <input type=\"password\" name=\"password\" required></label>\n\
         <button>Sign In</button>\n</form>",
        hidden("sessionDataKey", key)
    );
    page("Sign In", &form)
}

/// Asks whether the application may have what it wants.
pub(super) fn consent(key: &str, application: &str) -> Response {
    let buttons: String = ["approve", "approveAlways", "deny"]
        .iter()
        .map(|answer| format!("<button name=\"consent\" value=\"{answer}\">{answer}</button>\n"))
        .collect();
    let form = format!(
        "<p>{} requests access.</p>\n<form method=\"post\" action=\"/oauth2/authorize\">\n{}{}{buttons}</form>",
        escaped(application),
        hidden("sessionDataKeyConsent", key),
        hidden("hasApprovedAlways", "false")
    );
    page("Consent", &form)
}

/// Tells what is wrong with a request.
pub(super) fn error(code: &str, text: &str) -> Response {
    page("Error", &format!("<p>{}: {}</p>", escaped(code), escaped(text)))
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escaped(value))
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n{body}\n</body></html>\n"
    );
    // Nobody may lay the form under another page (RFC 6749, section 10.13).
    let fields = [
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (fields, Html(html)).into_response()
}

/// Text as it may stand anywhere in HTML, attributes included.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
