//! Applications in Microsoft Graph: made, changed, given passwords, and let into the tenant by a service principal.
//! Who may call it is a client with a token for Graph.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    graph_filter::Filter,
    management::managing,
};
use crate::{
    realm::{Client, ClientSpec, jwt::Object, random, shape::derived_uuid},
    server::Site,
};

pub(crate) const APPLICATIONS: &str = "/v1.0/applications";
pub(crate) const SERVICE_PRINCIPALS: &str = "/v1.0/servicePrincipals";
/// The member with the URIs of an application as an API.
pub(crate) const IDENTIFIER_URIS: &str = "identifierUris";
/// The member with its settings as an API.
pub(crate) const API: &str = "api";
/// The member with the words that it is found by.
const TAGS: &str = "tags";
/// Members that can be set and are only kept.
const KEPT: [&str; 6] = [API, IDENTIFIER_URIS, TAGS, "signInAudience", "web", "requiredResourceAccess"];

/// Whether a value is of some kind.
type OfKind = fn(&Value) -> bool;

/// What those have to be that are not looked at otherwise; null stands for nothing.
const KINDS: [(&str, OfKind); 4] = [
    (API, Value::is_object),
    ("signInAudience", Value::is_string),
    ("web", Value::is_object),
    ("requiredResourceAccess", Value::is_array),
];

/// The URIs of an application as an API.
pub(crate) fn identifier_uris(application: &Client) -> Vec<String> {
    let uris = application.metadata.get(IDENTIFIER_URIS).cloned().unwrap_or_default();
    serde_json::from_value(uris).unwrap_or_default()
}

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    match (call.bearer().is_some(), managing(site, call)) {
        (_, Some(row)) if row.audience.as_deref() == Some(&site.base_url) => {}
        (false, _) => return refused(401, "InvalidAuthenticationToken", "Access token is empty."),
        (true, None) if call.bearer().and_then(|token| site.credential(call, token)).is_some() => {
            return refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
        }
        _ => return refused(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience."),
    }
    if call.path == SERVICE_PRINCIPALS {
        return match call.method.as_str() {
            "POST" => let_in(site, call).unwrap_or_else(|refusal| refusal),
            _ => Reply::only("POST"),
        };
    }
    let named = match named(call) {
        Ok(named) => named,
        Err(refusal) => return refusal,
    };
    match (call.method.as_str(), named) {
        ("POST", None) => create(site, call).unwrap_or_else(|refusal| refusal),
        ("GET", None) => list(site, call),
        (_, None) => Reply::only("GET, POST"),
        (method, Some((key, what))) => match find(site, &key) {
            None => missing(&key),
            Some(application) => about(site, call, method, application, &what),
        },
    }
}

/// How an application is named in a path.
enum Key {
    ObjectId(String),
    AppId(String),
}

impl Key {
    fn text(&self) -> &str {
        match self {
            Self::ObjectId(id) | Self::AppId(id) => id,
        }
    }
}

/// `/{id}`, `(appId='{id}')`, and what follows; nothing where all applications are meant.
///
/// # Errors
///
/// The refusal of a path that means neither.
fn named(call: &Call) -> Result<Option<(Key, String)>, Reply> {
    let rest = call.path.strip_prefix(APPLICATIONS).unwrap_or_default();
    let decoded = percent_encoding::percent_decode_str(rest).decode_utf8();
    let rest = decoded.map_err(|_| missing(&Key::ObjectId(rest.trim_start_matches('/').to_owned())))?;
    if rest.is_empty() || rest == "/" {
        return Ok(None);
    }
    if let Some(key) = rest.strip_prefix('(') {
        let unreadable = || refused(400, "BadRequest", "The key in the request URI is malformed.");
        let (id, what) = key.strip_prefix("appId='").and_then(|key| key.split_once("')")).ok_or_else(unreadable)?;
        let what = if what.is_empty() { what } else { what.strip_prefix('/').ok_or_else(unreadable)? };
        return Ok(Some((Key::AppId(id.to_owned()), what.to_owned())));
    }
    let Some(rest) = rest.strip_prefix('/') else {
        return Err(refused(404, "BadRequest", "Resource not found for the segment."));
    };
    let (id, what) = rest.split_once('/').unwrap_or((rest, ""));
    Ok(Some((Key::ObjectId(id.to_owned()), what.to_owned())))
}

fn find(site: &Site, key: &Key) -> Option<Client> {
    match key {
        Key::AppId(id) => site.realm.client(id),
        Key::ObjectId(id) => site.realm.clients().into_iter().find(|client| object_id(&client.id) == *id),
    }
}

fn about(site: &Site, call: &Call, method: &str, application: Client, what: &str) -> Reply {
    match (method, what) {
        ("GET", "") => Reply::json(200, &document(&application)),
        ("PATCH", "") => update(site, call, &application).unwrap_or_else(|refusal| refusal),
        ("DELETE", "") => {
            site.realm.remove_client(&application.id);
            Reply::empty(204)
        }
        ("POST", "addPassword") => add_password(site, call, &application),
        (_, "") => Reply::only("GET, PATCH, DELETE"),
        (_, "addPassword") => Reply::only("POST"),
        _ => refused(400, "BadRequest", "Resource not found for the segment."),
    }
}

