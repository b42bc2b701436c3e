//! The list of a realm's clients in Keycloak's administrative interface, in pages.
//! Clients are made and changed by `registration` alone.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::managing,
};
use crate::{realm::Client, realm::shape::derived_uuid, server::Site};

pub(crate) const CLIENTS: &str = "/admin/realms/kmspec/clients";

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.bearer().and_then(|token| site.credential(call, token)).is_none() {
        return Reply::json(401, &json!({ "error": "HTTP 401 Unauthorized" }));
    }
    if managing(site, call).is_none() {
        return Reply::json(403, &json!({ "error": "HTTP 403 Forbidden" }));
    }
    if call.method != "GET" {
        return Reply::only("GET");
    }
    let number = |name: &str| match call.query_value(name) {
        None => Ok(None),
        Some(text) => text.parse::<usize>().map(Some),
    };
    let (Ok(first), Ok(max)) = (number("first"), number("max")) else {
        return Reply::json(404, &json!({ "error": "HTTP 404 Not Found" }));
    };
    let id = call.query_value("clientId");
    let all = site.realm.clients().into_iter().filter(|client| id.as_ref().is_none_or(|id| *id == client.id));
    let page = all.skip(first.unwrap_or(0)).take(max.unwrap_or(usize::MAX));
    Reply::json(200, &Value::Array(page.map(|client| document(&client)).collect())).uncached()
}

/// The home page of a client is called otherwise here than where it was registered.
fn document(client: &Client) -> Value {
    let mut document = json!({
        "id": derived_uuid(&format!("client {}", client.id)),
        "clientId": client.id,
        "name": client.name,
        "redirectUris": client.redirect_uris,
        "enabled": client.active,
        "protocol": "openid-connect",
        "publicClient": client.is_public(),
        "serviceAccountsEnabled": client.allows_grant("client_credentials"),
    });
    if let Some(page) = client.metadata.get("client_uri") {
        document["baseUrl"] = page.clone();
    }
    document
}
