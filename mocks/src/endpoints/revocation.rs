//! Token revocation (RFC 7009).
//! What happens to foreign tokens, and the words of a refusal, are the vendor's dialect.

use super::call::{Call, Reply};
use crate::{
    grants::{TokenRequest, authenticate_client},
    realm::{OAuthError, Revocation},
    server::Site,
};

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    match call.form(site.realm.policy().json_requests).and_then(|request| revoke(site, &request)) {
        Ok(()) => Reply::empty(200).uncached(),
        Err(error) => site.dialect.revocation_refusal(error, &site.realm.policy()),
    }
}

fn revoke(site: &Site, request: &TokenRequest) -> Result<(), OAuthError> {
    if let Some(name) = request.form.repeated() {
        return Err(OAuthError::invalid_request(format!("parameter {name} is repeated")));
    }
    let client = authenticate_client(&site.realm, request)?;
    let token =
        request.form.value("token").ok_or_else(|| OAuthError::invalid_request("the token parameter is missing"))?;
    // A wrong or unknown hint changes nothing (RFC 7009, section 2.1): the search covers all kinds anyway.
    match site.realm.revoke(token, Some(&client.id)) {
        Revocation::Revoked(_) | Revocation::Unknown => Ok(()),
        Revocation::Foreign(kind) => site.dialect.foreign_token(kind),
        Revocation::Unsupported => {
            Err(OAuthError::new(400, "unsupported_token_type", "tokens of this type cannot be revoked"))
        }
    }
}
