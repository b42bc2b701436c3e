//! An API, its operations, scopes and deployed revisions.
//! Serving its traffic is the gateway's work.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::EndpointSecurity;

/// An API as far as key managers are concerned, with the whole document beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Api {
    /// Assigned on creation.
    pub id: Uuid,
    /// Domain of the tenant that owns it.
    pub tenant: String,
    /// User who created it, without the tenant.
    pub provider: String,
    /// Unique with its version in the tenant.
    pub name: String,
    /// With the leading slash and, in a tenant, `/t/{tenant}`; without the version.
    pub context: String,
    /// Part of the path that clients call.
    pub version: String,
    /// Life cycle state.
    pub status: ApiStatus,
    /// Names of the key managers whose tokens are accepted; `["all"]` means every one.
    pub key_managers: Vec<String>,
    /// Accepted `aud` values; empty means any.
    pub audiences: Vec<String>,
    /// Accepted kinds of credentials.
    pub security_scheme: Vec<String>,
    /// Header of the access token, when not the usual one.
    pub authorization_header: Option<String>,
    /// Business plans; empty means that no subscription is needed.
    pub policies: Vec<String>,
    /// Scopes that operations may name.
    pub scopes: Vec<ApiScope>,
    /// What can be called.
    pub operations: Vec<Operation>,
    /// Backend for production keys.
    pub production_endpoint: Option<String>,
    /// Backend for sandbox keys.
    pub sandbox_endpoint: Option<String>,
    /// How the gateway logs in at the backends.
    #[serde(default)]
    pub endpoint_security: EndpointSecurity,
    /// Every member of the document as it was sent but for secrets, for what this platform keeps without reading it.
    pub document: Map<String, Value>,
}

impl Api {
    /// Whether it carries a shared scope.
    pub(crate) fn carries(&self, scope: &Scope) -> bool {
        self.scopes.iter().any(|own| own.shared && own.scope.name == scope.name)
    }

    /// Whether tokens of the key manager called `name` are accepted.
    pub fn accepts_key_manager(&self, name: &str) -> bool {
        self.accepts_every_key_manager() || self.key_managers.iter().any(|own| own == name)
    }

    /// Whether the API is not restricted to particular key managers.
    pub fn accepts_every_key_manager(&self) -> bool {
        self.key_managers.iter().any(|own| own == "all")
    }
}

/// Life cycle state of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ApiStatus {
    /// Not offered to developers yet.
    Created,
    /// Offered without subscription.
    Prototyped,
    /// Offered to developers.
    Published,
    /// Calls are refused for the time being.
    Blocked,
    /// Still works, no new subscriptions.
    Deprecated,
    /// Gone.
    Retired,
}

/// One thing that can be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Path below the version, possibly with `{parameters}` and `*`.
    pub target: String,
    /// HTTP method in capitals.
    pub verb: String,
    /// Which tokens are wanted; `None` needs no credential at all.
    pub auth_type: String,
    /// Scopes of which the token needs one; empty means none is needed.
    pub scopes: Vec<String>,
    /// What its policies do.
    #[serde(flatten)]
    pub played: Played,
}

/// What the gateway does because policies are attached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    /// A token with this scope is revoked by its first use: `revokeOneTimeToken` on requests.
    #[serde(default)]
    pub one_time_scope: Option<String>,
    /// Whether requests go on as XML: `jsonToXML` on them.
    #[serde(default)]
    pub json_to_xml: bool,
    /// Whether answers go on as XML: `jsonToXML` on them.
    #[serde(default)]
    pub answers_to_xml: bool,
    /// Fields of requests: `addHeader` and `removeHeader` on them, in this order.
    #[serde(default)]
    pub request_headers: Vec<HeaderChange>,
    /// Fields of answers.
    #[serde(default)]
    pub response_headers: Vec<HeaderChange>,
}

/// A header field that is set, or taken away where there is no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderChange {
    /// In small letters.
    pub name: String,
    /// What it says from then on.
    pub value: Option<String>,
}

impl Operation {
    /// Whether the operation can be called without any credential.
    pub fn is_open(&self) -> bool {
        self.auth_type == "None"
    }
}

/// A scope as an API carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiScope {
    /// The scope.
    pub scope: Scope,
    /// Whether it is a shared scope of the tenant.
    #[serde(default)]
    pub shared: bool,
}

/// A scope and the roles that may have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// Assigned to shared scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The scope itself.
    pub name: String,
    /// What portals show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Roles that may have it; empty means everybody.
    #[serde(default)]
    pub bindings: Vec<String>,
    /// How many APIs use it; only told, never taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_count: Option<u64>,
}

/// An API as it was at one moment, so that it can be deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Assigned on creation.
    pub id: Uuid,
    /// Number within the API, from 1.
    pub number: u32,
    /// Free text.
    pub description: Option<String>,
    /// The API at that moment.
    pub api: Api,
    /// Where it is deployed; empty when nowhere.
    pub deployments: Vec<Deployment>,
}

/// A place where a revision is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Gateway environment, usually `Default`.
    pub name: String,
    /// Host name of the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vhost: Option<String>,
    /// Whether developers are shown this place.
    #[serde(default = "yes")]
    pub display_on_devportal: bool,
}

fn yes() -> bool {
    true
}
