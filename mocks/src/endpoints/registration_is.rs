//! The key manager operations of WSO2 Identity Server 5 and 6: client registration with ids in base64url, change of owner,
//! new secrets, one-time revocation, claims of a user. Who may call them is an administrator, by Basic.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::Url;

use super::{
    call::{Call, Reply},
    management::{calling_user, permitted},
    redirect_pattern,
};
use crate::{
    realm::{Client, ClientSpec, TokenFormat, jwt::Object, random},
    server::Site,
};

pub(crate) const BASE: &str = "/keymanager-operations";
pub(crate) const REGISTER: &str = "/keymanager-operations/dcr/register";

/// Members that the server understands; others are kept.
const UNDERSTOOD: [&str; 15] = [
    "client_id",
    "client_secret",
    "client_name",
    "redirect_uris",
    "grant_types",
    "ext_application_owner",
    "ext_application_token_lifetime",
    "ext_user_token_lifetime",
    "ext_refresh_token_lifetime",
    "token_type_extension",
    "ext_param_client_id",
    "ext_param_client_secret",
    "pkceMandatory",
    "pkceSupportPlain",
    "bypassClientCredentials",
];

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let permission = match call.method.as_str() {
        "POST" => "internal_application_mgt_create",
        "GET" => "internal_application_mgt_view",
        "PUT" => "internal_application_mgt_update",
        "DELETE" => "internal_application_mgt_delete",
        _ => return Reply::only("GET, POST, PUT, DELETE"),
    };
    if let Err(refusal) = permitted(site, call, permission) {
        return refusal;
    }
    let below = call.path.strip_prefix(BASE).unwrap_or_default();
    match (call.method.as_str(), below) {
        ("POST", "/dcr/register") => create(site, call).unwrap_or_else(|refusal| refusal),
        ("POST", "/revoke-one-time-token") => revoke(site, call),
        ("GET", "/user-info/claims") => claims(site, |name| call.query_value(name)),
        ("POST", "/user-info/claims/generate") => {
            let asked = call.object().unwrap_or_default();
            claims(site, |name| text(&asked, name).map(str::to_owned))
        }
        (method, _) => {
            match below.strip_prefix("/dcr/register/").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                Some((id, what)) => of_client(site, call, method, id, what),
                None => Reply::empty(404),
            }
        }
    }
}

fn of_client(site: &Site, call: &Call, method: &str, coded: &str, what: &str) -> Reply {
    let id = URL_SAFE_NO_PAD.decode(coded.trim_end_matches('=')).ok().and_then(|id| String::from_utf8(id).ok());
    // A client that nobody knows is 401 without a body.
    let Some(client) = id.and_then(|id| site.realm.client(&id)) else { return Reply::empty(401) };
    let changed = |change: &dyn Fn(&mut Client)| {
        let client = site.realm.update_client(&client.id, change);
        client.map_or_else(|| Reply::empty(401), |client| Reply::json(200, &document(&client)).uncached())
    };
    match (method, what) {
        ("GET", "") => Reply::json(200, &document(&client)).uncached(),
        ("PUT", "") => update(site, call, client).unwrap_or_else(|refusal| refusal),
        ("DELETE", "") => {
            site.realm.remove_client(&client.id);
            Reply::empty(204)
        }
        ("POST", "change-owner") => match call.query_value("applicationOwner").filter(|owner| !owner.is_empty()) {
            Some(owner) => changed(&|client| client.owner = Some(owner.clone())),
            None => refused("invalid_client_metadata", "applicationOwner is missing"),
        },
        ("POST", "regenerate-consumer-secret") => {
            let secret = random::alphanumeric(28);
            changed(&|client| client.secret = Some(secret.clone()))
        }
        _ => Reply::empty(404),
    }
}

fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked = body(call)?;
    let mut spec = ClientSpec::new("");
    let id = text(&asked, "ext_param_client_id").or_else(|| text(&asked, "client_id"));
    if let Some(id) = id {
        if site.realm.client(id).is_some() {
            return Err(refused("invalid_client_metadata", "a client with this id exists already"));
        }
        spec = spec.id(id);
    }
    if let Some(secret) = text(&asked, "ext_param_client_secret").or_else(|| text(&asked, "client_secret")) {
        spec = spec.secret(secret);
    }
    let mut client = spec.0;
    client.owner = calling_user(site, call);
    fill(site, &mut client, &asked)?;
    let client = site.realm.add_client(ClientSpec(client));
    Ok(Reply::json(201, &document(&client)).uncached())
}

fn update(site: &Site, call: &Call, mut client: Client) -> Result<Reply, Reply> {
    fill(site, &mut client, &body(call)?)?;
    let id = client.id.clone();
    let client = site.realm.update_client(&id, |kept| *kept = client).ok_or_else(|| Reply::empty(401))?;
    Ok(Reply::json(200, &document(&client)).uncached())
}

fn body(call: &Call) -> Result<Object, Reply> {
    call.object().ok_or_else(|| refused("invalid_client_metadata", "the body is no JSON object"))
}

