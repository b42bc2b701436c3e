//! Registrations that may have left a client behind: noted before the server is asked, taken back before it is asked again.
//! An attempt outlives a crash of the platform, so that no client stays that nobody knows of.

use crate::{
    connectors::{Call, ClientRegistration, ClientRequest, ConnectorError},
    domain::{Application, ClientAttempt, ClientManagement, KeyManager, KeyMapping, KeyState, KeyType, MappingMode},
    store::{Documents, StoreError},
};

/// Notes that the client is asked for, where anything about it was chosen.
pub(super) async fn begin(call: Call<'_>, request: &ClientRequest) -> Result<(), StoreError> {
    let Some(chosen) = request.chosen_id.clone() else { return Ok(()) };
    let attempt = ClientAttempt {
        client_id: chosen,
        application_id: request.application.id,
        key_manager_id: call.key_manager.id,
        key_type: request.key_type,
        token: request.chosen_token.clone(),
    };
    let tenant = call.tenant.to_owned();
    call.site.store.write(move |documents| documents.put(&tenant, &attempt)).await
}

/// The attempt has its end: its client is a key, or is not there.
pub(super) fn end(documents: &Documents<'_>, tenant: &str, client_id: &str) -> Result<(), StoreError> {
    documents.remove::<ClientAttempt>(tenant, client_id).map(drop)
}

/// The same in a piece of work of its own.
pub(super) async fn ended(call: Call<'_>, client_id: &str) -> Result<(), StoreError> {
    let (tenant, id) = (call.tenant.to_owned(), client_id.to_owned());
    call.site.store.write(move |documents| end(documents, &tenant, &id)).await
}

/// Deletes the clients of earlier attempts for this application at the key manager, of one key type or of both. What
/// cannot be deleted now stays noted.
pub(super) async fn take_back(
    call: Call<'_>,
    registration: &dyn ClientRegistration,
    application: &Application,
    key_type: Option<KeyType>,
) -> Result<(), ConnectorError> {
    let id = application.id.to_string();
    let all: Vec<ClientAttempt> =
        call.site.store.read::<_, StoreError, _>(move |documents| documents.children(&id)).await?;
    let here = |one: &&ClientAttempt| {
        one.key_manager_id == call.key_manager.id && key_type.is_none_or(|wanted| one.key_type == wanted)
    };
    for attempt in all.iter().filter(here) {
        if let Some(client) = registration.made_of(call, &attempt.client_id).await? {
            match registration.delete(call, &as_key(call, attempt, client)).await {
                Ok(()) | Err(ConnectorError::UnknownClient | ConnectorError::Unsupported(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let key_manager = &call.key_manager.name;
        tracing::info!(key_manager, attempt = attempt.client_id, "what an earlier attempt may have left is gone");
        ended(call, &attempt.client_id).await?;
    }
    Ok(())
}

/// The key managers where attempts of an application are noted.
pub(super) fn places(
    documents: &Documents<'_>,
    tenant: &str,
    application: &str,
) -> Result<Vec<KeyManager>, StoreError> {
    let all: Vec<ClientAttempt> = documents.children(application)?;
    let mut ids: Vec<_> = all.iter().map(|one| one.key_manager_id).collect();
    ids.sort();
    ids.dedup();
    let found: Result<Vec<Option<KeyManager>>, _> =
        ids.iter().map(|id| documents.find(tenant, &id.to_string())).collect();
    Ok(found?.into_iter().flatten().collect())
}

/// The key that the client would have been.
fn as_key(call: Call<'_>, attempt: &ClientAttempt, client: String) -> KeyMapping {
    let token = attempt.token.clone();
    KeyMapping {
        id: uuid::Uuid::nil(),
        tenant: call.tenant.to_owned(),
        application_id: attempt.application_id,
        key_manager_id: attempt.key_manager_id,
        key_manager_tenant: None,
        key_manager_name: call.key_manager.name.clone(),
        key_type: attempt.key_type,
        mode: MappingMode::Created,
        state: KeyState::Completed,
        consumer_key: client,
        consumer_secret: None,
        grant_types: Vec::new(),
        callback_url: None,
        additional_properties: serde_json::Map::new(),
        management: token.map(|token| ClientManagement { uri: String::new(), token }),
    }
}
