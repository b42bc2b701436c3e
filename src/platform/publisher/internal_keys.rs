//! The key by which a publisher tries an API out: it opens that one API, whatever credentials the API takes.
//! Accepting it is left to the gateway.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{InternalKeyScopes, apis::find};
use crate::{
    domain::{KeyType, principal},
    site::Site,
    wire::{Caller, Path, Refusal},
};

/// How long an internal key lives.
const LIFETIME_S: u64 = 60_000;

pub(super) async fn generate(
    caller: Caller<InternalKeyScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let tenant = caller.tenant.clone();
    let api = site.store.read(move |documents| find(documents, &tenant, &id)).await?;
    let now = site.clocks.of(&caller.tenant).now();
    let sandbox_only = api.production_endpoint.is_none() && api.sandbox_endpoint.is_some();
    let key_type = if sandbox_only { KeyType::Sandbox } else { KeyType::Production };
    let claims = json!({
        "iss": format!("{}/oauth2/token", site.tenant_url(&caller.tenant)),
        "sub": principal(&caller.user, &caller.tenant),
        "token_type": "InternalKey",
        "keytype": key_type.to_string(),
        "subscribedAPIs": [{
            "name": api.name, "context": api.context, "version": api.version, "publisher": api.provider, "uuid": api.id,
        }],
        "iat": now,
        "exp": now + LIFETIME_S,
        "jti": Uuid::new_v4(),
    });
    let Value::Object(claims) = claims else { unreachable!("it is written as an object") };
    let header = Map::from_iter([("typ".to_owned(), json!("JWT"))]);
    let text = site
        .signer
        .sign_to_last(&caller.tenant, header, &claims)
        .ok_or_else(|| Refusal::generic(StatusCode::INTERNAL_SERVER_ERROR, "The key could not be signed"))?;
    Ok(Json(json!({"apikey": text, "validityTime": LIFETIME_S})))
}
