//! A platform from its start to its stop, and the tenants in it.
//! What it answers is left to the planes, the resident key manager and the gateway.

use std::{sync::Arc, time::Duration};

use axum::{Router, middleware};
use http::StatusCode;

use super::{
    admin,
    clocks::Clocks,
    config::PlatformConfig,
    devportal,
    domain::{KeyManager, KeyMapping, MappingMode, OAuthClient, SUPER_TENANT, Tenant},
    error::PlatformError,
    events::Event,
    gateway::Gateway,
    identity::{self, Added, Identity, TenantSpec, UserSpec},
    internal_data, notify, outbound,
    panics::Panics,
    plane_tokens::VerifyPlaneToken,
    publisher, readiness,
    resident::{self, Residents},
    resident_key_manager::{move_all, resident_key_manager},
    revocations, scope_interface,
    scope_work::{self, ScopeWork},
    server::{self, Clients, Door, Running},
    sign_up,
    site::Site,
    store::{Documents, Store, StoreError},
    underway::Underway,
    wire::{self, Refusal},
};

/// A running platform; [`Platform::stop`] ends it, its data stays in the file it was given.
pub struct Platform {
    site: Arc<Site>,
    servers: Vec<Running>,
    plain_url: Option<String>,
}

impl Platform {
    /// Starts a platform. The super tenant is there from the start, with the administrator of the deployment.
    ///
    /// # Errors
    ///
    /// [`PlatformError`] when a port is taken, a certificate is unusable or the data cannot be opened.
    pub async fn start(config: PlatformConfig) -> Result<Self, PlatformError> {
        Self::start_with(config, None).await
    }

    /// Starts with another reader of the planes' tokens than the resident key manager.
    pub(super) async fn start_with(
        config: PlatformConfig,
        plane_tokens: Option<Arc<dyn VerifyPlaneToken>>,
    ) -> Result<Self, PlatformError> {
        let tls = server::tls_config(&config.tls, Clients::NotAsked)?;
        let mutual_tls = server::tls_config(&config.tls, Clients::Asked)?;
        let management = Door::open(config.management)?;
        let gateway = Door::open(config.gateway)?;
        let plain = config.plain_gateway.map(Door::open).transpose()?;
        let url = |door: &Door| format!("https://{}:{}", config.public_host, door.address.port());
        let store = Store::open(&config.data)?;
        let (clocks, panics) = (Clocks::default(), Panics::default());
        let http = outbound::client(&config)?;
        let residents =
            Residents::new(store.clone(), clocks.clone(), &url(&management), http.clone(), &panics, &config.deployment);
        let site = Arc::new(Site {
            management_url: url(&management),
            gateway_url: url(&gateway),
            identity: Identity::new(store.clone()),
            bus: store.bus().clone(),
            store,
            http,
            clocks,
            panics,
            underway: Underway::default(),
            scope_work: ScopeWork::default(),
            plane_tokens: plane_tokens.unwrap_or_else(|| Arc::new(residents.clone())),
            signer: Arc::new(residents.clone()),
            config,
        });
        prepare_data(&site).await?;
        revocations::keep_short(&site).await?;
        scope_work::follow(&site);
        let planes = server::with_bodies_read(management_routes(&site).merge(residents.router()));
        let traffic = Gateway::open(site.clone(), Arc::new(residents)).await?.router();
        let caught = |router| server::with_panics_caught(router, site.panics.clone());
        let traffic = caught(traffic);
        let mut servers =
            vec![management.serve(caught(planes), tls)?, gateway.serve_mutual(traffic.clone(), mutual_tls)?];
        let plain_url =
            plain.as_ref().map(|door| format!("http://{}:{}", site.config.public_host, door.address.port()));
        if let Some(plain) = plain {
            servers.push(plain.serve_plain(traffic)?);
        }
        Ok(Self { site, servers, plain_url })
    }

    /// `https://host:port` of the management planes and the resident key manager.
    pub fn management_url(&self) -> &str {
        &self.site.management_url
    }

    /// `https://host:port` of API traffic.
    pub fn gateway_url(&self) -> &str {
        &self.site.gateway_url
    }

    /// `http://host:port` of API traffic without TLS, where that is taken.
    pub fn plain_gateway_url(&self) -> Option<&str> {
        self.plain_url.as_deref()
    }

    /// What the rooms share, for tests that look behind the wire.
    #[cfg(test)]
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Runs `work` as a handler's: a panic in it is caught and remembered. For tests of what becomes of panics.
    #[doc(hidden)]
    pub async fn supervise<T>(&self, place: &str, work: impl Future<Output = T>) -> Option<T> {
        self.site.panics.catch(place, work).await
    }

    /// Creates a tenant with its users and its resident key manager.
    ///
    /// # Errors
    ///
    /// [`PlatformError::TenantExists`], or [`PlatformError::Store`].
    pub async fn create_tenant(&self, spec: TenantSpec) -> Result<(), PlatformError> {
        let resident = resident_key_manager(&self.site, &spec.domain);
        create_tenant(&self.site, spec, Some(resident)).await
    }

