//! Importing a discovery document: the platform fetches it and drafts a key manager from it.
//! Nothing is stored; the administrator posts the draft, corrected where needed.

use std::sync::Arc;

use axum::{
    Form, Json,
    extract::{FromRequest, Multipart, Request, State},
};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{KeyManagerScopes, outbound_guard::Guard};
use crate::{
    connectors, outbound,
    site::Site,
    wire::{Body, Caller, Code, Refusal},
};

/// Member of the discovery document, member of the draft.
const MEMBERS: &[(&str, &str)] = &[
    ("issuer", "issuer"),
    ("authorization_endpoint", "authorizeEndpoint"),
    ("token_endpoint", "tokenEndpoint"),
    ("revocation_endpoint", "revokeEndpoint"),
    ("introspection_endpoint", "introspectionEndpoint"),
    ("registration_endpoint", "clientRegistrationEndpoint"),
    ("userinfo_endpoint", "userInfoEndpoint"),
    ("grant_types_supported", "availableGrantTypes"),
];

/// What is to be imported: from the parts of a form, from a form's fields, or from JSON.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Order {
    #[serde(default)]
    url: String,
    #[serde(default, rename = "type")]
    kind: String,
}

pub(super) async fn discover(
    caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let order = read(request).await?;
    if order.url.trim().is_empty() {
        return Ok(Json(json!({"valid": false, "value": {}})));
    }
    site.store.read(move |documents| Guard::of(documents, &caller.tenant)).await?.check("url", &order.url)?;
    connectors::find(&order.kind).ok_or(Code::TypeUnknown)?;
    let Some(document) = fetch(&site.http, order.url.trim()).await else {
        return Ok(Json(json!({"valid": false, "value": {}})));
    };
    let mut told = json!({"valid": true, "value": draft(&document, &order.url, &order.kind)});
    let doubts = doubts(&document, order.url.trim());
    if !doubts.is_empty() {
        tracing::warn!(url = order.url, ?doubts, "a discovery document is not to be trusted unread");
        told["warnings"] = json!(doubts);
    }
    Ok(Json(told))
}

async fn read(request: Request) -> Result<Order, Refusal> {
    let malformed = || Refusal::bad_request("Malformed request body.");
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_ascii_lowercase();
    if content_type.starts_with("multipart/form-data") {
        return read_parts(Multipart::from_request(request, &()).await.map_err(|_| malformed())?).await;
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Form::from_request(request, &()).await.map(|Form(order)| order).map_err(|_| malformed());
    }
    Body::from_request(request, &()).await.map(|Body(order)| order)
}

async fn read_parts(mut parts: Multipart) -> Result<Order, Refusal> {
    let malformed = || Refusal::bad_request("Malformed request body.");
    let mut order = Order::default();
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        let name = part.name().unwrap_or_default().to_owned();
        let text = part.text().await.map_err(|_| malformed())?;
        match name.as_str() {
            "url" => order.url = text,
            "type" => order.kind = text,
            _ => {}
        }
    }
    Ok(order)
}

/// Why the document may not be what it seems: it speaks for an issuer of another place than it came from (RFC 8414,
/// section 3.3), or sends credentials over plain `http`. The administrator decides.
fn doubts(document: &Map<String, Value>, url: &str) -> Vec<String> {
    let origin = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
    let text = |member: &str| document.get(member).and_then(Value::as_str);
    let mut doubts = Vec::new();
    let issuer = text("issuer").unwrap_or_default();
    if origin(issuer).is_none_or(|issuer| Some(issuer) != origin(url)) {
        doubts.push(format!("The issuer {issuer} is of another place than the document"));
    }
    let plain = MEMBERS.iter().filter(|(theirs, _)| text(theirs).is_some_and(|value| value.starts_with("http://")));
    doubts.extend(plain.map(|(theirs, _)| format!("The {theirs} is reached by plain http")));
    doubts
}

/// The document, when it can be had in time and is a JSON object with an issuer.
async fn fetch(http: &reqwest::Client, url: &str) -> Option<Map<String, Value>> {
    let answer = match http.get(url).header("accept", "application/json").send().await {
        Ok(answer) if answer.status().is_success() => answer,
        Ok(answer) => {
            tracing::info!(url, status = %answer.status(), "no discovery document");
            return None;
        }
        Err(error) => {
            tracing::info!(url, %error, "no discovery document");
            return None;
        }
    };
    let text = outbound::body(answer).await.ok()??;
    let document: Map<String, Value> = serde_json::from_slice(&text).ok()?;
    document.get("issuer").is_some_and(Value::is_string).then_some(document)
}

fn draft(document: &Map<String, Value>, url: &str, kind: &str) -> Value {
    let mut draft = json!({
        "type": kind,
        "wellKnownEndpoint": url,
        "enabled": true,
        "enableTokenGeneration": true,
        "enableMapOAuthConsumerApps": true,
        "enableOAuthAppCreation": true,
        "enableSelfValidationJWT": true,
    });
    for (theirs, ours) in MEMBERS {
        let list = *ours == "availableGrantTypes";
        if let Some(value) =
            document.get(*theirs).filter(|value| if list { is_texts(value) } else { value.is_string() })
        {
            draft[*ours] = value.clone();
        }
    }
    if let Some(key_set) = document.get("jwks_uri").filter(|value| value.is_string()) {
        draft["certificates"] = json!({"type": "JWKS", "value": key_set});
    }
    draft
}

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|values| values.iter().all(Value::is_string))
}
