//! What the platform fetches for an application: access tokens.
//! The keys that they are had with are left to `keys`, API keys to `api_keys`.

use serde::{Deserialize, Serialize};

use kmspec_model::exchange::Plane;

use super::Devportal;
use crate::{
    credentials::{Secret, Token},
    error::DriverError,
    reply::Reply,
};

/// A token that the platform fetched for an application.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationToken {
    /// The token; empty where none was made.
    pub access_token: Token,
    /// Its scopes.
    #[serde(default)]
    pub token_scopes: Option<Vec<String>>,
    /// Its lifetime in seconds.
    #[serde(default)]
    pub validity_time: Option<i64>,
}

/// What is asked for when the platform fetches a token for an application.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenOrder {
    /// The client's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_secret: Option<Secret>,
    /// Lifetime in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity_period: Option<i64>,
    /// Scopes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// A token to be revoked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke_token: Option<Token>,
    /// `CLIENT_CREDENTIALS` or `TOKEN_EXCHANGE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
}

impl Devportal {
    /// Has the platform fetch a token for an application.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn generate_token(
        &self,
        application: &str,
        mapping: &str,
        order: &TokenOrder,
    ) -> Result<Reply<ApplicationToken>, DriverError> {
        let path = ["applications", application, "oauth-keys", mapping, "generate-token"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?;
        self.0.send(Plane::Devportal, call.json(order)).await?.read("an application token")
    }
}
