//! The platform's event intake: what an authorization server tells it, a revocation above all.
//! When the event has bitten is seen at the gateway, not here.

use serde_json::Value;
use url::Url;

use kmspec_model::target::Persona;

use super::{
    error::DriverError,
    reply::Reply,
    wire::{Call, Line, below},
};

/// The event intake in the hands of an authorization server.
#[derive(Debug, Clone)]
pub struct Notify {
    line: Line,
    root: Url,
}

impl Notify {
    /// The intake below the management host's root.
    pub fn new(line: Line, root: Url) -> Self {
        Self { line, root }
    }

    /// Where authorization servers send their events.
    pub fn place(&self) -> Url {
        below(&self.root, &["internal", "data", "v1", "notify"])
    }

    /// Tells the platform of an event, in the name of a key manager type.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn tell(&self, user: &Persona, key_manager_type: &str, event: &Value) -> Result<Reply<()>, DriverError> {
        let call = Call::new("POST", self.place())
            .basic(&user.username, &user.password)
            .header("X-WSO2-KEY-MANAGER", key_manager_type)
            .json(event);
        self.line.send(call).await?.done()
    }

    /// The event that an access token was revoked. `token` is the `jti` of a JWT, or an opaque token itself;
    /// `expires_at_ms` is when it would have expired, in milliseconds since 1970.
    pub fn token_revoked(token: &str, consumer_key: &str, tenant_domain: &str, expires_at_ms: u64) -> Value {
        serde_json::json!({
            "eventId": uuid::Uuid::new_v4().to_string(),
            "timeStamp": jiff::Timestamp::now().as_millisecond(),
            "type": "token_revocation",
            "tenantId": -1,
            "tenantDomain": tenant_domain,
            "accessToken": token,
            "expiryTime": expires_at_ms,
            "user": "",
            "consumerKey": consumer_key,
            "tokenType": "DEFAULT",
            "properties": {},
        })
    }

    /// The event that everything issued to a client up to a moment, in milliseconds since 1970, is revoked: its secret was
    /// reset, or somebody ended it all.
    pub fn client_revoked(consumer_key: &str, tenant_domain: &str, moment_ms: u64) -> Value {
        serde_json::json!({
            "eventId": uuid::Uuid::new_v4().to_string(),
            "timeStamp": moment_ms,
            "type": "consumer_app_revocation_event",
            "tenantId": -1,
            "tenantDomain": tenant_domain,
            "consumerKey": consumer_key,
            "revocationTime": moment_ms,
            "properties": {},
        })
    }
}
