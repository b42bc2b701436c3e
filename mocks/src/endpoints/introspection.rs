//! Token introspection (RFC 7662).
//! Who may ask, and how a request without a token is refused, is the vendor's dialect.

use serde_json::Value;

use super::call::{Call, Reply};
use crate::{
    grants::{TokenRequest, authenticate_client},
    realm::jwt::Object,
    server::Site,
};

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
    match request.form.value("token").filter(|token| !token.trim().is_empty()) {
        Some(token) => Reply::json(200, &Value::Object(told(site, &request, token))).uncached(),
        None => site
            .dialect
            .introspection_without_token(crate::realm::OAuthError::invalid_request("the token parameter is missing")),
    }
}

/// What anybody who may ask is told; all else is about the user.
const FOR_EVERYBODY: [&str; 10] =
    ["active", "scope", "client_id", "token_type", "exp", "iat", "nbf", "aud", "iss", "jti"];

/// What the caller is told about a token: all, if it is the caller's own, names the caller as its audience, or stands
/// for no user; else as much as the policy says.
fn told(site: &Site, request: &TokenRequest, token: &str) -> Object {
    let mut members = site.dialect.introspected(site, request, token);
    let Some((row, _)) = site.realm.token(token).filter(|_| !site.realm.policy().strangers_see_users) else {
        return members;
    };
    let client = authenticate_client(&site.realm, request).map(|client| client.id).unwrap_or_default();
    let meant = row.audience.as_ref() == Some(&client)
        || site.realm.client(&row.client_id).is_some_and(|owner| owner.audiences.contains(&client));
    if row.username.is_some() && row.client_id != client && !meant {
        members.retain(|name, _| FOR_EVERYBODY.contains(&name.as_str()));
    }
    members
}