/// The applications, or those of one name or with one tag; of the filters of OData there are these two.
fn list(site: &Site, call: &Call) -> Reply {
    let filter = match call.query_value("$filter").map(|text| Filter::read(&text)) {
        None => None,
        Some(Some(filter)) => Some(filter),
        Some(None) => {
            return refused(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause.");
        }
    };
    let wanted = |client: &Client| match &filter {
        None => true,
        Some(Filter::Name(name)) => client.name == *name,
        Some(Filter::Tag(tag)) => {
            let tags = client.metadata.get(TAGS).and_then(Value::as_array);
            tags.is_some_and(|tags| tags.iter().any(|own| own == tag))
        }
    };
    let found: Value = site.realm.clients().iter().filter(|client| wanted(client)).map(document).collect();
    Reply::json(200, &json!({ "value": found }))
}

/// A new application cannot log in before it has a password and a service principal.
fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let mut client = ClientSpec::new("").id(random::uuid()).grant_types(["client_credentials", "authorization_code"]).0;
    client.secret = None;
    client.active = false;
    let asked = body(call)?;
    if !asked.contains_key("displayName") {
        return Err(bad("displayName"));
    }
    fill(site, &mut client, &asked)?;
    let client = site.realm.add_client(ClientSpec(client));
    Ok(Reply::json(201, &document(&client)))
}

fn update(site: &Site, call: &Call, application: &Client) -> Result<Reply, Reply> {
    let mut changed = application.clone();
    fill(site, &mut changed, &body(call)?)?;
    site.realm.update_client(&application.id, |kept| *kept = changed);
    Ok(Reply::empty(204))
}

/// Takes over what was sent, and nothing else.
fn fill(site: &Site, client: &mut Client, asked: &Object) -> Result<(), Reply> {
    if let Some(name) = asked.get("displayName") {
        name.as_str().filter(|name| !name.is_empty()).ok_or_else(|| bad("displayName"))?.clone_into(&mut client.name);
    }
    if let Some(uris) = asked.get(IDENTIFIER_URIS) {
        let uris: Vec<String> = serde_json::from_value(uris.clone()).map_err(|_| bad(IDENTIFIER_URIS))?;
        let taken = |uri: &String| {
            site.realm.clients().iter().any(|other| other.id != client.id && identifier_uris(other).contains(uri))
        };
        if uris.iter().any(taken) {
            return Err(refused(
                400,
                "Request_MultipleObjectsWithSameKeyValue",
                "Another object with the same value for property identifierUris already exists.",
            ));
        }
    }
    for (name, kind) in KINDS {
        if asked.get(name).is_some_and(|value| !value.is_null() && !kind(value)) {
            return Err(bad(name));
        }
    }
    if let Some(version) = asked.get(API).map(|api| &api["requestedAccessTokenVersion"])
        && !(version.is_null() || *version == 1 || *version == 2)
    {
        return Err(bad("requestedAccessTokenVersion"));
    }
    if asked.get(TAGS).is_some_and(|tags| serde_json::from_value::<Vec<String>>(tags.clone()).is_err()) {
        return Err(bad(TAGS));
    }
    if let Some(uris) = asked.get("web").and_then(|web| web.get("redirectUris")) {
        client.redirect_uris = serde_json::from_value(uris.clone()).map_err(|_| bad("redirectUris"))?;
    }
    for name in KEPT {
        if let Some(value) = asked.get(name) {
            client.metadata.insert(name.to_owned(), value.clone());
        }
    }
    Ok(())
}

/// Passwords that are there already stay good.
fn add_password(site: &Site, call: &Call, application: &Client) -> Reply {
    let secret = random::alphanumeric(40);
    let asked = call.object().unwrap_or_default();
    let name = asked.get("passwordCredential").map(|asked| asked["displayName"].clone()).unwrap_or_default();
    site.realm.update_client(&application.id, |client| match &client.secret {
        None => client.secret = Some(secret.clone()),
        Some(_) => client.further_secrets.push(secret.clone()),
    });
    let body = json!({
        "displayName": name,
        "hint": &secret[..3],
        "keyId": random::uuid(),
        "secretText": secret,
    });
    Reply::json(200, &body).uncached()
}

/// Makes the service principal by which an application may be used in the tenant.
fn let_in(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked = body(call)?;
    let id = asked.get("appId").and_then(Value::as_str).ok_or_else(|| bad("appId"))?;
    let client = site.realm.update_client(id, |client| client.active = true);
    let client = client.ok_or_else(|| missing(&Key::AppId(id.to_owned())))?;
    let body = json!({
        "id": derived_uuid(&format!("service principal of {}", client.id)),
        "appId": client.id,
        "displayName": client.name,
        "servicePrincipalType": "Application",
    });
    Ok(Reply::json(201, &body))
}

/// The id of an application as an object, which is not the one it logs in with.
fn object_id(app_id: &str) -> String {
    derived_uuid(&format!("application object of {app_id}"))
}

fn document(client: &Client) -> Value {
    let mut document = json!({
        "id": object_id(&client.id),
        "appId": client.id,
        "displayName": client.name,
        "identifierUris": [],
        "api": { "requestedAccessTokenVersion": null },
        "signInAudience": "AzureADMyOrg",
    });
    for name in KEPT {
        if let Some(value) = client.metadata.get(name) {
            document[name] = value.clone();
        }
    }
    document
}

fn body(call: &Call) -> Result<Object, Reply> {
    call.object().ok_or_else(|| refused(400, "BadRequest", "Unable to read JSON request payload."))
}

fn bad(property: &str) -> Reply {
    refused(400, "Request_BadRequest", &format!("Invalid value specified for property '{property}' of resource."))
}

fn missing(key: &Key) -> Reply {
    let message = format!("Resource '{}' does not exist or one of its references is not present.", key.text());
    refused(404, "Request_ResourceNotFound", &message)
}

/// Graph's own form of errors.
fn refused(status: u16, code: &str, message: &str) -> Reply {
    let inner = json!({ "request-id": random::uuid(), "client-request-id": random::uuid() });
    Reply::json(status, &json!({ "error": { "code": code, "message": message, "innerError": inner } }))
}
