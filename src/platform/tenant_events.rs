//! Tenants that an identity server announces: made, given another password, switched off and on.
//! Who may announce anything is checked by `notify`; which key manager such a tenant gets is configured.

use std::sync::Arc;

use http::StatusCode;
use kmspec_mocks::objects;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    domain::{SUPER_TENANT, Secret, Tenant, User},
    error::PlatformError,
    identity::{self, TenantSpec, UserSpec},
    lifecycle,
    resident::end_tokens_of,
    resident_key_manager::resident_key_manager,
    site::Site,
    store::Documents,
    wire::Refusal,
};

/// The value of `X-WSO2-KEY-MANAGER` on such events.
pub(super) const HANDLER: &str = "TENANT_MANAGEMENT";

const KIND: &str = "https://schemas.identity.wso2.org/events/tenant/event-type/";

/// A security event token's claims (RFC 8417), as far as they matter.
#[derive(Debug, Deserialize)]
struct Notice {
    events: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Told {
    tenant: Announced,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Announced {
    domain: String,
    #[serde(default)]
    owners: Vec<Owner>,
    #[serde(default)]
    lifecycle_status: Option<Status>,
}

#[derive(Debug, Deserialize)]
struct Owner {
    #[serde(default)]
    username: Option<String>,
    password: Secret,
}

#[derive(Debug, Deserialize)]
struct Status {
    activated: bool,
}

/// Carries out what an event says; one of an unknown kind is received and ignored, as the product does.
pub(super) async fn take(site: &Arc<Site>, notice: Value) -> Result<StatusCode, Refusal> {
    let malformed = || Refusal::bad_request("Malformed request body.");
    let notice: Notice = objects::from_value(notice).map_err(|_| malformed())?;
    for (uri, told) in notice.events {
        let Some(kind) = uri.strip_prefix(KIND) else { continue };
        if !["tenantCreated", "tenantOwnerUpdated", "tenantActivated"].contains(&kind) {
            tracing::info!(kind, "a tenant event of an unknown kind was ignored");
            continue;
        }
        let Told { tenant } = objects::from_value(told).map_err(|_| malformed())?;
        match kind {
            "tenantCreated" => create(site, tenant).await?,
            "tenantOwnerUpdated" => update_owner(site, tenant).await?,
            _ => activate(site, tenant).await?,
        }
    }
    Ok(StatusCode::OK)
}

/// Makes a tenant with its owner as administrator. One that is there already stays as it is, since events come twice.
async fn create(site: &Arc<Site>, announced: Announced) -> Result<(), Refusal> {
    let domain = announced.domain;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if domain.is_empty() || !domain.chars().all(allowed) {
        return Err(Refusal::bad_request("tenant.domain: is no domain"));
    }
    let owner = announced.owners.into_iter().next();
    let owner = owner.ok_or_else(|| Refusal::bad_request("tenant.owners: a tenant needs an owner"))?;
    let name = owner.username.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::bad_request("tenant.owners: the owner needs a username"))?;
    let suffix = format!("@{domain}");
    let name = name.strip_suffix(&suffix).unwrap_or(&name).to_owned();
    let password = owner.password.reveal();
    let sharing = site.config.deployment.tenant_sharing.iter().find(|one| one.automatic && !one.base_url.is_empty());
    let key_manager = match sharing {
        Some(sharing) => Some(sharing.key_manager(&domain, (&name, password))),
        None if site.config.deployment.skip_resident => None,
        None => Some(resident_key_manager(site, &domain)),
    };
    let administrator = UserSpec { name, password: password.to_owned(), roles: vec![] };
    let spec = TenantSpec { domain, administrator, users: vec![], roles: vec![], clock: None };
    match lifecycle::create_tenant(site, spec, key_manager).await {
        Ok(()) | Err(PlatformError::TenantExists(_)) => Ok(()),
        Err(PlatformError::Store(error)) => Err(error.into()),
        Err(other) => Err(Refusal::bad_request(other.to_string())),
    }
}

/// Gives the owner another password.
async fn update_owner(site: &Site, announced: Announced) -> Result<(), Refusal> {
    let Some(owner) = announced.owners.into_iter().next() else {
        return Err(Refusal::bad_request("tenant.owners: there is no owner in the event"));
    };
    let now = site.clocks.of(&announced.domain).now();
    site.store
        .write(move |documents| {
            let tenant = known(documents, &announced.domain)?;
            let user: Option<User> = identity::user(documents, &tenant.domain, &tenant.administrator)?;
            let user = user.ok_or_else(|| Refusal::not_found("user"))?;
            end_tokens_of(documents, &user, now)?;
            Ok(identity::set_password(documents, user, owner.password.reveal())?)
        })
        .await
}

/// Lets the users of a tenant in, or keeps them out.
async fn activate(site: &Site, announced: Announced) -> Result<(), Refusal> {
    let Some(Status { activated }) = announced.lifecycle_status else {
        return Err(Refusal::bad_request("tenant.lifecycleStatus: must not be null"));
    };
    site.store
        .write(move |documents| {
            let tenant = known(documents, &announced.domain)?;
            let domain = tenant.domain.clone();
            Ok(documents.put(&domain, &Tenant { active: activated, ..tenant })?)
        })
        .await
}

/// The tenant; the super tenant is nobody's to change.
fn known(documents: &Documents<'_>, domain: &str) -> Result<Tenant, Refusal> {
    let found: Option<Tenant> = documents.find_anywhere(domain)?;
    found.filter(|tenant| tenant.domain != SUPER_TENANT).ok_or_else(|| Refusal::not_found("tenant"))
}
