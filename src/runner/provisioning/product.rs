//! Worlds at a running product: personas and planes from its target file, names that clash with nobody's.
//! What scenarios created is deleted from the scene's ledger; nothing of the product itself is changed here.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use super::{Ground, ProvisioningError, answer, personas};
use crate::world::{SUPER_TENANT, Scene, SceneParts};
use kmspec_drivers::{error::DriverError, exchange_log::ExchangeLog, reply::Reply, session::Planes, wire::Wire};
use kmspec_model::{capability::Capability, exchange::Role, report::Subject, target::Target};

/// What every object of every run is named by, to find what an aborted run left behind.
const OUR_PREFIX: &str = "kmspec-";
/// How long a target may take to come back after a restart.
const RESTART_LIMIT: Duration = Duration::from_secs(300);

/// A running product.
pub struct Product {
    target: Target,
    planes: Planes,
    wire: Wire,
    backend_url: String,
    run: String,
    count: AtomicUsize,
}

impl Product {
    /// The product that a target file describes. `planes` are its own, or those of interposers before it.
    pub fn new(target: Target, planes: Planes, wire: Wire, backend_url: String) -> Self {
        let run = uuid::Uuid::new_v4().simple().to_string()[..6].to_owned();
        Self { target, planes, wire, backend_url, run, count: AtomicUsize::new(1) }
    }

    /// The planes that a target file names; the resident key manager lives beside the management planes.
    pub fn planes_of(target: &Target) -> Planes {
        let urls = &target.planes;
        let beside = urls.devportal.as_ref().or(urls.admin.as_ref()).or(urls.publisher.as_ref());
        Planes {
            admin: urls.admin.clone(),
            publisher: urls.publisher.clone(),
            devportal: urls.devportal.clone(),
            gateway: urls.gateway.clone(),
            resident: beside.and_then(|url| url.join("/").ok()),
        }
    }

    /// What earlier runs left behind, as sentences.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when a persona cannot log in.
    pub async fn stale(&self) -> Result<Vec<String>, DriverError> {
        let scene = Scene::new(self.prepare().parts, self.wire.clone(), ExchangeLog::default());
        let mut found = Vec::new();
        let mut note = |what: &str, names: Vec<String>| {
            let ours: Vec<_> = names.into_iter().filter(|name| name.starts_with(OUR_PREFIX)).collect();
            if !ours.is_empty() {
                found.push(format!("{} {what} of an earlier or parallel run: {}", ours.len(), ours.join(", ")));
            }
        };
        if self.planes.admin.is_some()
            && let Reply::Granted(list) = scene.admin(Role::Administrator)?.key_managers().await?
        {
            note("key managers", list.into_iter().map(|each| each.name).collect());
        }
        if self.planes.publisher.is_some()
            && let Reply::Granted(list) = scene.publisher(Role::Publisher)?.apis().await?
        {
            note("APIs", list.into_iter().map(|each| each.name).collect());
        }
        if self.planes.devportal.is_some()
            && let Reply::Granted(list) = scene.devportal(Role::Developer)?.applications().await?
        {
            note("applications", list.into_iter().map(|each| each.name).collect());
        }
        Ok(found)
    }

    pub(super) fn subject(&self) -> Subject {
        Subject {
            name: self.target.name.clone(),
            version: self.target.version.clone(),
            kind: "product".to_owned(),
            profile: self.target.profile.clone(),
            capabilities: self.target.capabilities.clone(),
        }
    }

    pub(super) fn prepare(&self) -> Ground {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let personas = personas::of_target(&self.target.personas);
        let parts = SceneParts {
            tenant: tenant_of(personas.get(&Role::Developer).map(|persona| persona.username.as_str())),
            planes: self.planes.clone(),
            personas,
            bounds: self.target.bounds,
            prefix: format!("{OUR_PREFIX}{}-{number}-", self.run),
            backend_url: self.backend_url.clone(),
            configured: None,
        };
        Ground { parts, clock: None }
    }

    pub(super) async fn restart(&self) -> Result<(), ProvisioningError> {
        let command = self.target.restart.clone().ok_or(ProvisioningError::Lacks(Capability::Restart))?;
        let failed = |why: String| ProvisioningError::Restart { command: command.clone(), why };
        let status = tokio::process::Command::new("sh")
            .args(["-c", &command])
            .status()
            .await
            .map_err(|error| failed(error.to_string()))?;
        if !status.success() {
            return Err(failed(format!("it ended with {status}")));
        }
        let deadline = Instant::now() + RESTART_LIMIT;
        loop {
            match answer(&self.planes, &self.wire).await {
                Ok(()) => return Ok(()),
                Err((_, error)) if Instant::now() > deadline => return Err(failed(error.to_string())),
                Err(_) => tokio::time::sleep(Duration::from_millis(250)).await,
            }
        }
    }
}

/// The tenant in a user name; without one, or with a mail address that is no tenant, the super tenant.
fn tenant_of(username: Option<&str>) -> String {
    match username.and_then(|name| name.rsplit_once('@')) {
        Some((_, tenant)) => tenant.to_owned(),
        None => SUPER_TENANT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_read_from_the_developers_name() {
        assert_eq!(tenant_of(Some("dora@acme.example")), "acme.example");
        assert_eq!(tenant_of(Some("dora")), SUPER_TENANT);
    }
}
