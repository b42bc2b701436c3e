//! Registering a client so that nothing is left over of an attempt that failed.
//! What belongs to an application once its client is there is left to key generation.

use super::{attempts, failures::told};
use crate::{
    connectors::{Call, ClientRegistration, ClientRequest, ConnectorError, RegisteredClient},
    domain::KeyMapping,
    mapped_clients,
    store::{Documents, StoreError},
    wire::Refusal,
};

/// Registers a client.
///
/// Where the platform chooses the client's id or marks the client, that is noted first, and what earlier attempts left is
/// taken back; the note goes with the key that comes of it. When it is not known what became of the attempt (no answer in time,
/// or none that can be read), the client that it may have made is deleted. When the server refuses because such a client
/// is still there from an earlier attempt, that one goes and the registration is tried once more. `as_mapping` says what a
/// client would be as a key.
pub(super) async fn register(
    call: Call<'_>,
    registration: &dyn ClientRegistration,
    request: &mut ClientRequest,
    as_mapping: impl Fn(RegisteredClient) -> KeyMapping,
) -> Result<RegisteredClient, Refusal> {
    choose(call, registration, request).await?;
    let failed = match registration.register(call, request).await {
        Ok(registered) => return Ok(registered),
        Err(failed) => failed,
    };
    let again = matches!(failed, ConnectorError::Refused { status: 400 | 409, .. });
    let unknown = match &failed {
        ConnectorError::Failed { .. } => true,
        ConnectorError::Unreachable(why) => !why.is_connect(),
        _ => false,
    };
    let name = &call.key_manager.name;
    if again || unknown {
        match clear(call, registration, request, as_mapping).await {
            Ok(true) if again => {
                tracing::info!(key_manager = name, "a client of an earlier attempt was in the way");
                return registration.register(call, request).await.map_err(|error| told(call.key_manager, error));
            }
            Ok(_) => forget(call, request).await?,
            Err(error) => tracing::warn!(?error, key_manager = name, "a client may be left of a failed registration"),
        }
    } else {
        forget(call, request).await?;
    }
    Err(told(call.key_manager, failed))
}

async fn choose(
    call: Call<'_>,
    registration: &dyn ClientRegistration,
    request: &mut ClientRequest,
) -> Result<(), Refusal> {
    let Some(chosen) = registration.choose_id() else { return Ok(()) };
    let taken_back = attempts::take_back(call, registration, &request.application, Some(request.key_type)).await;
    taken_back.map_err(|error| told(call.key_manager, error))?;
    request.chosen_id = Some(chosen);
    request.chosen_token = registration.choose_token();
    attempts::begin(call, request).await?;
    Ok(())
}

/// Nothing was made of the attempt, or it has become a key, or its client is gone again.
pub(super) async fn forget(call: Call<'_>, request: &ClientRequest) -> Result<(), StoreError> {
    match &request.chosen_id {
        Some(chosen) => attempts::ended(call, chosen).await,
        None => Ok(()),
    }
}

/// Deletes what an attempt left; whether there was anything. A client that is somebody's key, or that others made, stays.
async fn clear(
    call: Call<'_>,
    registration: &dyn ClientRegistration,
    request: &ClientRequest,
    as_mapping: impl Fn(RegisteredClient) -> KeyMapping,
) -> Result<bool, ConnectorError> {
    if request.chosen_id.is_some() {
        let application = &request.application;
        attempts::take_back(call, registration, application, Some(request.key_type)).await?;
        return Ok(false);
    }
    let Some(left) = registration.left_behind(call, request).await? else { return Ok(false) };
    let consumer_key = left.consumer_key.clone();
    let key_manager = call.key_manager.id;
    let is_taken = move |documents: &Documents<'_>| {
        let keys: Vec<(String, KeyMapping)> = documents.everywhere_with("consumer_key", &consumer_key)?;
        Ok::<_, StoreError>(!keys.is_empty() || mapped_clients::is_known(documents, key_manager, &consumer_key)?)
    };
    if call.site.store.read(is_taken).await? {
        return Ok(false);
    }
    registration.delete(call, &as_mapping(left)).await.map(|()| true)
}
