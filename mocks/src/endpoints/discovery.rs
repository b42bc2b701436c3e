//! The discovery document: OpenID Connect's and RFC 8414's.
//! Its members are the vendor's.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use crate::{realm::jwt::Object, server::Site};

pub(crate) fn openid(site: &Site, call: &Call) -> Reply {
    match call.method.as_str() {
        "GET" | "HEAD" => Reply::json(200, &document(site)),
        _ => Reply::only("GET"),
    }
}

/// WSO2 Identity Server 7's document for one client.
pub(crate) fn of_client(site: &Site, call: &Call) -> Reply {
    let named = call.below(CLIENT).and_then(|rest| rest.strip_suffix(WELL_KNOWN).map(str::to_owned));
    match named.and_then(|id| site.realm.client(&id)) {
        Some(_) => openid(site, call),
        None => Reply::json(400, &serde_json::json!({ "error": "invalid_client" })),
    }
}

/// What WSO2 Identity Server 7 answers where it has no document.
pub(crate) fn elsewhere(_site: &Site, _call: &Call) -> Reply {
    Reply::empty(400).text("there is no discovery at this path").header("content-type", "text/plain")
}

/// Before the client id of a document for one client.
pub(crate) const CLIENT: &str = "/oauth2/token/client";
/// What every discovery path ends with.
pub(crate) const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// RFC 8414's variant: the same, without what only an OpenID provider says.
pub(crate) fn oauth(site: &Site, call: &Call) -> Reply {
    if !matches!(call.method.as_str(), "GET" | "HEAD") {
        return Reply::only("GET");
    }
    let mut document = document(site);
    if let Some(members) = document.as_object_mut() {
        members.retain(|name, _| {
            !name.starts_with("id_token_") && name != "subject_types_supported" && name != "claims_supported"
        });
    }
    Reply::json(200, &document)
}

/// The same, without its scopes, as Identity Server has it.
pub(crate) fn oauth_without_scopes(site: &Site, call: &Call) -> Reply {
    let mut reply = oauth(site, call);
    if let Ok(mut members) = serde_json::from_str::<Object>(&reply.body) {
        members.remove("scopes_supported");
        reply.body = Value::Object(members).to_string();
    }
    reply
}

/// The vendor's document; where clients are asked for certificates it says what for (RFC 8705, sections 2.1, 2.2, 3.3
/// and 5).
fn document(site: &Site) -> Value {
    let mut document = site.dialect.discovery(&site.endpoints, &site.realm);
    if site.mutual_tls {
        document["tls_client_certificate_bound_access_tokens"] = json!(true);
        let methods = document["token_endpoint_auth_methods_supported"].take();
        let mut methods = methods.as_array().cloned().unwrap_or_default();
        methods.extend(["tls_client_auth", "self_signed_tls_client_auth"].map(|method| json!(method)));
        document["token_endpoint_auth_methods_supported"] = Value::Array(methods);
        document["mtls_endpoint_aliases"] = json!({ "token_endpoint": site.endpoints.token });
    }
    document
}
