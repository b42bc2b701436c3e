//! What the stage sets up for one scenario: a tenant, personas who can log in, planes, names that clash with nobody's.
//! How it comes about differs by subject and is the business of `runner/provisioning`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use kmspec_mocks::realm::{Clock, KeyChest};
use url::Url;

use crate::runner::provisioning::fixed::{Cast, FixedIssuer};
use kmspec_drivers::{
    admin::Admin,
    devportal::Devportal,
    error::DriverError,
    exchange_log::ExchangeLog,
    gateway::Gateway,
    ledger::Ledger,
    notify::Notify,
    publisher::Publisher,
    resident::Resident,
    session::{Planes, Session},
    wire::Wire,
};
use kmspec_model::{
    capability::Capability,
    exchange::{Plane, Role},
    target::{Bounds, Persona},
};

/// Everything a scenario stands on.
#[derive(Debug)]
pub struct Scene {
    /// Domain of the tenant; `carbon.super` where the subject has no others.
    pub tenant: String,
    /// Where the planes are.
    pub planes: Arc<Planes>,
    /// Times within which changes must bite.
    pub bounds: Bounds,
    /// Put before the names of objects, so that no two scenarios of a shared subject clash; may be empty.
    pub prefix: String,
    /// Where the gateway reaches the echo backend.
    pub backend_url: String,
    /// What was created and has to go again.
    pub ledger: Ledger,
    /// The clock of the tenant, where it can be moved.
    pub clock: Option<Clock>,
    /// Where the scenario's issuers have their keys from, so that no two of them share one.
    pub keys: KeyChest,
    configured: Option<Mutex<Cast>>,
    pub(crate) wire: Wire,
    pub(crate) log: ExchangeLog,
    pub(crate) sessions: BTreeMap<Role, Session>,
}

/// Domain of the tenant that every platform has.
pub const SUPER_TENANT: &str = "carbon.super";

/// What a scene is made of.
#[derive(Debug)]
pub struct SceneParts {
    /// Domain of the tenant.
    pub tenant: String,
    /// Where the planes are.
    pub planes: Planes,
    /// Users by role.
    pub personas: BTreeMap<Role, Persona>,
    /// Times within which changes must bite.
    pub bounds: Bounds,
    /// Put before the names of objects.
    pub prefix: String,
    /// Where the gateway reaches the echo backend.
    pub backend_url: String,
    /// The issuers of a gateway that was configured beforehand; `None` where scenarios attach their own.
    pub configured: Option<Cast>,
}

impl Scene {
    /// The scene made of these parts, on this wire, writing into this log.
    pub fn new(parts: SceneParts, wire: Wire, log: ExchangeLog) -> Self {
        let planes = Arc::new(parts.planes);
        let ledger = Ledger::default();
        let sessions = parts
            .personas
            .into_iter()
            .map(|(role, persona)| {
                // One management client a persona and scenario: scenarios do not share tokens.
                let client = format!("{}kmspec-{}", parts.prefix, role.to_string().replace(' ', "-"));
                let session =
                    Session::of(persona, role, &client, planes.clone(), wire.clone(), log.clone(), ledger.clone());
                (role, session)
            })
            .collect();
        let keys = KeyChest::default();
        for issuer in parts.configured.iter().flat_map(Cast::issuers) {
            issuer.forge.keys().published_keys().iter().for_each(|key| keys.claim(key));
        }
        Self {
            tenant: parts.tenant,
            planes,
            bounds: parts.bounds,
            prefix: parts.prefix,
            backend_url: parts.backend_url,
            keys,
            configured: parts.configured.map(Mutex::new),
            ledger,
            clock: None,
            wire,
            log,
            sessions,
        }
    }

