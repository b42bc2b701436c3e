//! Token revocation (RFC 7009).
//! What happens to foreign tokens, and the words of a refusal, are the vendor's dialect.

use super::call::{Call, Reply};
use crate::{
    grants::{TokenRequest, authenticate_client},
    realm::{Client, OAuthError, Revocation, TokenRow},
    server::Site,
};

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    let request = call.form(site.realm.policy().json_requests);
    let callback = request.as_ref().ok().and_then(|request| request.form.value("callback")).map(str::to_owned);
    let reply = match request.and_then(|request| revoke(site, call, &request)) {
        Ok(revoked) => site.dialect.revoked(site, revoked.as_ref()),
        Err(error) => site.dialect.revocation_refusal(error, &site.realm.policy()),
    };
    match callback {
        Some(callback) => site.dialect.called_back(reply, &callback),
        None => reply,
    }
}

/// The client whose tokens may be revoked: the one that authenticates, or the one that an administrator names whom the
/// certificate of the connection stands for. One with the implicit grant may have nothing to prove itself with.
fn client(site: &Site, call: &Call, request: &TokenRequest) -> Result<Client, OAuthError> {
    let bare = request.authorization.is_empty()
        && !["client_secret", "client_assertion"].iter().any(|name| request.form.contains(name));
    let administrator = site.certified_user(call).is_some_and(|user| bare && user.has_role("admin"));
    let named = request.form.value("client_id").filter(|_| bare).and_then(|id| site.realm.client(id));
    let unproven = |client: &Client| {
        client.active && site.realm.policy().implicit_clients_revoke && client.allows_grant("implicit")
    };
    match named.filter(|client| administrator || unproven(client)) {
        Some(client) => Ok(client),
        None => authenticate_client(&site.realm, request),
    }
}

/// The row that was ended, as it was before; `None` when there was nothing to end.
fn revoke(site: &Site, call: &Call, request: &TokenRequest) -> Result<Option<TokenRow>, OAuthError> {
    if let Some(name) = request.form.repeated() {
        return Err(OAuthError::invalid_request(format!("parameter {name} is repeated")));
    }
    let client = client(site, call, request)?;
    let token =
        request.form.value("token").ok_or_else(|| OAuthError::invalid_request("the token parameter is missing"))?;
    // A wrong or unknown hint changes nothing (RFC 7009, section 2.1): the search covers all kinds anyway.
    match site.realm.revoke(token, Some(&client.id)) {
        Revocation::Revoked(row) => Ok(Some(*row)),
        Revocation::Unknown => site.dialect.unknown_token(site, token).map(|()| None),
        Revocation::Foreign(kind) => site.dialect.foreign_token(kind).map(|()| None),
        Revocation::Unsupported => {
            Err(OAuthError::new(400, "unsupported_token_type", "tokens of this type cannot be revoked"))
        }
    }
}
