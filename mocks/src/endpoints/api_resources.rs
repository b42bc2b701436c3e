//! API resources of WSO2 Identity Server 7: groups of scopes under an identifier.
//! The scopes themselves are the realm's, so that they can be granted; which roles carry them is said in `scim_roles`.

use serde_json::{Value, json};

use super::{
    api_resource_pages::Page,
    call::{Call, Reply},
    management::{numbered, permitted},
};
use crate::{
    realm::{ApiResource, Scope, jwt::Object, random},
    server::Site,
};

pub(crate) const BASE: &str = "/api/server/v1/api-resources";

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let below = call.below(BASE).unwrap_or_default();
    let at: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
    let (method, permission) = match call.method.as_str() {
        "POST" => ("POST", "internal_api_resource_create"),
        "GET" => ("GET", "internal_api_resource_view"),
        "PATCH" => ("PATCH", "internal_api_resource_update"),
        "PUT" => ("PUT", "internal_api_resource_update"),
        // Scopes of a resource are part of it: removing one changes the resource.
        "DELETE" if at.len() > 1 => ("DELETE", "internal_api_resource_update"),
        "DELETE" => ("DELETE", "internal_api_resource_delete"),
        _ => return Reply::only("GET, POST, PUT, PATCH, DELETE"),
    };
    if let Err(refusal) = permitted(site, call, permission) {
        return refusal;
    }
    let done = match (method, at.as_slice()) {
        ("POST", []) => create(site, call),
        ("GET", []) => list(site, call),
        (_, [id, rest @ ..]) => match site.realm.api_resource(id) {
            None => Err(not_found()),
            Some(resource) => below_resource(site, call, &resource, method, rest),
        },
        _ => Err(Reply::empty(405)),
    };
    done.unwrap_or_else(|refusal| refusal)
}

fn below_resource(site: &Site, call: &Call, resource: &ApiResource, method: &str, at: &[&str]) -> Result<Reply, Reply> {
    match (method, at) {
        ("GET", []) => Ok(Reply::json(200, &whole(site, resource))),
        ("PATCH", []) => patch(site, call, resource),
        ("DELETE", []) => {
            site.realm.remove_api_resource(&resource.id);
            Ok(Reply::empty(204))
        }
        ("GET", ["scopes"]) => Ok(Reply::json(200, &scopes(site, resource))),
        ("PUT", ["scopes"]) => {
            let listed = serde_json::from_slice(&call.body).map_err(|_| bad("the body is no list of scopes"))?;
            replace_scopes(site, resource, &read_scopes(&listed)?)
        }
        ("PATCH", ["scopes", name]) => {
            let asked = object(call)?;
            let mut scope = held(site, resource, name)?;
            if let Some(display_name) = text(&asked, "displayName") {
                display_name.clone_into(&mut scope.display_name);
            }
            scope.description = text(&asked, "description").map(str::to_owned).or(scope.description);
            site.realm.add_scope(scope);
            Ok(Reply::empty(204))
        }
        ("DELETE", ["scopes", name]) => {
            held(site, resource, name)?;
            site.realm.update_api_resource(&resource.id, |kept| kept.scopes.retain(|scope| scope != name));
            site.realm.remove_scope(name);
            Ok(Reply::empty(204))
        }
        _ => Err(Reply::empty(405)),
    }
}

fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked = object(call)?;
    let required = |name: &str| text(&asked, name).map(str::to_owned).ok_or_else(|| bad(&format!("{name} is missing")));
    let (name, identifier) = (required("name")?, required("identifier")?);
    let scopes = read_scopes(asked.get("scopes").unwrap_or(&json!([])))?;
    free(site, &scopes)?;
    let resource = ApiResource {
        id: random::uuid(),
        name,
        identifier,
        description: text(&asked, "description").map(str::to_owned),
        requires_authorization: asked.get("requiresAuthorization").and_then(Value::as_bool).unwrap_or(true),
        scopes: scopes.iter().map(|scope| scope.name.clone()).collect(),
    };
    if !site.realm.add_api_resource(resource.clone()) {
        return Err(numbered(409, "API-RESOURCES-60008", "an API resource of that identifier exists already"));
    }
    scopes.into_iter().for_each(|scope| site.realm.add_scope(scope));
    let reply = Reply::json(201, &whole(site, &resource));
    Ok(reply.header("location", site.managed_url(&format!("{BASE}/{}", resource.id))))
}

