//! What the rooms of a running platform share.
//! Each room's own state is left to the room.

use std::sync::Arc;

use super::{
    clocks::Clocks,
    config::PlatformConfig,
    domain::SUPER_TENANT,
    events::EventBus,
    identity::Identity,
    panics::Panics,
    plane_tokens::{PlaneCaller, VerifyPlaneToken},
    scope_work::ScopeWork,
    signer::Signer,
    store::Store,
    underway::Underway,
};

/// Shared by every room of one platform.
pub struct Site {
    /// The settings it was started with.
    pub config: PlatformConfig,
    /// `https://host:port` of the management planes and the resident key manager.
    pub management_url: String,
    /// `https://host:port` of API traffic.
    pub gateway_url: String,
    /// The documents.
    pub store: Store,
    /// Changes, after they were committed.
    pub bus: EventBus,
    /// Users and roles.
    pub identity: Identity,
    /// The clock of each tenant.
    pub clocks: Clocks,
    /// For outgoing calls.
    pub http: reqwest::Client,
    /// Panics so far.
    pub panics: Panics,
    /// Registrations that have begun.
    pub underway: Underway,
    /// Scopes that key managers are to be told of.
    pub(super) scope_work: ScopeWork,
    /// Reads the bearer tokens of the management planes.
    pub plane_tokens: Arc<dyn VerifyPlaneToken>,
    /// Signs API keys, and what backends are told.
    pub signer: Arc<dyn Signer>,
}

impl Site {
    /// The base of a tenant's OAuth endpoints, without a slash at the end: `https://host:port` for the super tenant,
    /// `https://host:port/t/{tenant}` for others.
    pub fn tenant_url(&self, tenant: &str) -> String {
        tenant_url(&self.management_url, tenant)
    }

    /// The caller behind a bearer token.
    pub fn caller(&self, bearer: &str) -> Option<PlaneCaller> {
        self.plane_tokens.verify(bearer)
    }
}

/// The base of a tenant at a server of this family: below `/t/{tenant}`, and at the root for the super tenant.
pub(super) fn tenant_url(management_url: &str, tenant: &str) -> String {
    if tenant == SUPER_TENANT { management_url.to_owned() } else { format!("{management_url}/t/{tenant}") }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("management_url", &self.management_url).finish_non_exhaustive()
    }
}
