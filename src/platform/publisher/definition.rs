//! The OpenAPI definition of an API: its operations in another form.
//! What else a definition says is passed over; what it does not say of an operation, such as its policies, stays.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest, Multipart, Request, State},
};
use serde_json::{Map, Value, json};

use super::{
    ChangeScopes, ViewScopes,
    api_document::{Origin, admit, shown},
    apis::find,
};
use crate::{
    domain::Api,
    site::Site,
    wire::{Caller, Path, Refusal},
};

/// Methods that a path of a definition may have.
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

/// The plan of an operation that has no other.
const UNLIMITED: &str = "Unlimited";

pub(super) async fn read(
    caller: Caller<ViewScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let api = site.store.read(move |documents| find(documents, &caller.tenant, &id)).await?;
    Ok(Json(definition(&api)))
}

pub(super) async fn update(
    caller: Caller<ChangeScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let sent = part(request).await?;
    let malformed = || Refusal::bad_request("apiDefinition: no OpenAPI definition with paths");
    let sent: Value = serde_json::from_str(&sent).map_err(|_| malformed())?;
    let told = operations(&sent).ok_or_else(malformed)?;
    site.store
        .write(move |documents| {
            let stored = find(documents, &caller.tenant, &id)?;
            let Value::Object(mut document) = shown(&stored) else { return Err(malformed()) };
            let known = document.get("operations").and_then(Value::as_array).cloned().unwrap_or_default();
            let operations: Vec<Value> = told.into_iter().map(|operation| completed(operation, &known)).collect();
            document.insert("operations".to_owned(), json!(operations));
            let origin = Origin { tenant: &caller.tenant, user: &caller.user, stored: Some(&stored) };
            let updated = admit(documents, &origin, document)?;
            documents.put(&caller.tenant, &updated)?;
            Ok(Json(definition(&updated)))
        })
        .await
}

/// The part `apiDefinition` of a form.
async fn part(request: Request) -> Result<String, Refusal> {
    let malformed = || Refusal::bad_request("Malformed request body.");
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| malformed())?;
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        if part.name() == Some("apiDefinition") {
            return part.text().await.map_err(|_| malformed());
        }
    }
    Err(Refusal::bad_request("apiDefinition: must not be null"))
}

/// The operations of a definition's paths; `None` when it has no paths.
fn operations(definition: &Value) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    for (target, methods) in definition.get("paths")?.as_object()? {
        for (verb, said) in methods.as_object()?.iter().filter(|(verb, _)| METHODS.contains(&verb.as_str())) {
            let scopes: Vec<&Value> = said["security"].as_array().into_iter().flatten().flat_map(of_default).collect();
            found.push(json!({
                "target": target,
                "verb": verb.to_ascii_uppercase(),
                "authType": said.get("x-auth-type").cloned().unwrap_or(Value::Null),
                "throttlingPolicy": said.get("x-throttling-tier").cloned().unwrap_or_else(|| json!(UNLIMITED)),
                "scopes": scopes,
            }));
        }
    }
    for operation in &mut found {
        if operation["authType"].is_null() {
            operation.as_object_mut()?.remove("authType");
        }
    }
    Some(found)
}

/// The operation with the members that no definition says, from the one in its place until now.
fn completed(told: Value, known: &[Value]) -> Value {
    let same = |other: &&Value| ["target", "verb"].iter().all(|member| other[*member] == told[*member]);
    let mut whole = known.iter().find(same).and_then(Value::as_object).cloned().unwrap_or_default();
    whole.remove("authType");
    whole.extend(told.as_object().cloned().unwrap_or_default());
    Value::Object(whole)
}

/// Scopes under the product's own security scheme.
fn of_default(requirement: &Value) -> impl Iterator<Item = &Value> {
    requirement["default"].as_array().into_iter().flatten()
}

fn definition(api: &Api) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let document = shown(api);
    let operations = document["operations"].as_array().into_iter().flatten();
    for (own, kept) in api.operations.iter().zip(operations) {
        let methods = paths.entry(own.target.clone()).or_insert_with(|| json!({}));
        let plan = kept["throttlingPolicy"].as_str().filter(|plan| !plan.is_empty()).unwrap_or(UNLIMITED);
        methods[own.verb.to_ascii_lowercase()] = json!({
            "responses": {"200": {"description": "OK"}},
            "security": [{"default": own.scopes}],
            "x-auth-type": own.auth_type,
            "x-throttling-tier": plan,
        });
    }
    let scopes: Map<String, Value> = api
        .scopes
        .iter()
        .map(|own| (own.scope.name.clone(), json!(own.scope.description.clone().unwrap_or_default())))
        .collect();
    json!({
        "openapi": "3.0.1",
        "info": {"title": api.name, "version": api.version},
        "servers": [{"url": "/"}],
        "security": [{"default": []}],
        "paths": paths,
        "components": {"securitySchemes": {"default": {"type": "oauth2", "flows": {"implicit": {
            "authorizationUrl": "https://test.com", "scopes": scopes}}}}},
    })
}
