//! The discovery document: OpenID Connect's and RFC 8414's.
//! Its members are the vendor's.

use super::call::{Call, Reply};
use crate::server::Site;

pub(crate) fn openid(site: &Site, call: &Call) -> Reply {
    match call.method.as_str() {
        "GET" | "HEAD" => Reply::json(200, &site.dialect.discovery(&site.endpoints, &site.realm)),
        _ => Reply::only("GET"),
    }
}

/// RFC 8414's variant: the same, without what only an OpenID provider says.
pub(crate) fn oauth(site: &Site, call: &Call) -> Reply {
    if !matches!(call.method.as_str(), "GET" | "HEAD") {
        return Reply::only("GET");
    }
    let mut document = site.dialect.discovery(&site.endpoints, &site.realm);
    if let Some(members) = document.as_object_mut() {
        members.retain(|name, _| {
            !name.starts_with("id_token_") && name != "subject_types_supported" && name != "claims_supported"
        });
    }
    Reply::json(200, &document)
}
