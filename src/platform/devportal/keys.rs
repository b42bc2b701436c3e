//! Keys that an application has: reading, changing and removing them.
//! How a client is changed at its authorization server is left to the connectors.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    ApplicationScopes,
    access::{own_key, visible_application},
    attempts,
    failures::told,
    key_document::{check_callback, check_properties, shown},
};
use crate::{
    connectors::{self, Call, ClientRegistration, ClientRequest, ConnectorError},
    domain::{Application, KeyManager, KeyMapping, MappingMode},
    events::Event,
    site::Site,
    store::StoreError,
    wire::{Body, Caller, Code, Path, Refusal, addressed_tenant, listing, to_the_end},
};

/// The keys whose key managers belong to the tenant that is addressed (TEN-03).
pub(super) async fn list(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let deployment = site.config.deployment.clone();
    site.store
        .read(move |documents| {
            visible_application(documents, &deployment, &caller.tenant, &caller.user, &id)?;
            let addressed = addressed_tenant(documents, &headers, &caller.tenant)?;
            let keys: Vec<KeyMapping> = documents.children(&id)?;
            let there = keys.iter().filter(|key| key.home_of_key_manager() == addressed);
            Ok(Json(listing(there.map(shown).collect())))
        })
        .await
}

pub(super) async fn read(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let found = site.store.read(move |documents| own_key(documents, &caller.tenant, &caller.user, &path)).await;
    found.map(|(_, key, _)| Json(shown(&key)))
}

/// What can be changed of a key; the rest of a document that is sent back whole is taken and ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    #[serde(default)]
    supported_grant_types: Option<Vec<String>>,
    #[serde(default)]
    callback_url: Option<String>,
    #[serde(default)]
    additional_properties: Map<String, Value>,
}

