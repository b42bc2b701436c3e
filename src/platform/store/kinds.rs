//! What kinds of documents there are and by which keys they are found.
//! Their members are defined in `domain`.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    connectors,
    domain::{
        Api, ApiKey, Application, ClientAttempt, ClientCertificate, KeyManager, KeyMapping, OAuthClient, Organization,
        Revision, Scope, ScopeRegistration, Subscription, Tenant, TenantSettings, ThrottlingPolicy, User,
    },
};

/// A type that the store keeps.
///
/// `id` is unique over all tenants, `unique_key` in its tenant, and `parent` leads to all that hang on one thing.
pub trait Document: Serialize + DeserializeOwned {
    /// Name of the kind in the database; never changed once data exists.
    const KIND: &'static str;

    /// Unique over all tenants.
    fn id(&self) -> String;

    /// What must not occur twice in a tenant.
    fn unique_key(&self) -> Option<String> {
        None
    }

    /// The thing on which the document hangs.
    fn parent(&self) -> Option<String> {
        None
    }

    /// Members of a stored document that are sealed, as JSON pointers (RFC 6901).
    fn secrets(_body: &Value) -> Vec<String> {
        Vec::new()
    }
}

impl Document for Tenant {
    const KIND: &'static str = "tenant";
    fn id(&self) -> String {
        self.domain.clone()
    }
}

impl Document for User {
    const KIND: &'static str = "user";
    fn id(&self) -> String {
        format!("{}@{}", self.name, self.tenant)
    }
}

impl Document for TenantSettings {
    const KIND: &'static str = "tenant-settings";
    fn id(&self) -> String {
        self.tenant.clone()
    }
}

impl Document for ThrottlingPolicy {
    const KIND: &'static str = "throttling-policy";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(Self::key(self.level, &self.name))
    }
}

impl Document for Organization {
    const KIND: &'static str = "organization";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(self.external_id.clone())
    }
}

impl Document for KeyManager {
    const KIND: &'static str = "key-manager";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(self.name.clone())
    }
    /// The properties that are never shown.
    fn secrets(body: &Value) -> Vec<String> {
        let connector = body["type"].as_str().and_then(connectors::find);
        let names = connector.map(connectors::Connector::secrets).unwrap_or_default();
        let escaped = names.iter().map(|name| name.replace('~', "~0").replace('/', "~1"));
        escaped.map(|name| format!("/additionalProperties/{name}")).collect()
    }
}

impl Document for Application {
    const KIND: &'static str = "application";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(format!("{}\n{}", self.owner, self.name))
    }
}

impl Document for ApiKey {
    const KIND: &'static str = "api-key";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        // Keys without a name are as many as their owner likes.
        (!self.name.is_empty()).then(|| format!("{}\n{}\n{}", self.application_id, self.key_type, self.name))
    }
    fn parent(&self) -> Option<String> {
        Some(self.application_id.to_string())
    }
}

impl Document for KeyMapping {
    const KIND: &'static str = "key-mapping";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(format!("{}\n{}\n{}", self.application_id, self.key_type, self.key_manager_id))
    }
    fn parent(&self) -> Option<String> {
        Some(self.application_id.to_string())
    }
    fn secrets(_body: &Value) -> Vec<String> {
        vec!["/consumer_secret".to_owned(), "/management/token".to_owned()]
    }
}

impl Document for ClientAttempt {
    const KIND: &'static str = "client-attempt";
    fn id(&self) -> String {
        self.client_id.clone()
    }
    fn parent(&self) -> Option<String> {
        Some(self.application_id.to_string())
    }
    fn secrets(_body: &Value) -> Vec<String> {
        vec!["/token".to_owned()]
    }
}

impl Document for ClientCertificate {
    const KIND: &'static str = "client-certificate";
    fn id(&self) -> String {
        format!("{}\n{}", self.tenant, self.alias)
    }
    fn parent(&self) -> Option<String> {
        Some(self.api_id.to_string())
    }
}

impl Document for OAuthClient {
    const KIND: &'static str = "oauth-client";
    fn id(&self) -> String {
        self.client_id.clone()
    }
    fn parent(&self) -> Option<String> {
        Some(self.name.clone())
    }
    fn secrets(body: &Value) -> Vec<String> {
        let more = body["more_secrets"].as_array().map_or(0, Vec::len);
        let more = (0..more).map(|index| format!("/more_secrets/{index}/value"));
        std::iter::once("/client_secret".to_owned()).chain(more).collect()
    }
}

impl Document for Api {
    const KIND: &'static str = "api";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(format!("{}\n{}", self.context, self.version))
    }
    fn secrets(_body: &Value) -> Vec<String> {
        backend_secrets("").collect()
    }
}

/// The credentials for the backends of an API that stands at `place`.
fn backend_secrets(place: &'static str) -> impl Iterator<Item = String> {
    let members = ["production/password", "production/client_secret", "sandbox/password", "sandbox/client_secret"];
    members.into_iter().map(move |member| format!("{place}/endpoint_security/{member}"))
}

impl Document for Revision {
    const KIND: &'static str = "revision";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn parent(&self) -> Option<String> {
        Some(self.api.id.to_string())
    }
    fn secrets(_body: &Value) -> Vec<String> {
        backend_secrets("/api").collect()
    }
}

impl Document for Scope {
    const KIND: &'static str = "scope";
    fn id(&self) -> String {
        self.id.map(|id| id.to_string()).unwrap_or_default()
    }
    fn unique_key(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

impl Document for ScopeRegistration {
    const KIND: &'static str = "scope-registration";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(Self::key(self.key_manager_id, &self.scope))
    }
    fn parent(&self) -> Option<String> {
        Some(self.key_manager_id.to_string())
    }
}

impl Document for Subscription {
    const KIND: &'static str = "subscription";
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn unique_key(&self) -> Option<String> {
        Some(format!("{}\n{}", self.application_id, self.api_id))
    }
    fn parent(&self) -> Option<String> {
        Some(self.application_id.to_string())
    }
}

/// A revocation, kept so that it holds after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "lowercase")]
pub enum Revocation {
    /// Of one token.
    Token {
        /// `jti`, signature, or the whole opaque token.
        token: String,
        /// When the token would have expired anyway, in milliseconds since 1970.
        expires_at_ms: u64,
    },
    /// Of all tokens of a client issued until then.
    Consumer {
        /// The client.
        consumer_key: String,
        /// In milliseconds since 1970.
        revoked_at_ms: u64,
    },
    /// Of all tokens of a user or client issued until then.
    Subject {
        /// The user or client.
        entity_id: String,
        /// `USER_ID` or `CLIENT_ID`.
        entity_type: String,
        /// In milliseconds since 1970.
        revoked_at_ms: u64,
    },
}

impl Document for Revocation {
    const KIND: &'static str = "revocation";
    fn id(&self) -> String {
        match self {
            Self::Token { token, .. } => format!("token\n{token}"),
            Self::Consumer { consumer_key, .. } => format!("consumer\n{consumer_key}"),
            Self::Subject { entity_id, entity_type, .. } => format!("{entity_type}\n{entity_id}"),
        }
    }
}
