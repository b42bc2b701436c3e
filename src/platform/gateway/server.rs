//! The gateway's state, its feeding by events, and the order in which a call is checked.
//! Listening, TLS and the catching of panics are left to the platform's server.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::Response,
};
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::{
    admission::{Admitted, admit, credential_headers},
    authenticate::Caller,
    backend_jwt,
    backend_login::BackendTokens,
    forward::{Forward, endpoint},
    introspection::Introspections,
    key_manager::{RunningKeyManager, TokenTerms},
    keys::Fetcher,
    local::LocalKeyManager,
    mediation,
    refusal::Refusal,
    revocations::Revocations,
    routes::Route,
    state::Tenant,
};
use crate::{
    domain::{self, ApiStatus, Application, KeyMapping, SUPER_TENANT, Subscription},
    events::Event,
    site::Site,
    store::{Revocation, StoreError},
};
use kmspec_validation::VerifiedTokens;

/// Tokens and introspection answers that are remembered.
const REMEMBERED: usize = 100_000;

/// Longer request bodies are refused.
const MAX_BODY_BYTES: usize = 16 << 20;

/// A gateway at work; it lives as long as its router and ends with the event bus.
#[derive(Clone)]
pub struct Gateway(Arc<GatewayState>);

/// What all parts of the gateway share.
pub(super) struct GatewayState {
    pub(super) site: Arc<Site>,
    pub(super) local: Arc<dyn LocalKeyManager>,
    pub(super) told: backend_jwt::Told,
    pub(super) backend_tokens: BackendTokens,
    pub(super) verified: VerifiedTokens,
    pub(super) introspections: Introspections,
    pub(super) revocations: Revocations,
    tenants: RwLock<HashMap<String, Arc<Tenant>>>,
}

impl Gateway {
    /// Loads what the store knows and follows the events from then on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub async fn open(site: Arc<Site>, local: Arc<dyn LocalKeyManager>) -> Result<Self, StoreError> {
        let mut events = site.bus.subscribe();
        let state = Arc::new(GatewayState {
            verified: VerifiedTokens::with_capacity(REMEMBERED),
            introspections: Introspections::new(REMEMBERED, site.config.deployment.introspection_cache),
            revocations: Revocations::default(),
            told: backend_jwt::Told::with_capacity(REMEMBERED),
            backend_tokens: BackendTokens::with_capacity(1_000),
            tenants: RwLock::default(),
            local,
            site,
        });
        state.load().await?;
        let reader = Arc::downgrade(&state);
        let panics = state.site.panics.clone();
        tokio::spawn(async move {
            let follow = async {
                loop {
                    let event = events.recv().await;
                    let Some(state) = reader.upgrade() else { break };
                    match event {
                        Ok(event) => state.apply(event),
                        Err(RecvError::Lagged(_)) => {
                            if let Err(error) = state.load().await {
                                tracing::error!(%error, "the gateway could not load its state again");
                            }
                        }
                        Err(RecvError::Closed) => break,
                    }
                }
            };
            panics.catch("gateway events", follow).await;
        });
        Ok(Self(state))
    }

    /// Takes API traffic.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.0.clone())
    }
}

async fn handle(State(state): State<Arc<GatewayState>>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let found = state.tenant_of(path).and_then(|tenant| {
        let route = tenant.read(|known| known.route(path)).ok_or(Refusal::NotFound)?;
        Ok((tenant, route))
    });
    match found {
        Err(refusal) => {
            // Read all the same: what is left of it would be in the way of the next request on the connection.
            let _ = to_bytes(request.into_body(), MAX_BODY_BYTES).await;
            refusal.response(false)
        }
        Ok((tenant, route)) => {
            let takes_api_keys = route.api.security_scheme.iter().any(|scheme| scheme == "api_key");
            let passed = pass(&state, &tenant, &route, request).await;
            passed.unwrap_or_else(|refusal| refusal.response(takes_api_keys))
        }
    }
}

