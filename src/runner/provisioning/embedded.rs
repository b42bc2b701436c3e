//! Worlds on the reference platform in this process: a tenant of its own for each scenario, with its own clock.
//! A scenario that restarts or configures the platform gets one to itself, on a data file.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kmspec_mocks::realm::Clock;
use tokio::sync::Mutex;

use super::{Ground, ProvisioningError, Sabotage, Start, interposer_panicked, personas, planes_at};
use crate::world::SceneParts;
use kmspec_drivers::session::Planes;
use kmspec_model::{
    capability::Capability,
    report::{Problem, ProblemKind, Subject},
    target::Bounds,
};
use kmspec_platform::{Data, Deployment, Platform, PlatformConfig, PlatformError, TenantSpec, Tls};
use kmspec_prove::Interposer;

/// What the reference platform can do.
const CAPABILITIES: &[Capability] = &[
    Capability::Admin,
    Capability::Publisher,
    Capability::Devportal,
    Capability::Gateway,
    Capability::Resident,
    Capability::FreshIssuer,
    Capability::Tenants,
    Capability::Restart,
    Capability::Deployment,
    Capability::Clock,
    Capability::OpaqueTokens,
    Capability::BackendTokens,
    Capability::Consent,
    Capability::ScopeReports,
    Capability::Discovery,
    Capability::Jwks,
    Capability::JwtAccessTokens,
    Capability::ClientCredentials,
    Capability::Password,
    Capability::RefreshToken,
    Capability::Introspection,
    Capability::Revocation,
    Capability::Dcr,
    Capability::DcrManagement,
    Capability::Userinfo,
    Capability::ScimMe,
    Capability::UserCredentials,
];

/// A run should not wait for key sets to age as long as a product lets them; but the steps of a scenario that counts what
/// an authorization server is asked have to fit in, on a busy machine, too.
const KEY_REFRESH: Duration = Duration::from_secs(2);

/// What every embedded platform of a run has in common.
#[derive(Clone)]
pub struct Common {
    /// Certificate of its servers.
    pub tls: Tls,
    /// CAs that its outgoing calls trust.
    pub trust_pem: Vec<String>,
    /// Where its gateway reaches the echo backend.
    pub backend_url: String,
    /// Puts the saboteur of a seeded defect before it, if one is switched on.
    pub sabotage: Option<Arc<Sabotage>>,
}

/// The embedded platforms of a run: one for all, and one each for those who restart it.
pub struct Embedded {
    common: Common,
    shared: House,
    private: Mutex<HashMap<String, House>>,
    problems: std::sync::Mutex<Vec<Problem>>,
    password: String,
    count: AtomicUsize,
}

/// A platform and where it is reached.
struct House {
    platform: Mutex<Option<Platform>>,
    config: Mutex<PlatformConfig>,
    planes: Planes,
    file: Option<PathBuf>,
    /// They end when dropped.
    interposers: Vec<Interposer>,
}

impl Embedded {
    /// Starts the platform that most scenarios share.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when it does not start.
    pub async fn open(common: Common) -> Result<Self, ProvisioningError> {
        let shared = House::open(&common, None).await?;
        Ok(Self {
            common,
            shared,
            private: Mutex::default(),
            problems: std::sync::Mutex::default(),
            password: uuid::Uuid::new_v4().simple().to_string(),
            count: AtomicUsize::new(1),
        })
    }

    pub(super) fn subject(&self) -> Subject {
        Subject {
            name: "reference platform".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: "embedded".to_owned(),
            profile: "reference".to_owned(),
            capabilities: CAPABILITIES.to_vec(),
        }
    }

    pub(super) async fn prepare(&self, private: bool) -> Result<Ground, ProvisioningError> {
        let tenant = self.next_tenant();
        if !private {
            return self.settle(&self.shared, tenant).await;
        }
        let name = format!("kmspec-{}-{tenant}.sqlite", uuid::Uuid::new_v4().simple());
        let house = House::open(&self.common, Some(std::env::temp_dir().join(name))).await?;
        let ground = self.settle(&house, tenant.clone()).await;
        self.private.lock().await.insert(tenant, house);
        ground
    }