/// The filter that connectors send: `identifier eq X`.
fn list(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let wanted = match call.query_value("filter") {
        None => None,
        Some(filter) => match filter.split_whitespace().collect::<Vec<_>>().as_slice() {
            [attribute @ ("identifier" | "name"), "eq", value] => Some(((*attribute).to_owned(), (*value).to_owned())),
            _ => return Err(bad("the filter is not supported")),
        },
    };
    let fits = |resource: &ApiResource| match &wanted {
        None => true,
        Some((attribute, value)) if attribute == "name" => resource.name == *value,
        Some((_, value)) => resource.identifier == *value,
    };
    let found: Vec<_> = site.realm.api_resources().into_iter().filter(fits).collect();
    let page = Page::of(call, &found).map_err(|wrong| bad(&wrong))?;
    let links = page.links(call, &found, &site.managed_path(BASE));
    let shown: Vec<_> = found[page.range()].iter().map(|resource| brief(site, resource)).collect();
    Ok(Reply::json(200, &json!({ "totalResults": found.len(), "links": links, "apiResources": shown })))
}

fn patch(site: &Site, call: &Call, resource: &ApiResource) -> Result<Reply, Reply> {
    let asked = object(call)?;
    if asked.contains_key("removedScopes") {
        return Err(bad("removedScopes is not supported"));
    }
    let added = read_scopes(asked.get("addedScopes").unwrap_or(&json!([])))?;
    free(site, &added)?;
    site.realm.update_api_resource(&resource.id, |kept| {
        if let Some(name) = text(&asked, "name") {
            name.clone_into(&mut kept.name);
        }
        if let Some(description) = text(&asked, "description") {
            kept.description = Some(description.to_owned());
        }
        kept.scopes.extend(added.iter().map(|scope| scope.name.clone()));
    });
    added.into_iter().for_each(|scope| site.realm.add_scope(scope));
    Ok(Reply::empty(204))
}

fn replace_scopes(site: &Site, resource: &ApiResource, wanted: &[Scope]) -> Result<Reply, Reply> {
    let fresh: Vec<_> = wanted.iter().filter(|scope| !resource.scopes.contains(&scope.name)).cloned().collect();
    free(site, &fresh)?;
    let names: Vec<_> = wanted.iter().map(|scope| scope.name.clone()).collect();
    for gone in resource.scopes.iter().filter(|name| !names.contains(name)) {
        site.realm.remove_scope(gone);
    }
    fresh.into_iter().for_each(|scope| site.realm.add_scope(scope));
    site.realm.update_api_resource(&resource.id, |kept| kept.scopes = names);
    Ok(Reply::empty(204))
}

/// A scope belongs to one resource only.
fn free(site: &Site, scopes: &[Scope]) -> Result<(), Reply> {
    match scopes.iter().find(|scope| site.realm.scope(&scope.name).is_some()) {
        Some(taken) => Err(numbered(409, "API-RESOURCES-60011", &format!("the scope {} exists already", taken.name))),
        None => Ok(()),
    }
}

fn held(site: &Site, resource: &ApiResource, name: &str) -> Result<Scope, Reply> {
    resource.scopes.iter().any(|held| held == name).then(|| site.realm.scope(name)).flatten().ok_or_else(not_found)
}

fn read_scopes(listed: &Value) -> Result<Vec<Scope>, Reply> {
    let read = |value: &Value| {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = text("name").filter(|name| !name.is_empty() && !name.contains(char::is_whitespace))?;
        let display_name = text("displayName").unwrap_or_else(|| name.clone());
        Some(Scope { name, display_name, description: text("description"), ..Scope::default() })
    };
    let read = listed.as_array().and_then(|listed| listed.iter().map(read).collect::<Option<Vec<_>>>());
    read.ok_or_else(|| bad("the scopes are malformed"))
}

fn brief(site: &Site, resource: &ApiResource) -> Value {
    json!({
        "id": resource.id,
        "name": resource.name,
        "identifier": resource.identifier,
        "type": "BUSINESS",
        "requiresAuthorization": resource.requires_authorization,
        "self": site.managed_path(&format!("{BASE}/{}", resource.id)),
    })
}

fn whole(site: &Site, resource: &ApiResource) -> Value {
    let mut document = brief(site, resource);
    document["description"] = json!(resource.description);
    document["scopes"] = scopes(site, resource);
    document
}

fn scopes(site: &Site, resource: &ApiResource) -> Value {
    let known = resource.scopes.iter().filter_map(|name| site.realm.scope(name));
    let document = |scope: Scope| json!({ "name": scope.name, "displayName": scope.display_name, "description": scope.description });
    known.map(document).collect()
}

fn object(call: &Call) -> Result<Object, Reply> {
    call.object().ok_or_else(|| bad("the body is no JSON object"))
}

fn text<'a>(asked: &'a Object, name: &str) -> Option<&'a str> {
    asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn bad(message: &str) -> Reply {
    numbered(400, "API-RESOURCES-60001", message)
}

fn not_found() -> Reply {
    numbered(404, "API-RESOURCES-60002", "there is no such API resource or scope")
}
