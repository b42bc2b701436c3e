//! What a scenario calls by name, as it is at the subject: key managers, APIs, applications with their keys.
//! How they come about is told by the steps.

use kmspec_mocks::{forge::Forge, kerberos::KeyCentre, realm::KeyRing};

use kmspec_drivers::{
    credentials::{ConsumerKey, Secret},
    devportal::{ApplicationKey, KeyType},
    key_manager::KeyManager,
    publisher::Api,
};
use kmspec_model::exchange::Role;

/// An issuer outside of the server that vouches for users there.
#[derive(Debug)]
pub struct Partner {
    /// Makes what it says, right and wrong.
    pub forge: Forge,
    /// The audience by which it must call the server.
    pub audience: String,
    /// What the server calls its registration.
    pub name: String,
    /// The server's keys.
    pub known: KeyRing,
}

/// A Kerberos realm in which the server is a service.
#[derive(Debug)]
pub struct KerberosRealm {
    /// What the server calls it.
    pub name: String,
    /// Hands out tickets for the service.
    pub centre: KeyCentre,
}

/// A key manager that was registered.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredKeyManager {
    /// Id given by the platform.
    pub id: String,
    /// Its document as the platform answered it, the name at the subject included.
    pub document: KeyManager,
    /// The scenario's name of the authorization server behind it; `None` for the resident one.
    pub server: Option<String>,
}

/// An API that was deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployedApi {
    /// Id given by the platform.
    pub id: String,
    /// Its document as the platform answered it.
    pub document: Api,
    /// Path on the gateway, version included, without a slash at the end.
    pub path: String,
}

/// An application that a developer owns.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedApplication {
    /// Id given by the platform.
    pub id: String,
    /// Its name at the subject.
    pub name: String,
    /// Who owns it.
    pub owner: Role,
    /// Its keys, each with the scenario's name of the key manager.
    pub keys: Vec<HeldKeys>,
}

/// Keys of an application at one key manager.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldKeys {
    /// The scenario's name of the key manager.
    pub key_manager: String,
    /// Production or sandbox.
    pub key_type: KeyType,
    /// `client_id` at the authorization server.
    pub consumer_key: ConsumerKey,
    /// Its secret, where known.
    pub consumer_secret: Option<Secret>,
    /// What the platform said about them.
    pub as_answered: ApplicationKey,
}

impl OwnedApplication {
    /// Its keys at a key manager, the latest of them.
    pub fn keys_at(&self, key_manager: &str) -> Option<&HeldKeys> {
        self.keys.iter().rev().find(|keys| keys.key_manager == key_manager)
    }
}
