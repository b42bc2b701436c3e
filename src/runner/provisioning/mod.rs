//! How a scenario gets its world: embedded, at a product, or at a gateway that was configured beforehand.
//! Which of them a run uses is decided by the stage.

pub mod authorization_server;
pub mod embedded;
pub mod fixed;
pub(crate) mod personas;
pub mod private_jwk;
pub mod product;
mod sabotage;

use std::path::PathBuf;

use url::Url;

use crate::world::SceneParts;
use kmspec_drivers::{
    conversation::Conversation,
    error::DriverError,
    exchange_log::ExchangeLog,
    session::Planes,
    wire::{Call, Wire},
};
use kmspec_model::{
    capability::Capability,
    exchange::{Plane, Role},
    proposal::ServerFacts,
    report::{Problem, ProblemKind, Subject},
};
use kmspec_platform::PlatformError;

pub use authorization_server::{CertifiedServer, CertifyError};
pub use embedded::Embedded;
pub use fixed::Fixed;
pub use product::Product;
pub use sabotage::Sabotage;

/// The way in which scenarios of this run get their world.
pub enum Provisioning {
    /// A reference platform that the run started itself.
    Embedded(Box<Embedded>),
    /// A running product.
    Product(Product),
    /// A gateway that was configured beforehand.
    Fixed(Fixed),
    /// A running authorization server.
    AuthorizationServer(CertifiedServer),
}

/// What a scenario stands on, and what it takes to clear it away.
#[derive(Debug)]
pub struct Ground {
    /// What the scene is made of.
    pub parts: SceneParts,
    /// The clock of its tenant, where that can be moved.
    pub clock: Option<kmspec_mocks::realm::Clock>,
}

/// What a platform that is configured finds when it starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// All that was there before.
    OnItsData,
    /// Nothing, as on its first day.
    Afresh,
}

/// The ground for a scenario could not be prepared, or not be cleared.
#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    /// The embedded platform refused.
    #[error("{doing}: {source}")]
    Platform {
        /// What was being done.
        doing: String,
        /// Why not.
        source: PlatformError,
    },
    /// A private platform's data file could not be made.
    #[error("making the data file {path}: {source}\nhint: the folder for temporary files must be writable")]
    DataFile {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// This subject cannot do it.
    #[error("the subject lacks `{0}`\nhint: tag the scenario `@needs:{0}`")]
    Lacks(Capability),
    /// The restart command failed, or the target did not come back.
    #[error("restarting the target with `{command}`: {why}\nhint: check [control] restart in the target file")]
    Restart {
        /// The command.
        command: String,
        /// What happened.
        why: String,
    },
    /// The interposer of a seeded defect could not take its place.
    #[error(transparent)]
    Interposer(#[from] kmspec_prove::InterposerError),
    /// The text that a scenario configures a platform by is wrong.
    #[error(transparent)]
    Deployment(#[from] kmspec_platform::deployment::DeploymentError),
    /// A URL of the subject's own making cannot be read.
    #[error("`{0}` is no URL")]
    Url(String),
}

impl Provisioning {
    /// What is tested.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Embedded(embedded) => embedded.subject(),
            Self::Product(product) => product.subject(),
            Self::Fixed(fixed) => fixed.subject(),
            Self::AuthorizationServer(server) => server.subject(),
        }
    }

    /// Prepares the ground for a scenario; `private` asks for a platform that nobody else uses.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when the subject refuses.
    pub async fn prepare(&self, private: bool) -> Result<Ground, ProvisioningError> {
        match self {
            Self::Embedded(embedded) => embedded.prepare(private).await,
            Self::Product(product) => Ok(product.prepare()),
            Self::Fixed(fixed) => Ok(fixed.prepare()),
            Self::AuthorizationServer(_) => Err(ProvisioningError::Lacks(Capability::Gateway)),
        }
    }

    /// A second tenant beside the scenario's own, on the same platform.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when the subject refuses, or has one tenant only.
    pub async fn neighbour(&self, of: &str) -> Result<Ground, ProvisioningError> {
        match self {
            Self::Embedded(embedded) => embedded.neighbour(of).await,
            Self::Product(_) | Self::Fixed(_) | Self::AuthorizationServer(_) => {
                Err(ProvisioningError::Lacks(Capability::Tenants))
            }
        }
    }

    /// Clears the ground of a tenant, and says what could not be cleared.
    pub async fn clear(&self, tenant: &str) -> Vec<String> {
        match self {
            Self::Embedded(embedded) => embedded.clear(tenant).await,
            // What a product was given is deleted object by object, from the scene's ledger.
            Self::Product(_) | Self::Fixed(_) | Self::AuthorizationServer(_) => Vec::new(),
        }
    }

    /// Restarts the platform that a tenant lives on; its addresses stay.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when it cannot be restarted, or does not come back.
    pub async fn restart(&self, tenant: &str) -> Result<(), ProvisioningError> {
        match self {
            Self::Embedded(embedded) => embedded.restart(tenant).await,
            Self::Product(product) => product.restart().await,
            Self::Fixed(_) | Self::AuthorizationServer(_) => Err(ProvisioningError::Lacks(Capability::Restart)),
        }
    }

    /// Configures the platform of a tenant by the text of a `deployment.toml`, and starts it again, on its data or without.
    ///
    /// # Errors
    ///
    /// [`ProvisioningError`] when it cannot be configured, or the text is wrong.
    pub async fn configure(&self, tenant: &str, text: &str, start: Start) -> Result<(), ProvisioningError> {
        match self {
            Self::Embedded(embedded) => embedded.configure(tenant, text, start).await,
            Self::Product(_) | Self::Fixed(_) | Self::AuthorizationServer(_) => {
                Err(ProvisioningError::Lacks(Capability::Deployment))
            }
        }
    }

    /// A scenario's conversation with the server that is certified, if that is what the run is about.
    pub fn conversation(&self, log: &ExchangeLog) -> Option<Conversation> {
        match self {
            Self::AuthorizationServer(server) => Some(server.conversation(log)),
            Self::Embedded(_) | Self::Product(_) | Self::Fixed(_) => None,
        }
    }

    /// What was found out about an authorization server, when one is the subject.
    pub fn facts(&self) -> Option<ServerFacts> {
        match self {
            Self::AuthorizationServer(server) => Some(server.facts().clone()),
            Self::Embedded(_) | Self::Product(_) | Self::Fixed(_) => None,
        }
    }

    /// Remarks for the reader of the report.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::AuthorizationServer(server) => server.notes().to_vec(),
            Self::Embedded(_) | Self::Product(_) | Self::Fixed(_) => Vec::new(),
        }
    }

    /// Takes everything down, and says what went wrong outside of any scenario.
    pub async fn close(&self) -> Vec<Problem> {
        match self {
            Self::Embedded(embedded) => embedded.close().await,
            Self::AuthorizationServer(server) => {
                let left = server.close().await;
                left.into_iter().map(|message| Problem { kind: ProblemKind::Warning, message }).collect()
            }
            Self::Product(_) | Self::Fixed(_) => Vec::new(),
        }
    }
}

