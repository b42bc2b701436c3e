//! Out-of-band provisioning: an OAuth client that exists is attached to an application.
//! The authorization server is asked for it only where its type can be and the key manager says so.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    ApplicationScopes,
    access::{Named, named_anywhere, own_application},
    failures::told,
    generate_keys::check_free,
    key_document::{self, key_type},
};
use crate::{
    connectors::{self, Call, ConnectorError, RegisteredClient},
    domain::{KeyManager, KeyMapping, KeyState, MappingMode, Secret, TokenType},
    events::Event,
    mapped_clients,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, Path, Refusal},
};

/// `ApplicationKeyMappingRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MapRequest {
    consumer_key: String,
    key_type: String,
    #[serde(default)]
    consumer_secret: Option<Secret>,
    #[serde(default)]
    key_manager: Option<String>,
}

pub(super) async fn map_keys(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(request): Body<MapRequest>,
) -> Result<Json<Value>, Refusal> {
    let kind = key_type(&request.key_type);
    let (tenant, user, named) = (caller.tenant.clone(), caller.user, request.key_manager.clone());
    let deployment = site.config.deployment.clone();
    let (application, named) = site
        .store
        .read(move |documents| {
            let application = own_application(documents, &tenant, &user, &id)?;
            let named = named_anywhere(documents, &deployment, &tenant, named.as_deref())?;
            check_switches(&named.key_manager)?;
            Ok::<_, Refusal>((application, named))
        })
        .await?;
    let Named { key_manager, tenant: home } = named;
    let kind = kind?;
    if request.consumer_key.trim().is_empty() {
        return Err(Refusal::bad_request("consumerKey: must not be blank"));
    }
    let mut mapping = KeyMapping {
        id: Uuid::new_v4(),
        tenant: caller.tenant.clone(),
        application_id: application.id,
        key_manager_id: key_manager.id,
        key_manager_name: key_manager.name.clone(),
        key_type: kind,
        mode: MappingMode::Mapped,
        state: KeyState::Completed,
        consumer_key: request.consumer_key,
        consumer_secret: request.consumer_secret.filter(|secret| !secret.reveal().is_empty()),
        grant_types: vec![],
        callback_url: None,
        additional_properties: Map::new(),
        management: None,
        key_manager_tenant: (home != caller.tenant).then(|| home.clone()),
    };
    let (tenant, early) = (caller.tenant.clone(), mapping.clone());
    let checked = (application.clone(), key_manager.clone());
    let check = move |documents: &Documents<'_>| {
        check_free(documents, &tenant, &checked.0, early.key_type, &checked.1)?;
        check_unmapped(documents, &early)
    };
    site.store.read(check).await?;
    if let Some(client) = look_up(&site, &home, &key_manager, &mapping).await? {
        mapping.grant_types = client.grant_types;
        mapping.callback_url = client.callback_url;
        mapping.additional_properties = client.properties;
    }
    let (tenant, kept) = (caller.tenant, mapping.clone());
    site.store
        .write(move |documents| {
            check_free(documents, &tenant, &application, kept.key_type, &key_manager)?;
            check_unmapped(documents, &kept)?;
            documents.put(&tenant, &kept)?;
            mapped_clients::remember(documents, &kept)?;
            documents.announce(Event::KeyMapped { mapping: Arc::new(kept) });
            Ok::<_, Refusal>(())
        })
        .await?;
    Ok(Json(key_document::shown(&mapping)))
}

fn check_switches(key_manager: &KeyManager) -> Result<(), Refusal> {
    if !key_manager.enabled {
        return Err(Code::NotRegistered.into());
    }
    if key_manager.token_type == TokenType::Exchanged {
        return Err(Code::NoClientCreation.into());
    }
    // The product may leave this to the form; the seed documents demand that it cannot be done when switched off.
    if !key_manager.enable_map_oauth_consumer_apps {
        return Err(Code::NoClientMapping.into());
    }
    Ok(())
}

/// Refuses a client that is mapped with this key manager already, by any application.
fn check_unmapped(documents: &Documents<'_>, mapping: &KeyMapping) -> Result<(), Refusal> {
    let all: Vec<(String, KeyMapping)> = documents.everywhere_with("consumer_key", &mapping.consumer_key)?;
    let taken = all.iter().any(|(_, other)| other.key_manager_id == mapping.key_manager_id);
    if taken { Err(Code::MappingExists.into()) } else { Ok(()) }
}

/// The client as its authorization server has it; `None` where it is taken as sent.
async fn look_up(
    site: &Site,
    tenant: &str,
    key_manager: &KeyManager,
    mapping: &KeyMapping,
) -> Result<Option<RegisteredClient>, Refusal> {
    let connector = connectors::find(&key_manager.kind).ok_or(Code::TypeUnknown)?;
    let asked = key_manager.enable_provisioned_app_validation && site.config.deployment.provisioned_app_validation;
    let Some(registration) = connector.registration.filter(|_| asked) else {
        return Ok(None);
    };
    let client = match registration.read(Call { site, tenant, key_manager }, &mapping.consumer_key).await {
        Ok(client) => client,
        Err(ConnectorError::Unsupported(_)) => return Ok(None),
        // The product answers every failure of this look-up with 500.
        Err(ConnectorError::Refused { .. }) => return Err(told(key_manager, ConnectorError::UnknownClient)),
        Err(error) => return Err(told(key_manager, error)),
    };
    // Some servers find a client by a part of its id.
    if client.consumer_key != mapping.consumer_key {
        return Err(told(key_manager, ConnectorError::UnknownClient));
    }
    let same = match (&mapping.consumer_secret, &client.consumer_secret) {
        (Some(sent), Some(real)) => sent == real,
        _ => true,
    };
    if same { Ok(Some(client)) } else { Err(told(key_manager, ConnectorError::UnknownClient)) }
}
