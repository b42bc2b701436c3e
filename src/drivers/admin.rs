//! The Admin REST interface (v4): key managers and the settings that describe their form.
//! Only what the harness uses of it is here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use kmspec_model::exchange::Plane;

use super::{error::DriverError, key_manager::KeyManager, ledger::Created, reply::Reply, session::Session};

/// The Admin interface in somebody's hands.
#[derive(Debug, Clone)]
pub struct Admin(Session);

/// A key manager as the list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyManagerEntry {
    /// Id given by the platform.
    pub id: String,
    /// Unique in the tenant.
    pub name: String,
    /// Connector type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is in use.
    #[serde(default)]
    pub enabled: bool,
    /// What else the list says of it.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Deserialize)]
struct KeyManagerList {
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    list: Vec<KeyManagerEntry>,
}

#[derive(Deserialize)]
struct ApplicationList {
    list: Vec<ApplicationEntry>,
}

#[derive(Deserialize)]
struct ApplicationEntry {
    #[serde(rename = "applicationId")]
    id: String,
}

/// What became of a scope at the key manager that it was to be told to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScopeRegistration {
    /// The scope.
    pub scope: String,
    /// Why the key manager could not be told of it, where it could not.
    #[serde(default)]
    pub failure: Option<String>,
}

#[derive(Deserialize)]
struct ScopeRegistrations {
    list: Vec<ScopeRegistration>,
}

#[derive(Deserialize)]
struct Organization {
    #[serde(rename = "organizationId")]
    id: String,
}

/// What the platform read from a discovery document; nothing is stored by asking for it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Discovery {
    /// Whether the document could be used.
    #[serde(default)]
    pub valid: bool,
    /// The draft made from it.
    #[serde(default)]
    pub value: KeyManager,
}

/// Settings of the Admin interface, as far as they describe key managers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// One entry a connector type.
    #[serde(rename = "keyManagerConfiguration", default)]
    pub connectors: Vec<Connector>,
}

/// How the form for one connector type looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connector {
    /// Connector type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Shown in the form.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Claim with the consumer key unless another is entered.
    #[serde(default)]
    pub default_consumer_key_claim: Option<String>,
    /// Claim with the scopes unless another is entered.
    #[serde(default)]
    pub default_scopes_claim: Option<String>,
    /// Controls of the connector's part of the form.
    #[serde(default)]
    pub configurations: Vec<Control>,
}

