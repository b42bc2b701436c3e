//! An application's keys at each key manager: generated, mapped, read, changed, removed.
//! Their tokens and secrets are left to `tokens` and `secrets`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use kmspec_model::exchange::Plane;

use super::{ApplicationToken, Devportal, List};
use crate::{
    credentials::{ConsumerKey, Secret},
    error::DriverError,
    reply::Reply,
};

/// Production or sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyType {
    /// Production.
    #[default]
    Production,
    /// Sandbox.
    Sandbox,
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        })
    }
}

impl std::str::FromStr for KeyType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "production" => Ok(Self::Production),
            "sandbox" => Ok(Self::Sandbox),
            _ => Err(format!("`{text}` is no key type: production or sandbox")),
        }
    }
}

/// What is asked for when keys are generated.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRequest {
    /// Production or sandbox.
    pub key_type: KeyType,
    /// Grant types of the new client.
    #[serde(rename = "grantTypesToBeSupported")]
    pub grant_types: Vec<String>,
    /// Id or name of the key manager; the resident one when `None`. Permissions are kept by id: send that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_manager: Option<String>,
    /// Redirection URI, needed for the grant types with a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Scopes of the first token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Lifetime of the first token, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity_time: Option<String>,
    /// The connector's settings for one client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_properties: Option<Map<String, Value>>,
}

/// What is told when an existing client is mapped.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MapRequest {
    /// `client_id` at the authorization server.
    pub consumer_key: ConsumerKey,
    /// Its secret, which out-of-band provisioning does not need.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_secret: Option<Secret>,
    /// Production or sandbox.
    pub key_type: KeyType,
    /// Id or name of the key manager; the resident one when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_manager: Option<String>,
}

/// An application's keys at one key manager.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationKey {
    /// Id of the mapping.
    #[serde(default)]
    pub key_mapping_id: Option<String>,
    /// Name of the key manager.
    #[serde(default)]
    pub key_manager: Option<String>,
    /// `client_id`, absent while approval is pending.
    #[serde(default)]
    pub consumer_key: Option<ConsumerKey>,
    /// Its secret.
    #[serde(default)]
    pub consumer_secret: Option<Secret>,
    /// Grant types of the client.
    #[serde(rename = "supportedGrantTypes", default)]
    pub grant_types: Option<Vec<String>>,
    /// Redirection URI.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// `CREATED`, `APPROVED`, `COMPLETED` or `REJECTED`.
    #[serde(default)]
    pub key_state: Option<String>,
    /// Production or sandbox.
    #[serde(default)]
    pub key_type: Option<KeyType>,
    /// `CREATED` by the platform, or `MAPPED`.
    #[serde(default)]
    pub mode: Option<String>,
    /// A first token, where token generation is on.
    #[serde(default)]
    pub token: Option<ApplicationToken>,
    /// The connector's settings as the authorization server returned them.
    #[serde(default)]
    pub additional_properties: Option<Value>,
}

impl Devportal {
    /// Has a client created for an application.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn generate_keys(
        &self,
        application: &str,
        request: &KeyRequest,
    ) -> Result<Reply<ApplicationKey>, DriverError> {
        let call = self.0.call(Plane::Devportal, "POST", &["applications", application, "generate-keys"])?;
        self.0.send(Plane::Devportal, call.json(request)).await?.read("application keys")
    }

    /// Maps an existing client to an application.
    pub async fn map_keys(
        &self,
        application: &str,
        request: &MapRequest,
    ) -> Result<Reply<ApplicationKey>, DriverError> {
        let call = self.0.call(Plane::Devportal, "POST", &["applications", application, "map-keys"])?;
        self.0.send(Plane::Devportal, call.json(request)).await?.read("application keys")
    }

    /// Lists an application's keys at every key manager.
    pub async fn keys(&self, application: &str) -> Result<Reply<Vec<ApplicationKey>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["applications", application, "oauth-keys"])?;
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<ApplicationKey>>("a list of application keys")?.map(|list| list.list))
    }

    /// Reads one of an application's keys.
    pub async fn key(&self, application: &str, mapping: &str) -> Result<Reply<ApplicationKey>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["applications", application, "oauth-keys", mapping])?;
        self.0.send(Plane::Devportal, call).await?.read("application keys")
    }

    /// Changes the client behind one of an application's keys.
    pub async fn update_key(
        &self,
        application: &str,
        mapping: &str,
        document: &Value,
    ) -> Result<Reply<ApplicationKey>, DriverError> {
        let call = self.0.call(Plane::Devportal, "PUT", &["applications", application, "oauth-keys", mapping])?;
        self.0.send(Plane::Devportal, call.json(document)).await?.read("application keys")
    }

    /// Removes one of an application's keys.
    pub async fn delete_key(&self, application: &str, mapping: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Devportal, "DELETE", &["applications", application, "oauth-keys", mapping])?;
        self.0.send(Plane::Devportal, call).await?.done()
    }

    /// Lets the platform forget one of an application's keys.
    pub async fn clean_up_key(&self, application: &str, mapping: &str) -> Result<Reply<()>, DriverError> {
        let path = ["applications", application, "oauth-keys", mapping, "clean-up"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?;
        self.0.send(Plane::Devportal, call).await?.done()
    }

    /// Lets the platform forget an application's keys, without a word to the authorization servers that they are from.
    pub async fn clean_up_keys(&self, application: &str) -> Result<(), DriverError> {
        let Reply::Granted(keys) = self.keys(application).await? else { return Ok(()) };
        for id in keys.iter().filter_map(|key| key.key_mapping_id.as_deref()) {
            self.clean_up_key(application, id).await?;
        }
        Ok(())
    }
}