/// A panic in an interposer or its saboteur is our own failing: what was found out through it is worth nothing.
pub(super) fn interposer_panicked(panic: String) -> Problem {
    Problem { kind: ProblemKind::Harness, message: format!("an interposer panicked: {panic}") }
}

/// Whether each of these planes answers at all; any HTTP status will do.
///
/// # Errors
///
/// The name of the first plane that does not, with the reason.
pub(super) async fn answer(planes: &Planes, wire: &Wire) -> Result<(), (&'static str, DriverError)> {
    for (name, url) in [
        ("admin", &planes.admin),
        ("publisher", &planes.publisher),
        ("devportal", &planes.devportal),
        ("gateway", &planes.gateway),
    ] {
        let Some(url) = url else { continue };
        let line = wire.line(&ExchangeLog::default(), Role::Harness, Plane::Resident);
        line.send(Call::new("GET", url.clone())).await.map_err(|error| (name, error))?;
    }
    Ok(())
}

/// The planes of a subject whose interfaces lie below two roots, as the product lays them out.
fn planes_at(management: &str, gateway: &str) -> Result<Planes, ProvisioningError> {
    let url = |text: &str| text.parse::<Url>().map_err(|_| ProvisioningError::Url(text.to_owned()));
    let plane = |path: &str| url(&format!("{management}{path}")).map(Some);
    Ok(Planes {
        admin: plane("/api/am/admin/v4")?,
        publisher: plane("/api/am/publisher/v4")?,
        devportal: plane("/api/am/devportal/v3")?,
        resident: plane("/")?,
        gateway: Some(url(gateway)?),
    })
}

/// The users of a stand-alone platform's tenant: its administrator, and one for each other persona.
pub(super) fn stand_alone_cast(
    tenant: &str,
    password: &str,
) -> (kmspec_platform::UserSpec, Vec<kmspec_platform::UserSpec>) {
    let (administrator, users, _) = personas::cast(tenant, password);
    (administrator, users)
}
