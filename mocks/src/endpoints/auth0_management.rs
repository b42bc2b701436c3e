//! Clients and client grants in Auth0's Management API.
//! Who may call it is a client with a token for that API.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::managing,
};
use crate::{
    realm::{Client, ClientSpec, jwt::Object, random},
    server::Site,
};

/// The API, which is also the audience of tokens for it.
pub(crate) const BASE: &str = "/api/v2/";
pub(crate) const CLIENTS: &str = "/api/v2/clients";
pub(crate) const GRANTS: &str = "/api/v2/client-grants";
/// What a client that was made here has among its metadata: the APIs that it was granted.
pub(crate) const GRANTED: &str = "client_grants";

/// Members that are only kept.
const KEPT: [&str; 6] =
    ["app_type", "description", "token_endpoint_auth_method", "logo_uri", "is_first_party", "client_metadata"];

/// Clients on a page unless the request says, and at most.
const PAGE: (usize, usize) = (50, 100);

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let api = format!("{}{BASE}", site.base_url);
    match (call.bearer(), managing(site, call)) {
        (_, Some(row)) if row.audience.as_deref() == Some(&api) => {}
        (None, _) => return refused(401, "Missing authentication", None),
        (Some(token), None) if site.credential(call, token).is_some() => {
            return refused(403, "Insufficient scope", Some("insufficient_scope"));
        }
        _ => return refused(401, "Invalid token", None),
    }
    if let Some(rest) = call.path.strip_prefix(GRANTS) {
        return match (call.method.as_str(), rest.trim_start_matches('/')) {
            ("POST", "") => grant(site, call).unwrap_or_else(|refusal| refusal),
            ("GET", "") => list_grants(site, call),
            ("DELETE", id) if !id.is_empty() => withdraw(site, id),
            _ => refused(404, "Not Found", None),
        };
    }
    let Some(below) = call.below(CLIENTS) else {
        return match call.method.as_str() {
            "POST" => create(site, call).unwrap_or_else(|refusal| refusal),
            "GET" => list(site, call).unwrap_or_else(|refusal| refusal),
            _ => refused(404, "Not Found", None),
        };
    };
    let (id, what) = below.split_once('/').unwrap_or((&below, ""));
    match (site.realm.client(id), call.method.as_str(), what) {
        (Some(client), "GET", "") => Reply::json(200, &document(&client)).uncached(),
        (Some(client), "PATCH", "") => update(site, call, client).unwrap_or_else(|refusal| refusal),
        (Some(client), "POST", "rotate-secret") => {
            changed(site, &client.id, |client| client.secret = Some(random::alphanumeric(64)))
        }
        // Removing what is not there is no error.
        (_, "DELETE", "") => {
            site.realm.remove_client(id);
            Reply::empty(204)
        }
        (None, ..) => no_client(),
        _ => refused(404, "Not Found", None),
    }
}

/// A page of the clients, each with the members that are asked for.
fn list(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let number = |name: &str, usual: usize, most: usize| match call.query_value(name) {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| *number <= most)
            .ok_or_else(|| refused(400, &format!("Query validation error: {name}"), Some("invalid_query_string"))),
    };
    let (size, page) = (number("per_page", PAGE.0, PAGE.1)?, number("page", 0, 1_000)?);
    let fields: Option<Vec<String>> =
        call.query_value("fields").map(|fields| fields.split(',').map(str::to_owned).collect());
    let included = call.query_value("include_fields").is_none_or(|value| value == "true");
    let clients = site.realm.clients();
    let shown = clients.iter().skip(page.saturating_mul(size)).take(size).map(|client| {
        let mut shown = document(client);
        if let (Some(fields), Some(members)) = (&fields, shown.as_object_mut()) {
            members.retain(|name, _| fields.contains(name) == included);
        }
        shown
    });
    Ok(Reply::json(200, &shown.collect::<Value>()).uncached())
}

/// Ids and secrets are the server's to choose.
fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked = body(call)?;
    if asked.get("name").is_none() {
        return Err(invalid("Missing required property: name"));
    }
    let mut client = ClientSpec::new("").id(random::alphanumeric(32)).secret(random::alphanumeric(64)).0;
    client.grant_types = ["authorization_code", "refresh_token", "client_credentials"].map(str::to_owned).to_vec();
    client.metadata.insert(GRANTED.to_owned(), json!([]));
    fill(&mut client, &asked)?;
    let client = site.realm.add_client(ClientSpec(client));
    Ok(Reply::json(201, &document(&client)).uncached())
}

fn update(site: &Site, call: &Call, mut client: Client) -> Result<Reply, Reply> {
    fill(&mut client, &body(call)?)?;
    let id = client.id.clone();
    Ok(changed(site, &id, |kept| *kept = client))
}

