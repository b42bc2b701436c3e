//! The published key set (RFC 7517).
//! What is published is the key ring's decision.

use super::call::{Call, Reply};
use crate::server::Site;

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    match call.method.as_str() {
        "GET" | "HEAD" => {
            let mut reply = Reply::json(200, &site.dialect.jwks(&site.realm));
            reply.headers.extend(site.dialect.jwks_headers());
            reply
        }
        _ => Reply::only("GET"),
    }
}
