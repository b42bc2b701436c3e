//! The Publisher REST interface (v4): APIs, their key manager restriction, scopes, revisions and deployment.
//! Only what the harness uses of it is here.

mod client_certificates;
mod definition;
mod internal_keys;
mod subscriptions;

pub use subscriptions::HeldPlan;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use kmspec_model::exchange::Plane;

use super::{error::DriverError, ledger::Created, reply::Reply, session::Session};

/// The Publisher interface in somebody's hands.
#[derive(Debug, Clone)]
pub struct Publisher(Session);

/// An API. A member that is `None` is left out of the request; what the product adds of its own is kept in `other`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Api {
    /// Id given by the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Unique in the tenant.
    pub name: String,
    /// Path below the gateway, with a leading slash; a tenant's gets `/t/<tenant>` before it.
    pub context: String,
    /// Version, the second part of the path.
    pub version: String,
    /// Names of the key managers whose tokens it takes; all when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_managers: Option<Vec<String>>,
    /// Accepted audiences; any when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Vec<String>>,
    /// How callers prove themselves; `oauth2` when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_scheme: Option<Vec<String>>,
    /// Header field with the token; `Authorization` when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_header: Option<String>,
    /// Scopes that its operations may ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<ApiScope>>,
    /// What can be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<Operation>>,
    /// Plans that subscriptions may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<String>>,
    /// Where its backend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_config: Option<Value>,
    /// What the product adds of its own.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Api {
    /// Shows it in the developer portal to users with this role only.
    pub fn restrict_to_role(&mut self, role: &str) {
        self.other.insert("visibility".to_owned(), json!("RESTRICTED"));
        self.other.insert("visibleRoles".to_owned(), json!([role]));
    }

    /// An API with one `GET /*` operation, the plan `Unlimited` and this backend for both key types.
    pub fn draft(name: &str, context: &str, backend: &str) -> Self {
        Self {
            name: name.to_owned(),
            context: context.to_owned(),
            version: "1.0.0".to_owned(),
            operations: Some(vec![Operation::any("/*", "GET")]),
            policies: Some(vec!["Unlimited".to_owned()]),
            endpoint_config: Some(json!({
                "endpoint_type": "http",
                "production_endpoints": { "url": backend },
                "sandbox_endpoints": { "url": backend },
            })),
            ..Self::default()
        }
    }
}

/// A scope as an API holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiScope {
    /// The scope.
    pub scope: Scope,
    /// Whether other APIs may use it.
    #[serde(default)]
    pub shared: bool,
}

/// A scope, shared or of one API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scope {
    /// Id given by the platform, to shared ones only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// As in a token.
    pub name: String,
    /// Shown in portals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Roles whose users may have it; everybody when empty.
    pub bindings: Vec<String>,
}

impl Scope {
    /// A scope for users with one of these roles.
    pub fn named(name: &str, roles: &[&str]) -> Self {
        let bindings = roles.iter().map(|role| (*role).to_owned()).collect();
        Self { name: name.to_owned(), display_name: Some(name.to_owned()), bindings, ..Self::default() }
    }
}

/// Something that can be called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Path pattern below the API: `/*`, `/orders/{id}`.
    pub target: String,
    /// Method.
    pub verb: String,
    /// Which kinds of tokens it takes; `None` asks for none at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    /// Plan of the operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_policy: Option<String>,
    /// Names of scopes, one of which the token must have.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What the product adds of its own.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Operation {
    /// One that takes any token.
    pub fn any(target: &str, verb: &str) -> Self {
        Self {
            target: target.to_owned(),
            verb: verb.to_owned(),
            auth_type: Some("Application & Application User".to_owned()),
            throttling_policy: Some("Unlimited".to_owned()),
            scopes: Vec::new(),
            other: Map::new(),
        }
    }

    /// The same, asking for one of these scopes.
    #[must_use]
    pub fn scoped(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }
}

/// A key manager as an API publisher sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OfferedKeyManager {
    /// Id given by the platform.
    #[serde(default)]
    pub id: Option<String>,
    /// The name that an API's restriction uses.
    pub name: String,
    /// Connector type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is in use.
    #[serde(default)]
    pub enabled: bool,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    list: Vec<T>,
}

#[derive(Deserialize)]
struct Revision {
    id: String,
}

/// An API as the list shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ApiEntry {
    /// Id given by the platform.
    pub id: String,
    /// Unique in the tenant.
    pub name: String,
}

impl Publisher {
    /// The interface in the hands of this persona.
    pub fn new(session: Session) -> Self {
        Self(session)
    }