/// Takes over what was asked for; grant types that the server does not have are left out without a word.
fn fill(site: &Site, client: &mut Client, asked: &Object) -> Result<(), Reply> {
    let missing = |name: &str| refused("invalid_client_metadata", &format!("{name} is missing"));
    let name = text(asked, "client_name").ok_or_else(|| missing("client_name"))?;
    if site.realm.clients().iter().any(|other| other.name == name && other.id != client.id) {
        return Err(refused("invalid_client_metadata", "an application of this name exists already"));
    }
    let known = site.realm.policy();
    let grant_types = texts(asked, "grant_types").unwrap_or_default();
    let grant_types: Vec<_> = grant_types.into_iter().filter(|grant| known.grant_types.contains(grant)).collect();
    let asked_uris = texts(asked, "redirect_uris").unwrap_or_default();
    // A redirect URI is absolute and has no fragment (RFC 6749, section 3.1.2).
    let malformed = |uri: &String| Url::parse(uri).map_or(true, |uri| uri.fragment().is_some());
    if asked_uris.iter().any(|uri| !uri.is_empty() && !uri.starts_with("regexp=") && malformed(uri)) {
        return Err(refused("invalid_redirect_uri", "a redirect URI is malformed"));
    }
    let redirect_uris: Vec<_> = asked_uris.into_iter().filter(|uri| !uri.is_empty()).collect();
    if redirect_uris.is_empty() && grant_types.iter().any(|grant| grant == "authorization_code") {
        return Err(refused("invalid_redirect_uri", "redirect_uris is missing"));
    }
    name.clone_into(&mut client.name);
    client.owner = text(asked, "ext_application_owner").map(str::to_owned).or_else(|| client.owner.take());
    client.grant_types = grant_types;
    redirect_pattern::take(client, redirect_uris);
    client.token_format = match text(asked, "token_type_extension") {
        Some("DEFAULT" | "Opaque" | "OPAQUE") => TokenFormat::Opaque,
        _ => TokenFormat::Jwt,
    };
    client.app_token_seconds = asked.get("ext_application_token_lifetime").and_then(seconds);
    client.user_token_seconds = asked.get("ext_user_token_lifetime").and_then(seconds);
    client.refresh_token_seconds = asked.get("ext_refresh_token_lifetime").and_then(seconds);
    client.pkce_mandatory = flag(asked, "pkceMandatory");
    client.pkce_plain = flag(asked, "pkceSupportPlain");
    client.skips_consent = true;
    if flag(asked, "bypassClientCredentials") {
        client.secret = None;
    } else {
        client.secret.get_or_insert_with(|| random::alphanumeric(28));
    }
    let kept = asked.iter().filter(|(name, _)| !UNDERSTOOD.contains(&name.as_str()));
    client.metadata = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(())
}

fn document(client: &Client) -> Value {
    let mut document = json!({
        "client_id": client.id,
        "client_secret": client.secret,
        "client_secret_expires_at": 0,
        "client_name": client.name,
        "redirect_uris": redirect_pattern::of(&client.redirect_uris),
        "grant_types": client.grant_types,
        "token_type_extension": if client.token_format == TokenFormat::Jwt { "JWT" } else { "DEFAULT" },
        "ext_application_owner": client.owner,
        "ext_application_token_lifetime": client.app_token_seconds,
        "ext_user_token_lifetime": client.user_token_seconds,
        "ext_refresh_token_lifetime": client.refresh_token_seconds,
        "pkceMandatory": client.pkce_mandatory,
        "pkceSupportPlain": client.pkce_plain,
        "bypassClientCredentials": client.is_public(),
    });
    if let Some(members) = document.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        for (name, value) in &client.metadata {
            members.entry(name).or_insert_with(|| value.clone());
        }
    }
    document
}

/// Ends one token, whosever it is.
fn revoke(site: &Site, call: &Call) -> Reply {
    let asked = call.object().unwrap_or_default();
    match text(&asked, "token") {
        Some(token) => {
            site.realm.revoke(token, None);
            Reply::empty(200)
        }
        None => refused("invalid_request", "token is missing"),
    }
}

/// What claims are called in the server's own dialect, and in the one of OpenID Connect.
const DIALECTS: [(&str, &str); 2] =
    [("http://wso2.org/claims", "http://wso2.org/claims/"), ("http://wso2.org/oidc/claim", "")];
/// The only user store.
const USER_STORE: &str = "PRIMARY";

/// The claims of the user of that name in the user store `domain`, called as `dialect` has it; there are none in a dialect
/// that nobody defined.
fn claims(site: &Site, asked: impl Fn(&str) -> Option<String>) -> Reply {
    let asked = |name: &str| asked(name).filter(|text| !text.is_empty());
    let username = asked("username").unwrap_or_default();
    let bare = username.split('@').next().unwrap_or_default();
    let in_store = asked("domain").is_none_or(|domain| domain.eq_ignore_ascii_case(USER_STORE));
    let user = site.realm.user(&username).or_else(|| site.realm.user(bare)).filter(|_| in_store);
    let Some(user) = user else { return Reply::empty(404) };
    let dialect = asked("dialect").unwrap_or_else(|| DIALECTS[0].0.to_owned());
    let dialect = DIALECTS.iter().find(|(name, _)| *name == dialect);
    let named = |prefix: &str| -> Vec<Value> {
        user.claims.iter().map(|(name, value)| json!({ "uri": format!("{prefix}{name}"), "value": value })).collect()
    };
    let list = dialect.map(|(_, prefix)| named(prefix)).unwrap_or_default();
    Reply::json(200, &json!({ "count": list.len(), "list": list }))
}

fn refused(message: &str, description: &str) -> Reply {
    Reply::json(400, &json!({ "code": "400", "message": message, "description": description }))
}

fn text<'a>(asked: &'a Object, name: &str) -> Option<&'a str> {
    asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn texts(asked: &Object, name: &str) -> Option<Vec<String>> {
    serde_json::from_value(asked.get(name)?.clone()).ok()
}

/// A number of seconds, also as a text.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn flag(asked: &Object, name: &str) -> bool {
    asked.get(name).is_some_and(|value| value == true || value == "true")
}