    /// The name that an object gets at the subject when the scenario calls it this.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// On a gateway that was configured beforehand, the issuer that the scenario calls by this name; `None` where the
    /// scenario has to attach one.
    ///
    /// # Errors
    ///
    /// The missing capability when the gateway has not got so many issuers.
    pub fn configured_issuer(&self, name: &str) -> Result<Option<FixedIssuer>, Capability> {
        let Some(cast) = &self.configured else { return Ok(None) };
        let issuer = cast.lock().unwrap_or_else(PoisonError::into_inner).issuer(name);
        issuer.map(Some).ok_or(Capability::FreshIssuer)
    }

    /// The persona in a role.
    ///
    /// # Errors
    ///
    /// [`DriverError::NoPersona`] when the subject has no such persona.
    pub fn session(&self, role: Role) -> Result<&Session, DriverError> {
        self.sessions.get(&role).ok_or(DriverError::NoPersona(role))
    }

    /// From here on somebody else plays that role.
    pub fn recast(&mut self, role: Role, persona: Persona) {
        let client = format!("{}kmspec-{}", self.prefix, uuid::Uuid::new_v4().simple());
        let (planes, wire, log, ledger) =
            (self.planes.clone(), self.wire.clone(), self.log.clone(), self.ledger.clone());
        self.sessions.insert(role, Session::of(persona, role, &client, planes, wire, log, ledger));
    }

    /// The Admin interface in the hands of a role.
    ///
    /// # Errors
    ///
    /// As [`Scene::session`].
    pub fn admin(&self, role: Role) -> Result<Admin, DriverError> {
        Ok(Admin::new(self.session(role)?.clone()))
    }

    /// The Publisher interface in the hands of a role.
    ///
    /// # Errors
    ///
    /// As [`Scene::session`].
    pub fn publisher(&self, role: Role) -> Result<Publisher, DriverError> {
        Ok(Publisher::new(self.session(role)?.clone()))
    }

    /// The Developer Portal interface in the hands of a role.
    ///
    /// # Errors
    ///
    /// As [`Scene::session`].
    pub fn devportal(&self, role: Role) -> Result<Devportal, DriverError> {
        Ok(Devportal::new(self.session(role)?.clone()))
    }

    /// The gateway in the hands of an API consumer.
    ///
    /// # Errors
    ///
    /// [`DriverError::NoPlane`] when the subject has none.
    pub fn gateway(&self) -> Result<Gateway, DriverError> {
        let root = self.planes.gateway.clone().ok_or(DriverError::NoPlane("gateway"))?;
        Ok(Gateway::new(self.wire.line(&self.log, Role::ApiConsumer, Plane::Gateway), root))
    }

    /// The tenant's resident key manager in the hands of an OAuth client.
    ///
    /// # Errors
    ///
    /// [`DriverError::NoPlane`] when the subject has none.
    pub fn resident(&self) -> Result<Resident, DriverError> {
        let line = self.wire.line(&self.log, Role::OauthClient, Plane::Resident);
        let tenant = (self.tenant != SUPER_TENANT).then_some(self.tenant.as_str());
        Ok(Resident::new(line, self.management_root()?, tenant))
    }

    /// The event intake in the hands of an authorization server.
    ///
    /// # Errors
    ///
    /// [`DriverError::NoPlane`] when the subject has none.
    pub fn notify(&self) -> Result<Notify, DriverError> {
        let line = self.wire.line(&self.log, Role::OauthClient, Plane::Notify);
        Ok(Notify::new(line, self.management_root()?))
    }

    /// Path on the gateway of what the API with this context and version offers below `rest`.
    pub fn api_path(&self, context: &str, version: &str, rest: &str) -> String {
        let context = context.trim_matches('/');
        let context = if self.tenant == SUPER_TENANT || context.starts_with("t/") {
            context.to_owned()
        } else {
            format!("t/{}/{context}", self.tenant)
        };
        format!("/{context}/{version}/{}", rest.trim_start_matches('/'))
    }

    /// Every persona logs in again before its next call.
    pub fn forget_tokens(&self) {
        self.sessions.values().for_each(Session::forget_token);
    }

    fn management_root(&self) -> Result<Url, DriverError> {
        self.planes.resident.clone().ok_or(DriverError::NoPlane("resident"))
    }
}