/// All checks of one call in their order, then the backend.
async fn pass(
    state: &GatewayState,
    tenant: &Tenant,
    route: &Route,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let (mut parts, body) = request.into_parts();
    // Read before anything is refused: a client that still sends would not see the answer.
    let mut body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Refusal::BodyTooLong)?;
    let (api, deployment) = (&route.api, &state.site.config.deployment);
    if api.status == ApiStatus::Blocked {
        return Err(Refusal::ApiBlocked);
    }
    let operation = route.operation(parts.method.as_str()).ok_or(Refusal::NoResource)?;
    let query = parts.uri.query().unwrap_or_default();
    let caller = match operation.is_open() {
        true => Admitted::default(),
        false => admit(state, tenant, api, operation, &parts).await?,
    };
    let played = &operation.played;
    if played.json_to_xml {
        body = mediation::json_to_xml(&mut parts.headers, body)?;
    }
    if let (Some(only), Some(presented)) = (deployment.only_keys(), caller.key_type)
        && only != presented
    {
        return Err(Refusal::OtherEnvironment(presented));
    }
    let (key_type, endpoint) = endpoint(api, caller.key_type)?;
    let login = match api.endpoint_security.of(key_type) {
        Some(login) => state.backend_tokens.authorization(&state.site.http, login).await?,
        None => None,
    };
    let call = Forward {
        method: parts.method,
        endpoint,
        resource: &route.resource,
        query,
        headers: &parts.headers,
        credentials: credential_headers(api, &deployment.token_header),
        changes: &played.request_headers,
        assertion: backend_jwt::assertion(state, tenant, api, &caller).await,
        assertion_header: &deployment.backend_jwt.header,
        login,
        body,
    };
    let answer = call.send(&state.site.http).await?;
    if let (Some(scope), Some(token)) = (&played.one_time_scope, &caller.token)
        && token.has_scope_of(std::slice::from_ref(scope))
    {
        state.use_up(tenant, token).await?;
    }
    mediation::answered(played, answer).await
}