    /// Adds users to a tenant that is there; who is there already stays as they are.
    ///
    /// # Errors
    ///
    /// [`PlatformError::Ambiguous`], which adds nobody, or [`PlatformError::Store`].
    pub async fn add_users(&self, domain: &str, users: Vec<UserSpec>) -> Result<(), PlatformError> {
        let domain = domain.to_owned();
        let add = move |documents: &Documents<'_>| {
            users.into_iter().try_for_each(|user| match identity::add_user(documents, &domain, &user)? {
                Added::Elsewhere => Err(ambiguous(user.name)),
                Added::Made | Added::Taken | Added::NoTenant => Ok(()),
            })
        };
        self.site.store.write(add).await
    }

    /// Removes a tenant and everything in it.
    ///
    /// # Errors
    ///
    /// [`PlatformError::TenantStays`] when there is none or it is the super tenant, or [`PlatformError::Store`].
    pub async fn remove_tenant(&self, domain: &str) -> Result<(), PlatformError> {
        let (tenant, clocks) = (domain.to_owned(), self.site.clocks.clone());
        if tenant == SUPER_TENANT {
            return Err(PlatformError::TenantStays(tenant));
        }
        self.site
            .store
            .write(move |documents| {
                if documents.find_anywhere::<Tenant>(&tenant)?.is_none() {
                    return Err(PlatformError::TenantStays(tenant));
                }
                // Its clients at the resident key managers of other tenants go with it.
                for key in documents.all::<KeyMapping>(&tenant)? {
                    if let (Some(home), MappingMode::Created) = (&key.key_manager_tenant, key.mode) {
                        documents.remove::<OAuthClient>(home, &key.consumer_key)?;
                    }
                }
                documents.remove_tenant(&tenant)?;
                clocks.remove(&tenant);
                documents.announce(Event::TenantRemoved { tenant });
                Ok(())
            })
            .await
    }

    /// What panicked behind the wire so far, each with the request it answered; a run fails on any.
    pub fn panics(&self) -> Vec<String> {
        self.site.panics.all()
    }

    /// Lets requests that were begun finish, then closes both ports.
    pub async fn stop(self) {
        for server in self.servers {
            server.stop().await;
        }
        let (store, most) = (self.site.store.clone(), self.site.config.call_timeout + Duration::from_secs(5));
        drop(self.site);
        if !store.released(most).await {
            tracing::warn!("the platform ended before its work did");
        }
    }
}

async fn prepare_data(site: &Arc<Site>) -> Result<(), PlatformError> {
    let management_url = site.management_url.clone();
    let fresh = site
        .store
        .write(move |documents| {
            move_all(documents, &management_url)?;
            Ok::<_, StoreError>(documents.find_anywhere::<Tenant>(SUPER_TENANT)?.is_none())
        })
        .await?;
    if !fresh {
        return Ok(());
    }
    let deployment = &site.config.deployment;
    let (name, password) = (deployment.administrator.0.clone(), deployment.administrator.1.reveal().to_owned());
    let administrator = UserSpec { name, password, roles: vec![] };
    let spec = TenantSpec { domain: SUPER_TENANT.into(), administrator, users: vec![], roles: vec![], clock: None };
    let resident = (!deployment.skip_resident).then(|| resident_key_manager(site, SUPER_TENANT));
    create_tenant(site, spec, resident).await
}

/// Creates a tenant with its first key manager, if it is to have one. Names that end in its domain mean its users from then
/// on: a user of the super tenant who has such a name is meant by it with `@carbon.super` behind.
pub(super) async fn create_tenant(
    site: &Arc<Site>,
    spec: TenantSpec,
    key_manager: Option<KeyManager>,
) -> Result<(), PlatformError> {
    let clocks = site.clocks.clone();
    site.store
        .write(move |documents| {
            if documents.find_anywhere::<Tenant>(&spec.domain)?.is_some() {
                return Err(PlatformError::TenantExists(spec.domain));
            }
            // What was issued to them would seem to belong to users of the new tenant.
            for user in identity::users_named_into(documents, &spec.domain)? {
                resident::end_tokens_of(documents, &user, clocks.of(SUPER_TENANT).now())?;
            }
            identity::write_tenant(documents, &spec)?;
            if let Some(clock) = &spec.clock {
                clocks.set(&spec.domain, clock.clone());
            }
            documents.announce(Event::TenantCreated { tenant: spec.domain.clone() });
            if let Some(key_manager) = key_manager {
                documents.put(&spec.domain, &key_manager)?;
                documents.announce(Event::KeyManagerAdded { tenant: spec.domain, key_manager: Arc::new(key_manager) });
            }
            Ok(())
        })
        .await
}

/// A user of the super tenant whose name ends in that of another tenant.
fn ambiguous(user: String) -> PlatformError {
    let domain = user.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    PlatformError::Ambiguous { user, domain }
}

fn management_routes(site: &Arc<Site>) -> Router {
    Router::new()
        .nest("/api/am/admin/v4", admin::routes())
        .nest("/api/am/devportal/v3", devportal::routes())
        .nest("/api/am/publisher/v4", publisher::routes())
        .layer(middleware::from_fn(wire::check_accept))
        .nest("/internal/data/v1", notify::routes().merge(internal_data::routes()))
        .merge(readiness::routes())
        .merge(sign_up::routes())
        .merge(scope_interface::routes())
        .fallback(async || Refusal::not_found("resource"))
        .method_not_allowed_fallback(async || Refusal::generic(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"))
        .with_state(site.clone())
}