/// Changes the client at its authorization server (contract sheet, 3.4): one that the platform made there, and a mapped one
/// whose secret was given with it and is the one that its server tells. To know the id of a client proves nothing, nor does a
/// secret that nobody compares: of such a client the platform changes its own record alone.
pub(super) async fn update(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Refusal> {
    let (tenant, user) = (caller.tenant.clone(), caller.user.clone());
    let (application, mut key, key_manager) =
        site.store.read(move |documents| own_key(documents, &tenant, &user, &path)).await?;
    check_properties(&key_manager, &change.additional_properties)?;
    let connector = connectors::find(&key_manager.kind).ok_or(Code::NoClientCreation)?;
    let registration = connector.registration.ok_or(Code::NoClientCreation)?;
    let home = key.home_of_key_manager().to_owned();
    let call = Call { site: &site, tenant: &home, key_manager: &key_manager };
    let ours = match key.mode {
        MappingMode::Created => true,
        MappingMode::Mapped => as_it_is(call, registration, &mut key).await?,
    };
    // A registration is replaced as a whole, so what is not changed is said again.
    let mut properties = key.additional_properties.clone();
    properties.extend(change.additional_properties);
    connector.keep_within_limits(&key_manager, &mut properties);
    let request = ClientRequest {
        user: caller.user,
        application,
        key_type: key.key_type,
        grant_types: change.supported_grant_types.unwrap_or_else(|| key.grant_types.clone()),
        callback_url: change.callback_url.or_else(|| key.callback_url.clone()),
        properties,
        chosen_id: None,
        chosen_token: None,
    };
    check_callback(&request.grant_types, request.callback_url.as_deref())?;
    let tenant = caller.tenant;
    to_the_end(async move {
        let call = Call { site: &site, tenant: &home, key_manager: &key_manager };
        if ours {
            let changed = registration.update(call, &key, &request).await;
            let changed = changed.map_err(|error| told(&key_manager, error))?;
            key.additional_properties.extend(changed.properties);
            // Who maps a client need not know its secret, and does not get to know it by a change.
            if key.mode == MappingMode::Created {
                key.consumer_secret = changed.consumer_secret.or(key.consumer_secret);
            }
            key.management = changed.management.or(key.management);
        } else {
            key.additional_properties.extend(request.properties);
        }
        key.grant_types = request.grant_types;
        key.callback_url = request.callback_url;
        let body = shown(&key);
        keep(&site, tenant, key).await?;
        Ok(Json(body))
    })
    .await
}

/// Takes over what a mapped client is now: others may have changed it, and what is not known of it would be taken from it.
/// Where the type's servers are not asked for clients, what is known has to do. Whether the mapping proved the client's secret.
async fn as_it_is(
    call: Call<'_>,
    registration: &'static dyn ClientRegistration,
    key: &mut KeyMapping,
) -> Result<bool, Refusal> {
    match registration.read(call, &key.consumer_key).await {
        Ok(client) => {
            let proven = client.consumer_key == key.consumer_key
                && key.consumer_secret.is_some()
                && key.consumer_secret == client.consumer_secret;
            key.grant_types = client.grant_types;
            key.callback_url = client.callback_url;
            key.additional_properties.extend(client.properties);
            Ok(proven)
        }
        Err(ConnectorError::Unsupported(_)) => Ok(false),
        Err(error) => Err(told(call.key_manager, error)),
    }
}

/// Deletes the client too, when the platform registered it; while that fails the key stays, so that it can be retried.
pub(super) async fn delete(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (tenant, user) = (caller.tenant.clone(), caller.user);
    let (_, key, key_manager) = site.store.read(move |documents| own_key(documents, &tenant, &user, &path)).await?;
    to_the_end(async move {
        let forgotten = forget_client(&site, &key_manager, &key).await;
        forgotten.map_err(|error| not_deleted(&key_manager, &error))?;
        remove(&site, caller.tenant, key).await?;
        Ok(StatusCode::OK)
    })
    .await
}

/// Drops the platform's record only; the client stays at its authorization server.
pub(super) async fn clean_up(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.store
        .write(move |documents| {
            let (_, key, _) = own_key(documents, &caller.tenant, &caller.user, &path)?;
            documents.remove::<KeyMapping>(&caller.tenant, &key.id.to_string())?;
            documents.announce(Event::KeyMappingRemoved { mapping: Arc::new(key) });
            Ok(StatusCode::OK)
        })
        .await
}

pub(super) async fn regenerate_secret(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let (tenant, user) = (caller.tenant.clone(), caller.user);
    let (_, mut key, key_manager) = site.store.read(move |documents| own_key(documents, &tenant, &user, &path)).await?;
    let registration = own_client(&key, &key_manager)
        .ok_or_else(|| Refusal::bad_request("The secret of a mapped client is replaced at its Key Manager"))?;
    // With several secrets, one more is made and the old one revoked, so that nothing stops working in between.
    if site.config.deployment.several_secrets && registration.several_secrets().is_some() {
        return Err(Refusal::bad_request(
            "The key has several secrets: use its generate-secret, secrets and revoke-secret resources",
        ));
    }
    to_the_end(async move {
        let home = key.home_of_key_manager().to_owned();
        let call = Call { site: &site, tenant: &home, key_manager: &key_manager };
        let secret = registration.rotate_secret(call, &key).await.map_err(|error| match error {
            ConnectorError::Unsupported(why) => Refusal::bad_request(why),
            other => told(&key_manager, other),
        })?;
        key.consumer_secret = Some(secret.clone());
        let consumer_key = key.consumer_key.clone();
        keep(&site, caller.tenant, key).await?;
        Ok(Json(json!({"consumerKey": consumer_key, "consumerSecret": secret.reveal()})))
    })
    .await
}

/// Deletes the clients of an application's keys, and each key with its client. The first that fails ends it: what is left
/// can be tried again.
pub(super) async fn forget_clients(site: &Site, tenant: &str, keys: Vec<KeyMapping>) -> Result<(), Refusal> {
    for key in keys {
        let (in_tenant, id) = (key.home_of_key_manager().to_owned(), key.key_manager_id.to_string());
        let found: Option<KeyManager> =
            site.store.read::<_, StoreError, _>(move |documents| documents.find(&in_tenant, &id)).await?;
        if let Some(key_manager) = found {
            forget_client(site, &key_manager, &key).await.map_err(|error| not_deleted(&key_manager, &error))?;
        }
        remove(site, tenant.to_owned(), key).await?;
    }
    Ok(())
}

/// Deletes what registrations for an application left of which nothing came.
pub(super) async fn forget_attempts(
    site: &Site,
    tenant: &str,
    application: &Application,
    places: &[KeyManager],
) -> Result<(), Refusal> {
    for key_manager in places {
        let registration = connectors::find(&key_manager.kind).and_then(|connector| connector.registration);
        let Some(registration) = registration else { continue };
        let done = attempts::take_back(Call { site, tenant, key_manager }, registration, application, None).await;
        done.map_err(|error| not_deleted(key_manager, &error))?;
    }
    Ok(())
}

fn not_deleted(key_manager: &KeyManager, error: &ConnectorError) -> Refusal {
    let text = format!("Error while deleting Keys. {error} (Key Manager {})", key_manager.name);
    Refusal::from(Code::KeyDeleteFailed).because(text)
}

/// A client that is gone already is as good as deleted.
async fn forget_client(site: &Site, key_manager: &KeyManager, key: &KeyMapping) -> Result<(), ConnectorError> {
    let Some(registration) = own_client(key, key_manager) else { return Ok(()) };
    let tenant = key.home_of_key_manager();
    match registration.delete(Call { site, tenant, key_manager }, key).await {
        // A server that named no place to manage the client cannot be asked to delete it.
        Err(ConnectorError::UnknownClient | ConnectorError::Unsupported(_)) => Ok(()),
        other => other,
    }
}

/// How the client behind a key is managed; a mapped client is not ours to touch.
pub(super) fn own_client(key: &KeyMapping, key_manager: &KeyManager) -> Option<&'static dyn ClientRegistration> {
    let connector = connectors::find(&key_manager.kind)?;
    connector.registration.filter(|_| key.mode == MappingMode::Created)
}

pub(super) async fn keep(site: &Site, tenant: String, key: KeyMapping) -> Result<(), Refusal> {
    site.store
        .write(move |documents| {
            documents.find::<KeyMapping>(&tenant, &key.id.to_string())?.ok_or(Code::MappingNotFound)?;
            documents.put(&tenant, &key)?;
            documents.announce(Event::KeyMapped { mapping: Arc::new(key) });
            Ok(())
        })
        .await
}

async fn remove(site: &Site, tenant: String, key: KeyMapping) -> Result<(), Refusal> {
    site.store
        .write(move |documents| {
            documents.remove::<KeyMapping>(&tenant, &key.id.to_string())?;
            documents.announce(Event::KeyMappingRemoved { mapping: Arc::new(key) });
            Ok(())
        })
        .await
}