fn changed(site: &Site, id: &str, change: impl FnOnce(&mut Client)) -> Reply {
    let client = site.realm.update_client(id, change);
    client.map_or_else(no_client, |client| Reply::json(200, &document(&client)).uncached())
}

/// Takes over what was sent, and nothing else.
fn fill(client: &mut Client, asked: &Object) -> Result<(), Reply> {
    if asked.contains_key("client_id") {
        return Err(invalid("Additional properties not allowed: client_id"));
    }
    let list = |name: &str| -> Result<Option<Vec<String>>, Reply> {
        let read = |value: &Value| serde_json::from_value(value.clone());
        asked.get(name).map(read).transpose().map_err(|_| invalid(&format!("Expected type array: {name}")))
    };
    if let Some(name) = asked.get("name") {
        let name = name.as_str().filter(|name| !name.is_empty());
        name.ok_or_else(|| invalid("Expected type string: name"))?.clone_into(&mut client.name);
    }
    if let Some(grants) = list("grant_types")? {
        client.grant_types = grants;
    }
    if let Some(callbacks) = list("callbacks")? {
        client.redirect_uris = callbacks;
    }
    if let Some(secret) = asked.get("client_secret").and_then(Value::as_str) {
        client.secret = Some(secret.to_owned());
    }
    if asked.get("token_endpoint_auth_method").is_some_and(|method| method == "none") {
        client.secret = None;
    }
    for name in KEPT {
        if let Some(value) = asked.get(name) {
            client.metadata.insert(name.to_owned(), value.clone());
        }
    }
    Ok(())
}

fn document(client: &Client) -> Value {
    let mut document = json!({
        "tenant": "kmspec",
        "global": false,
        "name": client.name,
        "client_id": client.id,
        "client_secret": client.secret,
        "callbacks": client.redirect_uris,
        "grant_types": client.grant_types,
    });
    for name in KEPT {
        if let Some(value) = client.metadata.get(name) {
            document[name] = value.clone();
        }
    }
    document
}

/// Lets a client have tokens for an API.
fn grant(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked = body(call)?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let audience = text("audience").ok_or_else(|| invalid("Missing required property: audience"))?;
    let id = text("client_id").ok_or_else(|| invalid("Missing required property: client_id"))?;
    let scope: Vec<String> = serde_json::from_value(asked.get("scope").cloned().unwrap_or_else(|| json!([])))
        .map_err(|_| invalid("Expected type array: scope"))?;
    let client = site.realm.client(id).ok_or_else(no_client)?;
    if !site.realm.policy().audiences.iter().flatten().any(|known| known == audience) {
        return Err(refused(404, "Resource server not found", Some("inexistent_resource_server")));
    }
    if grants_of(&client).iter().any(|grant| grant["audience"] == audience) {
        return Err(refused(409, "A resource with the same identifier already exists.", None));
    }
    let grant = json!({
        "id": format!("cgr_{}", random::alphanumeric(16)),
        "client_id": id,
        "audience": audience,
        "scope": scope,
    });
    let mut grants = grants_of(&client);
    grants.push(grant.clone());
    site.realm.update_client(id, |client| drop(client.metadata.insert(GRANTED.to_owned(), Value::Array(grants))));
    Ok(Reply::json(201, &grant))
}

/// The APIs that a client was granted.
pub(crate) fn grants_of(client: &Client) -> Vec<Value> {
    client.metadata.get(GRANTED).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn list_grants(site: &Site, call: &Call) -> Reply {
    let asked = call.query_value("client_id");
    let clients = site.realm.clients().into_iter().filter(|client| asked.as_ref().is_none_or(|id| *id == client.id));
    Reply::json(200, &Value::Array(clients.flat_map(|client| grants_of(&client)).collect()))
}

fn withdraw(site: &Site, id: &str) -> Reply {
    for client in site.realm.clients() {
        let mut grants = grants_of(&client);
        let before = grants.len();
        grants.retain(|grant| grant["id"] != id);
        if grants.len() < before {
            site.realm.update_client(&client.id, |client| {
                drop(client.metadata.insert(GRANTED.to_owned(), Value::Array(grants)))
            });
        }
    }
    Reply::empty(204)
}

fn body(call: &Call) -> Result<Object, Reply> {
    call.object().ok_or_else(|| invalid("Payload validation error: the body is no JSON object"))
}

fn invalid(message: &str) -> Reply {
    refused(400, message, Some("invalid_body"))
}

fn no_client() -> Reply {
    refused(404, "The client does not exist", Some("inexistent_client"))
}

/// The Management API's own form of errors.
fn refused(status: u16, message: &str, code: Option<&str>) -> Reply {
    let error = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        _ => "Conflict",
    };
    let mut body = json!({ "statusCode": status, "error": error, "message": message });
    if let Some(code) = code {
        body["errorCode"] = json!(code);
    }
    Reply::json(status, &body)
}
