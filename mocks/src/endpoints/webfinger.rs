//! WebFinger (RFC 7033): which issuer an account of this server has (OpenID Connect Discovery, section 2).
//! What the issuer says of itself is in `discovery`.

use serde_json::json;
use url::Url;

use super::call::{Call, Reply};
use crate::server::Site;

pub(crate) const PATH: &str = "/.well-known/webfinger";
/// The relation of an account to its issuer.
const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "GET" {
        return Reply::only("GET");
    }
    let Some(resource) = call.query_value("resource").filter(|resource| !resource.is_empty()) else {
        return Reply::empty(400);
    };
    if host(&resource).is_none() || host(&resource) != host(&site.base_url) {
        return Reply::empty(404);
    }
    // Links that were not asked for are left out (RFC 7033, section 4.3).
    let mut asked = url::form_urlencoded::parse(call.query.as_deref().unwrap_or_default().as_bytes())
        .filter(|(name, _)| name == "rel")
        .map(|(_, relation)| relation)
        .peekable();
    let wanted = asked.peek().is_none() || asked.any(|relation| relation == ISSUER);
    let links = if wanted { vec![json!({ "rel": ISSUER, "href": site.realm.issuer() })] } else { Vec::new() };
    let body = json!({ "subject": resource, "links": links });
    Reply::json(200, &body).header("content-type", "application/jrd+json").header("access-control-allow-origin", "*")
}

/// The host of an account or of an URL, without its port.
fn host(resource: &str) -> Option<String> {
    match resource.strip_prefix("acct:") {
        Some(account) => {
            let (_, place) = account.rsplit_once('@')?;
            place.split(':').next().filter(|host| !host.is_empty()).map(str::to_owned)
        }
        None => Url::parse(resource).ok()?.host_str().map(str::to_owned),
    }
}
