//! A `deployment.toml`: read, checked against the keys that a product knows, and for Identity Server 7 carried out.
//! What a switch does to a request is decided where requests are answered; see `settings` for what there is.

mod access;
mod custom_grants;
mod keys;
mod listeners;
mod neighbours;
mod read;
mod references;
mod settings;
#[cfg(test)]
mod shipped_files;
mod slips;
mod suggestion;
mod values;
mod vocabulary;
mod without_effect;

pub use read::{DeploymentError, Fault, Reader, Value, read, read_in};
pub use references::Environment;
pub(crate) use settings::Settings;
pub use vocabulary::{Key, Keys, Table, Vocabulary};

/// What a `deployment.toml` says. Where it says nothing the product's own default holds, not what the documents tell
/// administrators to configure for an API platform; a server without a file is configured as the documents tell.
///
/// ```
/// use kmspec_mocks::deployment_toml::DeploymentToml;
/// let file = DeploymentToml::parse("[oauth.token_renewal]\nrenew_refresh_token = false\n")?;
/// let error = DeploymentToml::parse("[server]\nlegacy_mod = true\n").unwrap_err();
/// assert!(error.to_string().contains("line 2") && error.to_string().contains("server.legacy_mode"));
/// # let _ = file;
/// # Ok::<(), kmspec_mocks::deployment_toml::DeploymentError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DeploymentToml {
    pub(crate) settings: Settings,
    without_effect: Vec<String>,
}

impl DeploymentToml {
    /// The host name that it says.
    pub fn hostname(&self) -> Option<&str> {
        self.settings.hostname.as_deref()
    }

    /// Reads the text of a file. Values with `$env{NAME}` in them are taken from the environment of this process.
    ///
    /// # Errors
    ///
    /// [`DeploymentError`] with every key that is not known and every value that is no such thing, each with its line.
    pub fn parse(text: &str) -> Result<Self, DeploymentError> {
        Self::parse_in(text, &references::of_the_process)
    }

    /// The same in another environment.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and for each variable that the environment does not have.
    pub fn parse_in(text: &str, environment: &Environment<'_>) -> Result<Self, DeploymentError> {
        let (settings, without_effect) = read_in(text, &keys::VOCABULARY, environment)?;
        Ok(Self { settings, without_effect })
    }

    /// Tables that the product knows and that mean nothing here, such as databases and key stores.
    pub fn without_effect(&self) -> &[String] {
        &self.without_effect
    }

    /// How far its port lies above 9443, if it says so.
    pub fn port_offset(&self) -> Option<u16> {
        self.settings.offset
    }
}

impl std::str::FromStr for DeploymentToml {
    type Err = DeploymentError;

    fn from_str(text: &str) -> Result<Self, DeploymentError> {
        Self::parse(text)
    }
}
