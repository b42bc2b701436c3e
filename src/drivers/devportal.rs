//! The Developer Portal REST interface (v3): applications, their keys at each key manager, subscriptions.
//! Only what the harness uses of it is here.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use kmspec_model::exchange::Plane;

use super::{
    credentials::{ConsumerKey, Secret, Token},
    error::DriverError,
    ledger::Created,
    reply::Reply,
    session::Session,
};

/// The Developer Portal interface in somebody's hands.
#[derive(Debug, Clone)]
pub struct Devportal(Session);

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

/// An application.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Application {
    /// Id given by the platform.
    #[serde(rename = "applicationId", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Unique among its owner's.
    pub name: String,
    /// Its plan.
    pub throttling_policy: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `JWT` or `OAUTH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// What the product adds of its own.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Application {
    /// A draft with the plan `Unlimited`.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), throttling_policy: "Unlimited".to_owned(), ..Self::default() }
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

/// A subscription of an application to an API.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Id given by the platform.
    pub subscription_id: String,
    /// The application.
    #[serde(default)]
    pub application_id: String,
    /// The API.
    #[serde(default)]
    pub api_id: Option<String>,
    /// `UNBLOCKED`, `BLOCKED`, ….
    #[serde(default)]
    pub status: Option<String>,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    list: Vec<T>,
}

impl Devportal {
    /// The interface in the hands of this persona.
    pub fn new(session: Session) -> Self {
        Self(session)
    }

    /// Creates an application.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn create_application(&self, draft: &Application) -> Result<Reply<Application>, DriverError> {
        let call = self.0.call(Plane::Devportal, "POST", &["applications"])?.json(draft);
        let reply: Reply<Application> = self.0.send(Plane::Devportal, call).await?.read("an application")?;
        if let Reply::Granted(Application { id: Some(id), .. }) = &reply {
            self.0.ledger().add(self.0.role(), Created::Application(id.clone()));
        }
        Ok(reply)
    }

    /// Reads an application.
    pub async fn application(&self, id: &str) -> Result<Reply<Application>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["applications", id])?;
        self.0.send(Plane::Devportal, call).await?.read("an application")
    }

    /// Lists the persona's applications, the first thousand of them.
    pub async fn applications(&self) -> Result<Reply<Vec<Application>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["applications"])?.query("limit", "1000");
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<Application>>("a list of applications")?.map(|list| list.list))
    }

    /// Replaces an application by this document.
    pub async fn update_application(
        &self,
        id: &str,
        document: &Application,
    ) -> Result<Reply<Application>, DriverError> {
        let call = self.0.call(Plane::Devportal, "PUT", &["applications", id])?.json(document);
        self.0.send(Plane::Devportal, call).await?.read("an application")
    }

    /// Deletes an application, with its keys and subscriptions.
    pub async fn delete_application(&self, id: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Devportal, "DELETE", &["applications", id])?;
        let reply = self.0.send(Plane::Devportal, call).await?.done();
        if let Reply::Granted(()) = reply {
            self.0.ledger().strike(&Created::Application(id.to_owned()));
        }
        Ok(reply)
    }

    /// Lets the platform forget an application's keys, without a word to the authorization servers that they are from.
    pub async fn clean_up_keys(&self, application: &str) -> Result<(), DriverError> {
        let Reply::Granted(keys) = self.keys(application).await? else { return Ok(()) };
        for id in keys.iter().filter_map(|key| key.key_mapping_id.as_deref()) {
            let path = ["applications", application, "oauth-keys", id, "clean-up"];
            let call = self.0.call(Plane::Devportal, "POST", &path)?;
            self.0.send(Plane::Devportal, call).await?;
        }
        Ok(())
    }

    /// Lists the key managers that keys can be had from.
    pub async fn key_managers(&self) -> Result<Reply<Vec<OfferedKeyManager>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["key-managers"])?;
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<OfferedKeyManager>>("a list of key managers")?.map(|list| list.list))
    }

    /// Has a client created for an application.
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
        Ok(self.0.send(Plane::Devportal, call).await?.done())
    }

    /// Has the platform fetch a token for an application.
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

    /// Has the client's secret replaced.
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
        Ok(self.0.send(Plane::Devportal, call).await?.done())
    }

    /// Has an API key of the application made, without an end.
    pub async fn generate_api_key(
        &self,
        application: &str,
        key_type: KeyType,
        name: &str,
    ) -> Result<Reply<Token>, DriverError> {
        #[derive(Deserialize)]
        struct Made {
            apikey: Token,
        }
        let kind = key_type.to_string().to_uppercase();
        let path = ["applications", application, "api-keys", &kind, "generate"];
        let call = self.0.call(Plane::Devportal, "POST", &path)?;
        let order = json!({ "keyName": name, "validityPeriod": -1, "additionalProperties": {} });
        let answered = self.0.send(Plane::Devportal, call.json(&order)).await?;
        Ok(answered.read::<Made>("an API key")?.map(|made| made.apikey))
    }

    /// Subscribes an application to an API, on the plan `Unlimited`.
    pub async fn subscribe(&self, application: &str, api: &str) -> Result<Reply<Subscription>, DriverError> {
        let call = self.0.call(Plane::Devportal, "POST", &["subscriptions"])?;
        let document = json!({ "applicationId": application, "apiId": api, "throttlingPolicy": "Unlimited" });
        self.0.send(Plane::Devportal, call.json(&document)).await?.read("a subscription")
    }

    /// Lists an application's subscriptions.
    pub async fn subscriptions(&self, application: &str) -> Result<Reply<Vec<Subscription>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["subscriptions"])?.query("applicationId", application);
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<Subscription>>("a list of subscriptions")?.map(|list| list.list))
    }

    /// Ends a subscription.
    pub async fn unsubscribe(&self, subscription: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Devportal, "DELETE", &["subscriptions", subscription])?;
        Ok(self.0.send(Plane::Devportal, call).await?.done())
    }
}
