//! The API keys of an application: made, listed, revoked.
//! Presenting one is left to the gateway's driver.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use kmspec_model::exchange::Plane;

use super::{Devportal, KeyType, List};
use crate::{credentials::Token, error::DriverError, reply::Reply};

/// An API key as the list shows it, which is without its text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ApiKeyEntry {
    /// By which it is revoked.
    #[serde(rename = "keyUUID")]
    pub id: String,
    /// What its owner calls it.
    #[serde(rename = "keyName", default)]
    pub name: Option<String>,
}

impl Devportal {
    /// Has an API key of the application made, without an end. `places` may hold `permittedIP` and `permittedReferer`.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn generate_api_key(
        &self,
        application: &str,
        key_type: KeyType,
        name: &str,
        places: &[(&str, &str)],
    ) -> Result<Reply<Token>, DriverError> {
        #[derive(Deserialize)]
        struct Made {
            apikey: Token,
        }
        let places: Map<String, Value> = places.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let path = ["applications", application, "api-keys", &kind(key_type), "generate"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?;
        let order = json!({ "keyName": name, "validityPeriod": -1, "additionalProperties": places });
        let answered = self.0.send(Plane::Devportal, call.json(&order)).await?;
        Ok(answered.read::<Made>("an API key")?.map(|made| made.apikey))
    }

    /// Lists the API keys of an application, as far as they are the persona's to see.
    pub async fn api_keys(&self, application: &str, key_type: KeyType) -> Result<Reply<Vec<ApiKeyEntry>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["applications", application, "api-keys", &kind(key_type)])?;
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<ApiKeyEntry>>("a list of API keys")?.map(|list| list.list))
    }

    /// Revokes an API key by its id.
    pub async fn revoke_api_key(
        &self,
        application: &str,
        key_type: KeyType,
        id: &str,
    ) -> Result<Reply<()>, DriverError> {
        let path = ["applications", application, "api-keys", &kind(key_type), "revoke"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?.json(&json!({ "keyUUID": id }));
        self.0.send(Plane::Devportal, call).await?.done()
    }
}

fn kind(key_type: KeyType) -> String {
    key_type.to_string().to_uppercase()
}
