//! An authorization server as it is registered in the platform.
//! Which members a type demands is its connector's business.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Certificates, Permissions, TokenValidation};

/// Name of the key manager that every tenant is born with.
pub const RESIDENT_KEY_MANAGER: &str = "Resident Key Manager";

/// Type of the resident key manager.
pub const RESIDENT_TYPE: &str = "default";

/// A key manager; members are spelled on the wire and in the store as the product spells them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyManager {
    /// Assigned on creation, never changes.
    #[serde(default)]
    pub id: Uuid,
    /// Unique in the tenant, never changes.
    pub name: String,
    /// What the portals show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The connector's type name, never changes.
    #[serde(rename = "type")]
    pub kind: String,
    /// At most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub well_known_endpoint: Option<String>,
    /// RFC 7662; some types accept the word `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// Dynamic client registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_registration_endpoint: Option<String>,
    /// Token endpoint that the platform calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Token endpoint shown to developers; blank means the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_token_endpoint: Option<String>,
    /// Revocation endpoint that the platform calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_endpoint: Option<String>,
    /// Revocation endpoint shown to developers; blank means the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_revoke_endpoint: Option<String>,
    /// User profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_info_endpoint: Option<String>,
    /// Where authorization grants are handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorize_endpoint: Option<String>,
    /// Where scopes are administered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_management_endpoint: Option<String>,
    /// Keys that verify signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Certificates>,
    /// `iss` of its tokens, compared as an exact string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Audience expected in a token to be exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Offered in the developer portal; informative only.
    #[serde(default)]
    pub available_grant_types: Vec<String>,
    /// The platform may request tokens for an application.
    #[serde(default)]
    pub enable_token_generation: bool,
    /// Kept as sent.
    #[serde(default)]
    pub enable_token_encryption: bool,
    /// Kept as sent.
    #[serde(default)]
    pub enable_token_hashing: bool,
    /// Existing clients may be mapped to applications.
    #[serde(default, rename = "enableMapOAuthConsumerApps")]
    pub enable_map_oauth_consumer_apps: bool,
    /// Clients may be created.
    #[serde(default, rename = "enableOAuthAppCreation")]
    pub enable_oauth_app_creation: bool,
    /// Mapping looks the client up at the authorization server.
    #[serde(default = "yes")]
    pub enable_provisioned_app_validation: bool,
    /// JWTs are validated locally; otherwise by introspection.
    #[serde(default = "yes", rename = "enableSelfValidationJWT")]
    pub enable_self_validation_jwt: bool,
    /// Renaming of claims of validated tokens.
    #[serde(default)]
    pub claim_mapping: Vec<ClaimMapping>,
    /// Claim that holds the consumer key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_key_claim: Option<String>,
    /// Claim that holds the scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes_claim: Option<String>,
    /// Which opaque tokens belong to this key manager.
    #[serde(default)]
    pub token_validation: Vec<TokenValidation>,
    /// A disabled key manager is absent at run time.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Settings of the connector.
    #[serde(default)]
    pub additional_properties: ConnectorProperties,
    /// Who may generate keys.
    #[serde(default)]
    pub permissions: Permissions,
    /// How its tokens may be used.
    #[serde(default)]
    pub token_type: TokenType,
    /// Organizations that see it in the portal; empty means all.
    #[serde(default)]
    pub allowed_organizations: Vec<String>,
    /// Endpoints that only a connector knows by name; kept as sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<NamedEndpoint>,
    /// Whether every tenant would see it; this platform has none of that kind.
    #[serde(default, rename = "isGlobal", alias = "global", skip_serializing_if = "std::ops::Not::not")]
    pub is_global: bool,
}

/// An endpoint by the name that its connector gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedEndpoint {
    /// The connector's name for it.
    pub name: String,
    /// Its URL.
    #[serde(default)]
    pub value: String,
}

/// How tokens of a key manager may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TokenType {
    /// At the gateway.
    #[default]
    Direct,
    /// To be exchanged at the resident key manager only.
    Exchanged,
    /// Either way.
    Both,
}

/// A claim's name in the token and inside the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimMapping {
    /// Name in the authorization server's token.
    pub remote_claim: String,
    /// Name inside the platform.
    pub local_claim: String,
}

/// Settings of a connector: a free map, some of it secret, so that `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectorProperties(pub Map<String, Value>);

impl ConnectorProperties {
    /// The property as text; a boolean reads as its word, as the product compares them.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl ConnectorProperties {
    /// Whether a check box is ticked: stored as its text, a list with its text, or a flag.
    pub fn ticked(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Array(texts)) => !texts.is_empty(),
            _ => self.text(name).is_some_and(|text| !text.is_empty() && text != "false"),
        }
    }
}

impl fmt::Debug for ConnectorProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl KeyManager {
    /// A key manager with nothing but a name and a type; the rest as the interface's document defaults it.
    pub fn named(name: impl Into<String>, kind: impl Into<String>) -> Self {
        let document = serde_json::json!({"name": name.into(), "type": kind.into()});
        serde_json::from_value(document).expect("a name and a type are all that is mandatory")
    }

    /// Whether this is the key manager that the tenant was born with.
    pub fn is_resident(&self) -> bool {
        self.name == RESIDENT_KEY_MANAGER && self.kind == RESIDENT_TYPE
    }

    /// Whether its tokens may be presented at the gateway.
    pub fn takes_direct_tokens(&self) -> bool {
        self.token_type != TokenType::Exchanged
    }

    /// Whether its clients and tokens are all made elsewhere and the platform does no more than validate: it is then
    /// asked for its keys and for nothing else.
    pub fn is_out_of_band(&self) -> bool {
        !self.enable_oauth_app_creation
            && !self.enable_token_generation
            && self.enable_map_oauth_consumer_apps
            && self.enable_self_validation_jwt
    }

    /// The token endpoint to show to developers.
    pub fn shown_token_endpoint(&self) -> Option<&str> {
        shown(&self.display_token_endpoint, &self.token_endpoint)
    }

    /// The revocation endpoint to show to developers.
    pub fn shown_revoke_endpoint(&self) -> Option<&str> {
        shown(&self.display_revoke_endpoint, &self.revoke_endpoint)
    }
}

fn shown<'a>(display: &'a Option<String>, real: &'a Option<String>) -> Option<&'a str> {
    let display = display.as_deref().filter(|text| !text.trim().is_empty());
    display.or(real.as_deref())
}

fn yes() -> bool {
    true
}