    /// Creates an API; it can be called once a revision of it is deployed.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn create_api(&self, draft: &Api) -> Result<Reply<Api>, DriverError> {
        self.create_document(&serde_json::to_value(draft).expect("an API has string keys")).await
    }

    /// Creates an API from a document written by hand, which may be wrong on purpose.
    pub async fn create_document(&self, document: &Value) -> Result<Reply<Api>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["apis"])?.json(document);
        let answered = self.0.send(Plane::Publisher, call).await?;
        self.0.note_made(&answered, "id", Created::Api);
        answered.read("an API")
    }

    /// Reads an API.
    pub async fn api(&self, id: &str) -> Result<Reply<Api>, DriverError> {
        let call = self.0.call(Plane::Publisher, "GET", &["apis", id])?;
        self.0.send(Plane::Publisher, call).await?.read("an API")
    }

    /// Lists the tenant's APIs, the first thousand of them.
    pub async fn apis(&self) -> Result<Reply<Vec<ApiEntry>>, DriverError> {
        let call = self.0.call(Plane::Publisher, "GET", &["apis"])?.query("limit", "1000");
        let reply = self.0.send(Plane::Publisher, call).await?.read::<List<ApiEntry>>("a list of APIs")?;
        Ok(reply.map(|list| list.list))
    }

    /// Replaces an API by this document; the gateway follows once a new revision is deployed.
    pub async fn update_api(&self, id: &str, document: &Api) -> Result<Reply<Api>, DriverError> {
        let call = self.0.call(Plane::Publisher, "PUT", &["apis", id])?.json(document);
        self.0.send(Plane::Publisher, call).await?.read("an API")
    }

    /// Deletes an API.
    pub async fn delete_api(&self, id: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "DELETE", &["apis", id])?;
        let answered = self.0.send(Plane::Publisher, call).await?;
        self.0.note_gone(&answered, &Created::Api(id.to_owned()));
        answered.done()
    }

    /// Makes a revision of an API and deploys it to the default gateway.
    pub async fn deploy(&self, id: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["apis", id, "revisions"])?;
        let call = call.json(&json!({ "description": "made by kmspec" }));
        let revision = match self.0.send(Plane::Publisher, call).await?.read::<Revision>("a revision")? {
            Reply::Granted(revision) => revision.id,
            Reply::Refused(refusal) => return Ok(Reply::Refused(refusal)),
        };
        let call = self.0.call(Plane::Publisher, "POST", &["apis", id, "deploy-revision"])?;
        let place = json!([{ "name": "Default", "vhost": "localhost", "displayOnDevportal": true }]);
        self.0.send(Plane::Publisher, call.query("revisionId", &revision).json(&place)).await?.done()
    }

    /// Moves an API to the state in which developers can subscribe to it.
    pub async fn publish(&self, id: &str) -> Result<Reply<()>, DriverError> {
        self.change_state(id, "Publish").await
    }

    /// Takes an API one step further in its life cycle, by the product's word for the step, such as `Block`.
    pub async fn change_state(&self, id: &str, action: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["apis", "change-lifecycle"])?;
        let call = call.query("apiId", id).query("action", action);
        self.0.send(Plane::Publisher, call).await?.done()
    }

    /// Lists the key managers that an API can be restricted to.
    pub async fn key_managers(&self) -> Result<Reply<Vec<OfferedKeyManager>>, DriverError> {
        let call = self.0.call(Plane::Publisher, "GET", &["key-managers"])?;
        let answered = self.0.send(Plane::Publisher, call).await?;
        Ok(answered.read::<List<OfferedKeyManager>>("a list of key managers")?.map(|list| list.list))
    }

    /// Asks whether there is a role; it is named in base64url.
    pub async fn find_role(&self, name: &str) -> Result<Reply<()>, DriverError> {
        let named = URL_SAFE_NO_PAD.encode(name);
        let call = self.0.call(Plane::Publisher, "HEAD", &["roles", &named])?;
        self.0.send(Plane::Publisher, call).await?.done()
    }

    /// Creates a shared scope.
    pub async fn create_scope(&self, scope: &Scope) -> Result<Reply<Scope>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["scopes"])?.json(scope);
        let answered = self.0.send(Plane::Publisher, call).await?;
        self.0.note_made(&answered, "id", Created::Scope);
        answered.read("a scope")
    }

    /// Lists the tenant's shared scopes.
    pub async fn scopes(&self) -> Result<Reply<Vec<Scope>>, DriverError> {
        let call = self.0.call(Plane::Publisher, "GET", &["scopes"])?.query("limit", "1000");
        Ok(self.0.send(Plane::Publisher, call).await?.read::<List<Scope>>("a list of scopes")?.map(|list| list.list))
    }

    /// Reads a shared scope.
    pub async fn scope(&self, id: &str) -> Result<Reply<Scope>, DriverError> {
        let call = self.0.call(Plane::Publisher, "GET", &["scopes", id])?;
        self.0.send(Plane::Publisher, call).await?.read("a scope")
    }

    /// Replaces a shared scope by this document.
    pub async fn update_scope(&self, id: &str, scope: &Scope) -> Result<Reply<Scope>, DriverError> {
        let call = self.0.call(Plane::Publisher, "PUT", &["scopes", id])?.json(scope);
        self.0.send(Plane::Publisher, call).await?.read("a scope")
    }

    /// Deletes a shared scope.
    pub async fn delete_scope(&self, id: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "DELETE", &["scopes", id])?;
        let answered = self.0.send(Plane::Publisher, call).await?;
        self.0.note_gone(&answered, &Created::Scope(id.to_owned()));
        answered.done()
    }
}
