//! What a caller may touch: the own applications, the keys in them, and key managers.
//! What is done with them is left to the handlers.

use uuid::Uuid;

use crate::platform::{
    domain::{Application, KeyManager, KeyMapping, RESIDENT_KEY_MANAGER},
    identity,
    store::Documents,
    wire::{Code, Refusal},
};

/// The caller's own application: 404 when there is none in the tenant, 403 when it is somebody else's.
pub(super) fn own_application(
    documents: &Documents<'_>,
    tenant: &str,
    user: &str,
    id: &str,
) -> Result<Application, Refusal> {
    let found: Option<Application> = documents.find(tenant, id)?;
    let application = found.ok_or_else(|| Refusal::not_found("application"))?;
    if application.owner != user {
        return Err(Code::NotOwner.into());
    }
    Ok(application)
}

/// A key of the caller's own application, with the key manager it belongs to.
pub(super) fn own_key(
    documents: &Documents<'_>,
    tenant: &str,
    user: &str,
    (application, mapping): &(String, String),
) -> Result<(Application, KeyMapping, KeyManager), Refusal> {
    let application = own_application(documents, tenant, user, application)?;
    let found: Option<KeyMapping> = documents.find(tenant, mapping)?;
    let mapping = found.filter(|mapping| mapping.application_id == application.id).ok_or(Code::MappingNotFound)?;
    let key_manager = documents.find(tenant, &mapping.key_manager_id.to_string())?.ok_or(Code::NotRegistered)?;
    Ok((application, mapping, key_manager))
}

/// The key manager that a request names by name or id; without either it is the resident one.
pub(super) fn named_key_manager(
    documents: &Documents<'_>,
    tenant: &str,
    named: Option<&str>,
) -> Result<KeyManager, Refusal> {
    let named = named.filter(|named| !named.trim().is_empty()).unwrap_or(RESIDENT_KEY_MANAGER);
    if let Some(found) = documents.find_by_key(tenant, named)? {
        return Ok(found);
    }
    let id = named.parse::<Uuid>().map_err(|_| Code::NotRegistered)?;
    documents.find(tenant, &id.to_string())?.ok_or_else(|| Code::NotRegistered.into())
}

/// Refuses a user whom the key manager's role restriction keeps out.
pub(super) fn check_permission(
    documents: &Documents<'_>,
    tenant: &str,
    user: &str,
    key_manager: &KeyManager,
) -> Result<(), Refusal> {
    let roles = identity::user(documents, tenant, user)?.map(|user| user.roles).unwrap_or_default();
    if key_manager.permissions.admit(&roles) { Ok(()) } else { Err(Code::KeyManagerRestricted.into()) }
}
