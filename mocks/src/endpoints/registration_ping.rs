//! The OAuth client management service of PingFederate: clients in lists, their ids and secrets chosen by the caller.
//! Who may call it is an administrator, by Basic.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::by_administrator,
};
use crate::{
    realm::{Client, ClientSpec, jwt::Object},
    server::Site,
};

pub(crate) const BASE: &str = "/pf-ws/rest/oauth/clients";

/// Members that are only kept.
const KEPT: [&str; 6] =
    ["description", "restrictedResponseTypes", "restrictScopes", "restrictedScopes", "bypassApprovalPage", "logoUrl"];

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if !by_administrator(site, call) {
        return Reply::empty(401).header("www-authenticate", "Basic realm=\"PingFederate\"");
    }
    let found = |id: &String| site.realm.client(id).ok_or_else(|| refused(404, &format!("no client {id}")));
    let answered = match (call.method.as_str(), call.below(BASE)) {
        ("POST", None) => asked(call).and_then(|asked| create(site, &asked)),
        ("PUT", None) => asked(call).and_then(|asked| update(site, &asked)),
        ("GET", None) => Ok(listed(&site.realm.clients())),
        ("GET", Some(id)) => found(&id).map(|client| listed(&[client])),
        ("DELETE", Some(id)) => found(&id).map(|client| {
            site.realm.remove_client(&client.id);
            Reply::empty(204)
        }),
        (_, None) => Ok(Reply::only("GET, POST, PUT")),
        _ => Ok(Reply::only("GET, DELETE")),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

/// The clients of the body.
fn asked(call: &Call) -> Result<Vec<Object>, Reply> {
    let list = call.object().and_then(|body| serde_json::from_value(body.get("client")?.clone()).ok());
    list.filter(|list: &Vec<Object>| !list.is_empty()).ok_or_else(|| refused(400, "the body holds no list of clients"))
}

fn create(site: &Site, asked: &[Object]) -> Result<Reply, Reply> {
    let mut made = Vec::new();
    for members in asked {
        let id = text(members, "clientId").ok_or_else(|| refused(400, "clientId is missing"))?;
        if site.realm.client(id).is_some() || made.iter().any(|client: &Client| client.id == id) {
            return Err(refused(400, &format!("there is a client {id} already")));
        }
        let mut client = ClientSpec::new("").id(id).0;
        client.secret = None;
        fill(&mut client, members)?;
        made.push(client);
    }
    let made: Vec<_> = made.into_iter().map(|client| site.realm.add_client(ClientSpec(client))).collect();
    Ok(listed(&made))
}

fn update(site: &Site, asked: &[Object]) -> Result<Reply, Reply> {
    let mut changed = Vec::new();
    for members in asked {
        let id = text(members, "clientId").ok_or_else(|| refused(400, "clientId is missing"))?;
        let mut client = site.realm.client(id).ok_or_else(|| refused(404, &format!("no client {id}")))?;
        let before = client.secret.clone();
        fill(&mut client, members)?;
        // A secret that exists is replaced only on demand.
        if before.is_some() && !flag(members, "forceSecretChange") && client.secret.is_some() {
            client.secret = before;
        }
        changed.push(client);
    }
    for client in &changed {
        site.realm.update_client(&client.id, |kept| *kept = client.clone());
    }
    Ok(listed(&changed))
}

/// Takes over what was sent for a client.
fn fill(client: &mut Client, members: &Object) -> Result<(), Reply> {
    let name = text(members, "name").ok_or_else(|| refused(400, "name is missing"))?;
    let grant_types = texts(members, "grantTypes").ok_or_else(|| refused(400, "grantTypes is missing"))?;
    name.clone_into(&mut client.name);
    client.grant_types = grant_types.iter().map(|grant| grant.to_ascii_lowercase()).collect();
    client.redirect_uris = texts(members, "redirectUris").unwrap_or_default();
    match (text(members, "clientAuthnType").unwrap_or("SECRET"), text(members, "secret")) {
        ("NONE", _) => client.secret = None,
        ("SECRET" | "CLIENT_SECRET", Some(secret)) => client.secret = Some(secret.to_owned()),
        ("SECRET" | "CLIENT_SECRET", None) if client.secret.is_some() => {}
        ("SECRET" | "CLIENT_SECRET", None) => return Err(refused(400, "secret is missing")),
        _ => return Err(refused(400, "clientAuthnType is not supported")),
    }
    client.scopes = flag(members, "restrictScopes").then(|| scopes(members));
    for kept in KEPT {
        if let Some(value) = members.get(kept) {
            client.metadata.insert(kept.to_owned(), value.clone());
        }
    }
    Ok(())
}

/// A list, or a text with commas.
fn scopes(members: &Object) -> Vec<String> {
    texts(members, "restrictedScopes").unwrap_or_else(|| {
        let text = text(members, "restrictedScopes").unwrap_or_default();
        text.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
    })
}

/// The answer about clients; their secrets stay where they are.
fn listed(clients: &[Client]) -> Reply {
    let documents: Vec<Value> = clients.iter().map(document).collect();
    Reply::json(200, &json!({ "client": documents }))
}

fn document(client: &Client) -> Value {
    let mut document = json!({
        "clientId": client.id,
        "name": client.name,
        "grantTypes": client.grant_types,
        "redirectUris": client.redirect_uris,
        "clientAuthnType": if client.is_public() { "NONE" } else { "SECRET" },
    });
    for (name, value) in &client.metadata {
        document[name] = value.clone();
    }
    document
}

fn refused(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

fn text<'a>(members: &'a Object, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn texts(members: &Object, name: &str) -> Option<Vec<String>> {
    serde_json::from_value(members.get(name)?.clone()).ok()
}

/// A switch; texts that read as one will do.
fn flag(members: &Object, name: &str) -> bool {
    matches!(members.get(name), Some(Value::Bool(true))) || text(members, name) == Some("true")
}
