//! The token endpoint (RFC 6749, section 3.2).
//! All decisions are made in `grants`.

use super::call::{Call, Reply};
use crate::{grants, server::Site};

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "POST" {
        return Reply::only("POST");
    }
    let policy = site.realm.policy();
    let granted = call
        .form(policy.json_requests)
        .map_err(|error| grants::worded(&policy, error))
        .and_then(|request| grants::redeem(&site.realm, &request));
    match granted {
        Ok(answer) => self::granted(site, &answer),
        Err(error) => Reply::error(&error),
    }
}

/// What a granted request is answered with.
pub(crate) fn granted(site: &Site, answer: &grants::TokenAnswer) -> Reply {
    let mut reply = Reply::json(200, &site.dialect.token_body(answer)).uncached();
    reply.headers.extend(site.dialect.token_headers(answer));
    reply
}
