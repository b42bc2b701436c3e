//! What an administrator of the product configures in a `deployment.toml`, read and kept as settings.
//! What a setting does is decided where it is looked at; what is no matter of key managers is known and left alone.

mod keys;
mod settings;
mod sharing;
mod without_effect;

use kmspec_mocks::deployment_toml;

pub use settings::{BackendJwt, Deployment, Environment, TypeHeader};
pub use sharing::TenantSharing;

pub use deployment_toml::DeploymentError;

impl Deployment {
    /// Reads the text of a file. Where it says nothing the reference's own default holds. Gives beside the settings what
    /// of the file the product knows and what means nothing here, such as databases and key stores.
    ///
    /// # Errors
    ///
    /// [`DeploymentError`] with every key that is not known and every value that is no such thing, each with its line.
    pub fn parse(text: &str) -> Result<(Self, Vec<String>), DeploymentError> {
        deployment_toml::read(text, &keys::VOCABULARY)
    }
}