/// One control of the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Key in the connector configuration.
    pub name: String,
    /// Whether the key must be present.
    #[serde(default)]
    pub required: bool,
    /// Whether the value is never shown again.
    #[serde(default)]
    pub mask: bool,
    /// What else the form says of it.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Admin {
    /// The interface in the hands of this persona.
    pub fn new(session: Session) -> Self {
        Self(session)
    }

    /// Registers a key manager.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn register_key_manager(&self, draft: &KeyManager) -> Result<Reply<KeyManager>, DriverError> {
        self.register_document(&serde_json::to_value(draft).expect("a key manager has string keys")).await
    }

    /// Registers a key manager from a document written by hand, which may be wrong on purpose.
    pub async fn register_document(&self, document: &Value) -> Result<Reply<KeyManager>, DriverError> {
        let call = self.0.call(Plane::Admin, "POST", &["key-managers"])?.json(document);
        let answered = self.0.send(Plane::Admin, call).await?;
        self.0.note_made(&answered, "id", Created::KeyManager);
        answered.read("a key manager")
    }

    /// Sends a body as it stands, to see how the platform takes what is no document at all.
    pub async fn register_text(&self, text: &str) -> Result<Reply<KeyManager>, DriverError> {
        let call = self.0.call(Plane::Admin, "POST", &["key-managers"])?.body("application/json", text.to_owned());
        self.0.send(Plane::Admin, call).await?.read("a key manager")
    }

    /// Reads a key manager.
    pub async fn key_manager(&self, id: &str) -> Result<Reply<KeyManager>, DriverError> {
        let call = self.0.call(Plane::Admin, "GET", &["key-managers", id])?;
        self.0.send(Plane::Admin, call).await?.read("a key manager")
    }

    /// Lists the tenant's key managers.
    pub async fn key_managers(&self) -> Result<Reply<Vec<KeyManagerEntry>>, DriverError> {
        Ok(self.counted_key_managers().await?.map(|(_, list)| list))
    }

    /// Lists the tenant's key managers, with the number of them that the platform tells.
    pub async fn counted_key_managers(&self) -> Result<Reply<(Option<u64>, Vec<KeyManagerEntry>)>, DriverError> {
        let call = self.0.call(Plane::Admin, "GET", &["key-managers"])?;
        let reply = self.0.send(Plane::Admin, call).await?.read::<KeyManagerList>("a list of key managers")?;
        Ok(reply.map(|list| (list.count, list.list)))
    }

    /// Lists the tenant's key managers by another method or path than theirs: `spelled` follows the plane's base.
    pub async fn key_managers_spelled(&self, method: &str, spelled: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call_spelled(Plane::Admin, method, spelled)?;
        self.0.send(Plane::Admin, call).await?.done()
    }

    /// Replaces a key manager by this document. One that was there before the scenario is first kept as it was.
    pub async fn update_key_manager(&self, id: &str, document: &KeyManager) -> Result<Reply<KeyManager>, DriverError> {
        if self.0.ledger().lacks_original(id)
            && let Reply::Granted(original) = self.key_manager(id).await?
        {
            self.0.ledger().keep_original(self.0.role(), original);
        }
        let call = self.0.call(Plane::Admin, "PUT", &["key-managers", id])?.json(document);
        self.0.send(Plane::Admin, call).await?.read("a key manager")
    }

    /// Deletes a key manager.
    pub async fn delete_key_manager(&self, id: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Admin, "DELETE", &["key-managers", id])?;
        let answered = self.0.send(Plane::Admin, call).await?;
        self.0.note_gone(&answered, &Created::KeyManager(id.to_owned()));
        answered.done()
    }

    /// What became of the tenant's scopes at a key manager.
    pub async fn scope_registrations(&self, id: &str) -> Result<Reply<Vec<ScopeRegistration>>, DriverError> {
        let call = self.0.call(Plane::Admin, "GET", &["key-managers", id, "scope-registrations"])?;
        let answered = self.0.send(Plane::Admin, call).await?;
        Ok(answered.read::<ScopeRegistrations>("what became of scopes")?.map(|told| told.list))
    }

    /// Has the platform read a discovery document and make a draft of it.
    pub async fn discover(&self, url: &str, kind: &str) -> Result<Reply<Discovery>, DriverError> {
        let call = self.0.call(Plane::Admin, "POST", &["key-managers", "discover"])?;
        let call = call.multipart(&[("url", url), ("type", kind)]);
        self.0.send(Plane::Admin, call).await?.read("a discovered key manager")
    }

    /// Registers an organization whose id elsewhere and name are this; its id at the platform.
    pub async fn create_organization(&self, name: &str) -> Result<Reply<String>, DriverError> {
        let document = json!({"externalOrganizationId": name, "displayName": name});
        let call = self.0.call(Plane::Admin, "POST", &["organizations"])?.json(&document);
        let answered = self.0.send(Plane::Admin, call).await?;
        self.0.note_made(&answered, "organizationId", Created::Organization);
        Ok(answered.read::<Organization>("an organization")?.map(|organization| organization.id))
    }

    /// Deletes an organization.
    pub async fn delete_organization(&self, id: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Admin, "DELETE", &["organizations", id])?;
        self.0.send(Plane::Admin, call).await?.done()
    }

    /// Reads the configuration of the tenant.
    pub async fn tenant_configuration(&self) -> Result<Reply<Map<String, Value>>, DriverError> {
        let call = self.0.call(Plane::Admin, "GET", &["tenant-config"])?;
        self.0.send(Plane::Admin, call).await?.read("the configuration of a tenant")
    }

    /// Replaces the configuration of the tenant.
    pub async fn configure_tenant(&self, document: &Map<String, Value>) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Admin, "PUT", &["tenant-config"])?.json(document);
        self.0.send(Plane::Admin, call).await?.done()
    }

    /// Makes a throttling policy for a level: `application` or `subscription`.
    pub async fn create_policy(&self, level: &str, document: &Value) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Admin, "POST", &["throttling", "policies", level])?.json(document);
        self.0.send(Plane::Admin, call).await?.done()
    }

    /// Gives an application to another owner.
    pub async fn change_owner(&self, application: &str, owner: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Admin, "POST", &["applications", application, "change-owner"])?;
        self.0.send(Plane::Admin, call.query("owner", owner)).await?.done()
    }

    /// Ids of the applications that a user owns.
    pub async fn applications_of(&self, user: &str) -> Result<Reply<Vec<String>>, DriverError> {
        let call = self.0.call(Plane::Admin, "GET", &["applications"])?.query("user", user).query("limit", "1000");
        let reply = self.0.send(Plane::Admin, call).await?.read::<ApplicationList>("a list of applications")?;
        Ok(reply.map(|list| list.list.into_iter().map(|one| one.id).collect()))
    }

    /// Reads the settings.
    pub async fn settings(&self) -> Result<Reply<Settings>, DriverError> {
        let call = self.0.call(Plane::Admin, "GET", &["settings"])?;
        self.0.send(Plane::Admin, call).await?.read("settings")
    }
}
