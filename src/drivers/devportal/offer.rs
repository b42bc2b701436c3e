//! The key managers that a developer is offered.
//! What their administrator sees of them is left to `admin`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use kmspec_model::exchange::Plane;

use super::{Devportal, List};
use crate::{error::DriverError, reply::Reply};

/// A key manager as a developer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferedKeyManager {
    /// Id given by the platform.
    pub id: String,
    /// Unique in the tenant.
    pub name: String,
    /// Connector type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Shown in portals.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether it is in use.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Grant types offered.
    #[serde(rename = "availableGrantTypes", default)]
    pub grant_types: Option<Vec<String>>,
    /// Where tokens are had.
    #[serde(default)]
    pub token_endpoint: Option<String>,
    /// Where tokens are revoked.
    #[serde(rename = "revokeEndpoint", default)]
    pub revocation_endpoint: Option<String>,
    /// Where profiles are had.
    #[serde(rename = "userInfoEndpoint", default)]
    pub userinfo_endpoint: Option<String>,
    /// Whether the portal offers to fetch a token.
    #[serde(rename = "enableTokenGeneration", default)]
    pub token_generation: Option<bool>,
    /// Whether the portal offers to create a client.
    #[serde(rename = "enableOAuthAppCreation", default)]
    pub app_creation: Option<bool>,
    /// Whether the portal offers to map a client.
    #[serde(rename = "enableMapOAuthConsumerApps", default)]
    pub out_of_band_provisioning: Option<bool>,
    /// What else the platform says of it.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Devportal {
    /// Lists the key managers that keys can be had from.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn key_managers(&self) -> Result<Reply<Vec<OfferedKeyManager>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["key-managers"])?;
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<OfferedKeyManager>>("a list of key managers")?.map(|list| list.list))
    }
}
