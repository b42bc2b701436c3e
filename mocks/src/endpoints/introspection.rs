//! Token introspection (RFC 7662).
//! Who may ask, and how a request without a token is refused, is the vendor's dialect.

use serde_json::Value;

use super::call::{Call, Reply};
use crate::server::Site;

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    let request = match call.form(false) {
        Ok(request) => request,
        Err(error) => return site.dialect.introspection_without_token(error),
    };
    if let Err(refusal) = site.dialect.may_introspect(site, call, &request) {
        return refusal;
    }
    if let Some(name) = request.form.repeated() {
        let error = crate::realm::OAuthError::invalid_request(format!("parameter {name} is repeated"));
        return site.dialect.introspection_without_token(error);
    }
    match request.form.value("token") {
        Some(token) => Reply::json(200, &Value::Object(site.realm.introspect(token))).uncached(),
        None => site
            .dialect
            .introspection_without_token(crate::realm::OAuthError::invalid_request("the token parameter is missing")),
    }
}