    pub(super) async fn neighbour(&self, of: &str) -> Result<Ground, ProvisioningError> {
        let private = self.private.lock().await;
        self.settle(private.get(of).unwrap_or(&self.shared), self.next_tenant()).await
    }

    pub(super) async fn clear(&self, tenant: &str) -> Vec<String> {
        if let Some(house) = self.private.lock().await.remove(tenant) {
            self.keep(house.close().await);
            return Vec::new();
        }
        let platform = self.shared.platform.lock().await;
        match &*platform {
            Some(platform) => match platform.remove_tenant(tenant).await {
                // A neighbour that went with its private platform.
                Ok(()) | Err(PlatformError::TenantStays(_)) => Vec::new(),
                Err(error) => vec![format!("removing the tenant `{tenant}`: {error}")],
            },
            None => Vec::new(),
        }
    }

    pub(super) async fn restart(&self, tenant: &str) -> Result<(), ProvisioningError> {
        let private = self.private.lock().await;
        let house = private.get(tenant).ok_or(ProvisioningError::Lacks(Capability::Restart))?;
        self.keep(house.restart(Start::OnItsData).await?);
        Ok(())
    }

    /// Only who has a platform alone may configure it.
    pub(super) async fn configure(&self, tenant: &str, text: &str, start: Start) -> Result<(), ProvisioningError> {
        let private = self.private.lock().await;
        let house = private.get(tenant).ok_or(ProvisioningError::Lacks(Capability::Deployment))?;
        house.config.lock().await.deployment = Deployment::parse(text)?.0;
        self.keep(house.restart(start).await?);
        Ok(())
    }

