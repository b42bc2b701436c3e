//! Importing a discovery document: the platform fetches it and drafts a key manager from it.
//! Nothing is stored; the administrator posts the draft, corrected where needed.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Multipart, State, multipart::MultipartRejection},
};
use serde_json::{Map, Value, json};

use super::KeyManagerScopes;
use crate::platform::{
    connectors, outbound,
    site::Site,
    wire::{Caller, Code, Refusal},
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

pub(super) async fn discover(
    _caller: Caller<KeyManagerScopes>,
    State(site): State<Arc<Site>>,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refusal> {
    let (url, kind) = read_parts(parts).await?;
    if url.trim().is_empty() {
        return Ok(Json(json!({"valid": false, "value": {}})));
    }
    connectors::find(&kind).ok_or(Code::TypeUnknown)?;
    let Some(document) = fetch(&site.http, url.trim()).await else {
        return Ok(Json(json!({"valid": false, "value": {}})));
    };
    Ok(Json(json!({"valid": true, "value": draft(&document, &url, &kind)})))
}

async fn read_parts(parts: Result<Multipart, MultipartRejection>) -> Result<(String, String), Refusal> {
    let malformed = || Refusal::bad_request("Malformed request body.");
    let mut parts = parts.map_err(|_| malformed())?;
    let (mut url, mut kind) = (String::new(), String::new());
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        let name = part.name().unwrap_or_default().to_owned();
        let text = part.text().await.map_err(|_| malformed())?;
        match name.as_str() {
            "url" => url = text,
            "type" => kind = text,
            _ => {}
        }
    }
    Ok((url, kind))
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