impl GatewayState {
    /// The tenant whose part of the address space the path is in: `/t/{tenant}/…`, else the super tenant's.
    fn tenant_of(&self, path: &str) -> Result<Arc<Tenant>, Refusal> {
        let domain = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).unwrap_or(SUPER_TENANT);
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        match tenants.get(domain) {
            Some(tenant) => Ok(tenant.clone()),
            None if tenants.keys().any(|known| known.eq_ignore_ascii_case(domain)) => Err(Refusal::MiscasedTenant),
            None => Err(Refusal::NotFound),
        }
    }

    /// An application, of this tenant or of another that may call this one's APIs.
    pub(super) fn application(&self, tenant: &Tenant, id: Uuid) -> Option<Arc<Application>> {
        let own = tenant.read(|known| known.application(id).cloned());
        own.or_else(|| {
            let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
            tenants.values().find_map(|other| other.read(|known| known.application(id).cloned()))
        })
    }

    /// Ends a token that counts once; kept, so that it stays ended over a restart.
    async fn use_up(&self, tenant: &Tenant, caller: &Caller) -> Result<(), Refusal> {
        let Some(id) = caller.claims.token_id().map(str::to_owned) else { return Ok(()) };
        let expires_at_ms = caller.claims.expiry().map_or(u64::MAX, |end| end.saturating_mul(1000));
        let domain = tenant.domain.clone();
        let used = Revocation::Token { token: id.clone(), expires_at_ms };
        let revoked = self.site.store.write(move |documents| {
            documents.put(&domain, &Revocation::Token { token: id.clone(), expires_at_ms })?;
            documents.announce(Event::TokenRevoked { tenant: domain, token: id, expires_at_ms });
            Ok::<_, StoreError>(())
        });
        revoked.await.map_err(|error| {
            tracing::error!(%error, "a token that counts once could not be revoked");
            Refusal::InvalidCredentials
        })?;
        // The next call may come before the event does.
        self.revoke(&tenant.domain, used);
        Ok(())
    }

    /// Fetches a key manager's keys again when it is time, while the traffic goes on.
    pub(super) fn refresh_keys(&self, key_manager: &Arc<RunningKeyManager>, tenant: &str) {
        if !key_manager.keys.wants_refresh(self.site.config.key_refresh) {
            return;
        }
        let (key_manager, tenant) = (key_manager.clone(), tenant.to_owned());
        let (http, local, panics) = (self.site.http.clone(), self.local.clone(), self.site.panics.clone());
        tokio::spawn(async move {
            let fetcher = Fetcher { http: &http, local: local.as_ref(), tenant: &tenant };
            panics.catch("key refresh", key_manager.keys.refresh(&fetcher)).await;
        });
    }

    /// Loads everything, in place of what was known.
    async fn load(&self) -> Result<(), StoreError> {
        let (clocks, terms) = (self.site.clocks.clone(), TokenTerms::of(&self.site.config.deployment));
        let (tenants, revocations) = self
            .site
            .store
            .read(move |documents| {
                let mut tenants = HashMap::<String, Arc<Tenant>>::new();
                for (domain, _) in documents.everywhere::<domain::Tenant>()? {
                    let tenant = Tenant::load(&domain, clocks.of(&domain), terms, documents)?;
                    tenants.insert(domain, Arc::new(tenant));
                }
                for (_, mapping) in documents.everywhere::<KeyMapping>()? {
                    if let Some(tenant) = tenants.get(mapping.home_of_key_manager()) {
                        tenant.change(|state| state.put_mapping(Arc::new(mapping)));
                    }
                }
                for (_, subscription) in documents.everywhere::<Subscription>()? {
                    if let Some(tenant) = tenants.get(subscription.home_of_api()) {
                        tenant.change(|state| state.put_subscription(Arc::new(subscription)));
                    }
                }
                Ok::<_, StoreError>((tenants, documents.everywhere::<Revocation>()?))
            })
            .await?;
        // First what is revoked: whoever is told to load again serves traffic meanwhile.
        for (tenant, revocation) in revocations {
            self.revoke(&tenant, revocation);
        }
        *self.tenants.write().unwrap_or_else(PoisonError::into_inner) = tenants;
        Ok(())
    }

    fn revoke(&self, tenant: &str, revocation: Revocation) {
        if let Revocation::Token { token, .. } = &revocation {
            self.introspections.evict(token);
        }
        self.revocations.add(tenant, revocation, |tenant| self.now_ms_of(tenant));
    }

    /// The tenant's time; that of the slowest clock for what belongs to no tenant.
    fn now_ms_of(&self, tenant: &str) -> u64 {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        match tenants.get(tenant) {
            Some(tenant) => tenant.clock.now_ms(),
            None => tenants.values().map(|each| each.clock.now_ms()).min().unwrap_or(0),
        }
    }

    /// Does to the copies what was done to the originals. Applying an event twice, or one that the loaded state already
    /// holds, changes nothing.
    fn apply(&self, event: Event) {
        if event.changes_what_backends_are_told() {
            self.told.clear();
        }
        match event {
            Event::TenantCreated { tenant } => {
                let clock = self.site.clocks.of(&tenant);
                let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
                tenants.entry(tenant.clone()).or_insert_with(|| {
                    Arc::new(Tenant::new(&tenant, clock, TokenTerms::of(&self.site.config.deployment)))
                });
            }
            Event::TenantRemoved { tenant } => {
                let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
                tenants.remove(&tenant);
                tenants.values().for_each(|other| other.change(|state| state.forget_tenant(&tenant)));
            }
            Event::KeyManagerAdded { tenant, key_manager } | Event::KeyManagerUpdated { tenant, key_manager } => {
                self.introspections.evict_key_manager(key_manager.id);
                self.change(&tenant, |state| state.put_key_manager(key_manager));
            }
            Event::KeyManagerDeleted { tenant, id } => {
                self.introspections.evict_key_manager(id);
                self.change(&tenant, |state| state.remove_key_manager(id));
            }
            Event::ApiDeployed { tenant, revision } => self.change(&tenant, |state| state.deploy(&revision)),
            Event::ApiUndeployed { tenant, api_id } => self.change(&tenant, |state| state.undeploy(api_id)),
            Event::KeyMapped { mapping } => {
                let home = mapping.home_of_key_manager().to_owned();
                self.change(&home, |state| state.put_mapping(mapping));
            }
            Event::KeyMappingRemoved { mapping } => {
                self.change(mapping.home_of_key_manager(), |state| state.remove_mapping(mapping.id));
            }
            Event::SubscriptionChanged { subscription } => {
                let home = subscription.home_of_api().to_owned();
                self.change(&home, |state| state.put_subscription(subscription));
            }
            Event::SubscriptionRemoved { subscription } => {
                self.change(subscription.home_of_api(), |state| state.remove_subscription(&subscription));
            }
            Event::TokenRevoked { tenant, token, expires_at_ms } => {
                self.revoke(&tenant, Revocation::Token { token, expires_at_ms });
            }
            Event::ConsumerRevoked { tenant, consumer_key, revoked_at_ms } => {
                self.revoke(&tenant, Revocation::Consumer { consumer_key, revoked_at_ms });
            }
            Event::SubjectRevoked { tenant, entity_id, entity_type, revoked_at_ms } => {
                self.revoke(&tenant, Revocation::Subject { entity_id, entity_type, revoked_at_ms });
            }
            Event::ClientCertificateAdded { certificate } => {
                let tenant = certificate.tenant.clone();
                self.change(&tenant, |state| state.put_certificate(certificate));
            }
            Event::ClientCertificateRemoved { certificate } => {
                self.change(&certificate.tenant, |state| state.remove_certificate(&certificate));
            }
            Event::ApplicationChanged { application } => {
                self.change(&application.tenant.clone(), |state| state.put_application(application));
            }
            Event::ApplicationRemoved { tenant, id } => self.change(&tenant, |state| state.remove_application(id)),
        }
    }

    fn change(&self, tenant: &str, change: impl FnOnce(&mut super::state::TenantState)) {
        let tenant = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned();
        if let Some(tenant) = tenant {
            tenant.change(change);
        }
    }
}
