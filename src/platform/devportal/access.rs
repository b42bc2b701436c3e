//! What a caller may touch: the own applications, the keys in them, and key managers; and what a group shares.
//! What is done with them is left to the handlers.

use uuid::Uuid;

use crate::{
    deployment::Deployment,
    domain::{Application, KeyManager, KeyMapping, RESIDENT_KEY_MANAGER, User, Visibility},
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

/// An application that the caller may look at: an own one, or one that is shared with the caller (APP-06).
pub(super) fn visible_application(
    documents: &Documents<'_>,
    deployment: &Deployment,
    tenant: &str,
    user: &str,
    id: &str,
) -> Result<Application, Refusal> {
    let found: Option<Application> = documents.find(tenant, id)?;
    let application = found.ok_or_else(|| Refusal::not_found("application"))?;
    if application.owner == user {
        return Ok(application);
    }
    let user = identity::user(documents, tenant, user)?;
    if shared(documents, deployment, user.as_ref(), &application)? {
        Ok(application)
    } else {
        Err(Code::NotOwner.into())
    }
}

/// Whether an application is shared with a user: with a group that the user is in, or with the organization that the
/// user and the owner both belong to, each where the deployment has such sharing.
pub(super) fn shared(
    documents: &Documents<'_>,
    deployment: &Deployment,
    user: Option<&User>,
    application: &Application,
) -> Result<bool, Refusal> {
    let Some(user) = user else { return Ok(false) };
    let in_group = || user.groups().any(|group| application.groups.iter().any(|own| own == group));
    if deployment.application_sharing && in_group() {
        return Ok(true);
    }
    let with_organization = deployment.organizations && application.visibility == Visibility::SharedWithOrg;
    let Some(organization) = user.organization().filter(|_| with_organization) else { return Ok(false) };
    let owner = identity::user(documents, &application.tenant, &application.owner)?;
    Ok(owner.is_some_and(|owner| owner.organization() == Some(organization)))
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
    let home = mapping.home_of_key_manager();
    let key_manager = documents.find(home, &mapping.key_manager_id.to_string())?.ok_or(Code::NotRegistered)?;
    Ok((application, mapping, key_manager))
}

/// A key manager and the tenant that it belongs to.
pub(super) struct Named {
    pub(super) key_manager: KeyManager,
    pub(super) tenant: String,
}

/// The key manager that a request names by name or id, one of another tenant by its id alone, and only where tenants may
/// use each other's (TEN-04).
pub(super) fn named_anywhere(
    documents: &Documents<'_>,
    deployment: &Deployment,
    tenant: &str,
    named: Option<&str>,
) -> Result<Named, Refusal> {
    match named_key_manager(documents, tenant, named) {
        Ok(key_manager) => Ok(Named { key_manager, tenant: tenant.to_owned() }),
        Err(refusal) => {
            let id = named.and_then(|named| named.parse::<Uuid>().ok()).filter(|_| deployment.cross_tenant);
            let all: Vec<(String, KeyManager)> = if id.is_some() { documents.everywhere()? } else { Vec::new() };
            let found = all.into_iter().find(|(_, one)| Some(one.id) == id);
            found.map(|(tenant, key_manager)| Named { key_manager, tenant }).ok_or(refusal)
        }
    }
}

/// The key manager of the tenant that a request names by name or id; without either it is the resident one.
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

/// The roles of a user.
pub(super) fn roles(documents: &Documents<'_>, tenant: &str, user: &str) -> Result<Vec<String>, Refusal> {
    Ok(identity::user(documents, tenant, user)?.map(|user| user.roles).unwrap_or_default())
}

/// Refuses a user whom the key manager's role restriction keeps out.
pub(super) fn check_permission(
    documents: &Documents<'_>,
    tenant: &str,
    user: &str,
    key_manager: &KeyManager,
) -> Result<(), Refusal> {
    let roles = roles(documents, tenant, user)?;
    if key_manager.permissions.admit(&roles) { Ok(()) } else { Err(Code::KeyManagerRestricted.into()) }
}
