//! The secrets of an application's keys: replaced, and several of them beside each other.
//! The keys themselves are left to `keys`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use kmspec_model::exchange::Plane;

use super::{Devportal, List};
use crate::{
    credentials::{ConsumerKey, Secret},
    error::DriverError,
    reply::Reply,
};

/// A new secret.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSecret {
    /// Whose.
    #[serde(default)]
    pub consumer_key: Option<ConsumerKey>,
    /// The secret.
    #[serde(default)]
    pub consumer_secret: Option<Secret>,
}

/// What is asked for when one more secret is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretOrder {
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Life in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// One of several secrets of a client.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumerSecret {
    /// By which it is revoked.
    pub secret_id: String,
    /// The secret; told when it was made.
    #[serde(default)]
    pub secret_value: Option<Secret>,
}

impl Devportal {
    /// Has the client's secret replaced.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn regenerate_secret(&self, application: &str, mapping: &str) -> Result<Reply<NewSecret>, DriverError> {
        let path = ["applications", application, "oauth-keys", mapping, "regenerate-secret"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?;
        self.0.send(Plane::Devportal, call).await?.read("a new secret")
    }

    /// Has one more secret of the client made.
    pub async fn generate_secret(
        &self,
        application: &str,
        mapping: &str,
        order: &SecretOrder,
    ) -> Result<Reply<ConsumerSecret>, DriverError> {
        let path = ["applications", application, "oauth-keys", mapping, "generate-secret"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?;
        let body = json!({ "additionalProperties": order });
        self.0.send(Plane::Devportal, call.json(&body)).await?.read("a consumer secret")
    }

    /// Lists the secrets of the client.
    pub async fn secrets(&self, application: &str, mapping: &str) -> Result<Reply<Vec<ConsumerSecret>>, DriverError> {
        let path = ["applications", application, "oauth-keys", mapping, "secrets"];
        let call = self.0.call(Plane::Devportal, "GET", &path)?;
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<ConsumerSecret>>("a list of consumer secrets")?.map(|list| list.list))
    }

    /// Revokes one of the client's secrets.
    pub async fn revoke_secret(
        &self,
        application: &str,
        mapping: &str,
        secret: &str,
    ) -> Result<Reply<()>, DriverError> {
        let path = ["applications", application, "oauth-keys", mapping, "revoke-secret"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?.json(&json!({ "secretId": secret }));
        self.0.send(Plane::Devportal, call).await?.done()
    }
}