    /// Stops every platform, and says what panicked in them and before them.
    pub(super) async fn close(&self) -> Vec<Problem> {
        let private: Vec<House> = self.private.lock().await.drain().map(|(_, house)| house).collect();
        for house in private {
            self.keep(house.close().await);
        }
        self.keep(self.shared.stop().await);
        std::mem::take(&mut *self.problems.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn next_tenant(&self) -> String {
        format!("t{}.example", self.count.fetch_add(1, Ordering::Relaxed))
    }

    fn keep(&self, problems: Vec<Problem>) {
        self.problems.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(problems);
    }

    /// Creates the tenant in a house, with a clock of its own.
    async fn settle(&self, house: &House, tenant: String) -> Result<Ground, ProvisioningError> {
        let clock = Clock::system();
        let (administrator, mut users, personas) = personas::cast(&tenant, &self.password);
        if house.file.is_some() {
            users.extend(personas::called_by_mail(&administrator, &users));
        }
        let spec =
            TenantSpec { domain: tenant.clone(), administrator, users, roles: Vec::new(), clock: Some(clock.clone()) };
        let platform = house.platform.lock().await;
        if let Some(platform) = &*platform {
            platform.create_tenant(spec).await.map_err(|source| ProvisioningError::Platform {
                doing: format!("creating the tenant `{tenant}`"),
                source,
            })?;
        }
        let parts = SceneParts {
            tenant,
            planes: house.planes.clone(),
            personas,
            bounds: Bounds::default(),
            prefix: String::new(),
            backend_url: self.common.backend_url.clone(),
            configured: None,
        };
        Ok(Ground { parts, clock: Some(clock) })
    }
}

impl House {
    async fn open(common: &Common, file: Option<PathBuf>) -> Result<Self, ProvisioningError> {
        let mut config = PlatformConfig {
            key_refresh: KEY_REFRESH,
            ..PlatformConfig::loopback(common.tls.clone(), common.trust_pem.clone())
        };
        if let Some(file) = &file {
            config.data = Data::File(file.clone());
        }
        let platform = start(config.clone()).await?;
        let at = |url: &str| -> Result<SocketAddr, ProvisioningError> {
            let port = url::Url::parse(url).ok().and_then(|url| url.port());
            Ok(SocketAddr::from(([127, 0, 0, 1], port.ok_or_else(|| ProvisioningError::Url(url.to_owned()))?)))
        };
        // A restart takes the same ports again.
        config.management = at(platform.management_url())?;
        config.gateway = at(platform.gateway_url())?;
        let planes = planes_at(platform.management_url(), platform.gateway_url())?;
        let (planes, interposers) = match &common.sabotage {
            Some(sabotage) => sabotage.stand_before(planes).await?,
            None => (planes, Vec::new()),
        };
        Ok(Self { platform: Mutex::new(Some(platform)), config: Mutex::new(config), planes, file, interposers })
    }

    async fn restart(&self, how: Start) -> Result<Vec<Problem>, ProvisioningError> {
        let mut platform = self.platform.lock().await;
        let problems = match platform.take() {
            Some(running) => stopped(running).await,
            None => Vec::new(),
        };
        if how == Start::Afresh {
            self.remove_data().await;
        }
        *platform = Some(start(self.config.lock().await.clone()).await?);
        Ok(problems)
    }

    async fn stop(&self) -> Vec<Problem> {
        let mut problems = match self.platform.lock().await.take() {
            Some(platform) => stopped(platform).await,
            None => Vec::new(),
        };
        problems.extend(self.interposers.iter().flat_map(Interposer::panics).map(interposer_panicked));
        problems
    }

    /// Stops it and removes its data file; what is left of one in a folder for temporary files harms nobody.
    async fn close(self) -> Vec<Problem> {
        let problems = self.stop().await;
        self.remove_data().await;
        problems
    }

    async fn remove_data(&self) {
        for ending in ["", "-wal", "-shm", ".key", ".lock"] {
            if let Some(file) = &self.file {
                let mut name = file.clone().into_os_string();
                name.push(ending);
                let _ = tokio::fs::remove_file(name).await;
            }
        }
    }
}

async fn start(config: PlatformConfig) -> Result<Platform, ProvisioningError> {
    Platform::start(config)
        .await
        .map_err(|source| ProvisioningError::Platform { doing: "starting the embedded platform".to_owned(), source })
}

async fn stopped(platform: Platform) -> Vec<Problem> {
    let panics = platform.panics();
    platform.stop().await;
    let problem = |each| Problem { kind: ProblemKind::Subject, message: format!("the platform panicked: {each}") };
    panics.into_iter().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use kmspec_mocks::certificates::CertificateAuthority;

    use super::*;
    use crate::runner::provisioning::Provisioning;
    use kmspec_model::report::ProblemKind;

    #[tokio::test]
    async fn a_panic_behind_the_wire_is_a_problem_of_the_subject() {
        let authority = CertificateAuthority::new("test").unwrap();
        let identity = authority.issue(&["localhost"]).unwrap();
        let common = Common {
            tls: Tls { chain_pem: identity.chain_pem, key_pem: identity.key_pem },
            trust_pem: vec![authority.ca_pem().to_owned()],
            backend_url: "https://localhost:1".to_owned(),
            sabotage: None,
        };
        let embedded = Embedded::open(common).await.unwrap();
        let platform = embedded.shared.platform.lock().await;
        let lost: Option<()> = platform.as_ref().unwrap().supervise("GET /", async { panic!("provoked") }).await;
        assert_eq!(lost, None);
        drop(platform);
        let problems = Provisioning::Embedded(Box::new(embedded)).close().await;
        let said: Vec<_> = problems.iter().map(|each| (each.kind, each.message.as_str())).collect();
        assert_eq!(said, [(ProblemKind::Subject, "the platform panicked: GET /: provoked")]);
    }
}
