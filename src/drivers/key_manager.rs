//! A key manager document of the Admin interface, under the names that the documents' form uses.
//! The product's own spellings stand in the `serde` attributes; calls are in [`super::admin`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A key manager as registered. A member that is `None` is left out of the request; what a product adds of its own is
/// kept in `other`, so that a document which was read can be sent back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyManager {
    /// Id given by the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Unique in the tenant.
    pub name: String,
    /// Shown in portals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Connector type as on the wire: `custom`, `WSO2-IS-7`, `KeyCloak`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Discovery document.
    #[serde(rename = "wellKnownEndpoint", skip_serializing_if = "Option::is_none")]
    pub discovery_endpoint: Option<String>,
    /// Compared with `iss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Dynamic client registration.
    #[serde(rename = "clientRegistrationEndpoint", skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// RFC 7662.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// Used by the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Shown to developers instead of the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_token_endpoint: Option<String>,
    /// RFC 7009, used by the platform.
    #[serde(rename = "revokeEndpoint", skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Shown to developers instead of the revocation endpoint.
    #[serde(rename = "displayRevokeEndpoint", skip_serializing_if = "Option::is_none")]
    pub display_revocation_endpoint: Option<String>,
    /// User profile.
    #[serde(rename = "userInfoEndpoint", skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    /// Authorization endpoint.
    #[serde(rename = "authorizeEndpoint", skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Scope management.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_management_endpoint: Option<String>,
    /// Keys that verify signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Certificates>,
    /// Audience of subject tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Offered in the portal.
    #[serde(rename = "availableGrantTypes", skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// Token generation switch.
    #[serde(rename = "enableTokenGeneration", skip_serializing_if = "Option::is_none")]
    pub token_generation: Option<bool>,
    /// Out-of-band provisioning switch.
    #[serde(rename = "enableMapOAuthConsumerApps", skip_serializing_if = "Option::is_none")]
    pub out_of_band_provisioning: Option<bool>,
    /// OAuth app creation switch.
    #[serde(rename = "enableOAuthAppCreation", skip_serializing_if = "Option::is_none")]
    pub app_creation: Option<bool>,
    /// Whether mapping looks the client up at the authorization server.
    #[serde(rename = "enableProvisionedAppValidation", skip_serializing_if = "Option::is_none")]
    pub mapped_client_validation: Option<bool>,
    /// `true`: self-validate JWT; `false`: use introspection.
    #[serde(rename = "enableSelfValidationJWT", skip_serializing_if = "Option::is_none")]
    pub self_validate_jwt: Option<bool>,
    /// Renamed claims.
    #[serde(rename = "claimMapping", skip_serializing_if = "Option::is_none")]
    pub claim_mappings: Option<Vec<ClaimMapping>>,
    /// Claim with the consumer key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_key_claim: Option<String>,
    /// Claim with the scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes_claim: Option<String>,
    /// Which tokens belong to this key manager.
    #[serde(rename = "tokenValidation", skip_serializing_if = "Option::is_none")]
    pub token_handling: Option<Vec<TokenHandling>>,
    /// Whether it is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Connector configuration, under the connector's own names.
    #[serde(rename = "additionalProperties", skip_serializing_if = "Option::is_none")]
    pub connector: Option<Map<String, Value>>,
    /// Who may generate keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// `DIRECT`, `EXCHANGED` or `BOTH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// What the product adds of its own.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Keys that verify signatures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificates {
    /// `JWKS` or `PEM`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The key set's URL, or the PEM text in base64.
    pub value: String,
}

impl Certificates {
    /// The key set at this URL.
    pub fn jwks(url: &str) -> Self {
        Self { kind: "JWKS".into(), value: url.into() }
    }

    /// This certificate, as PEM text; the interface wants the whole text in base64 once more.
    pub fn pem(text: &str) -> Self {
        use base64::Engine as _;
        Self { kind: "PEM".into(), value: base64::engine::general_purpose::STANDARD.encode(text) }
    }
}

/// One renamed claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimMapping {
    /// Claim in the authorization server's token.
    pub remote_claim: String,
    /// Name inside the platform.
    pub local_claim: String,
}

/// One token handling option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenHandling {
    /// Number of the row, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Whether the row counts.
    #[serde(default = "yes")]
    pub enable: bool,
    /// `REFERENCE`, `JWT` or `CUSTOM`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A regular expression, claims with regular expressions, or a named matcher.
    pub value: Value,
}

fn yes() -> bool {
    true
}

impl TokenHandling {
    /// Opaque tokens that match this regular expression.
    pub fn reference(pattern: &str) -> Self {
        Self { id: Some(1), enable: true, kind: "REFERENCE".into(), value: Value::String(pattern.into()) }
    }

    /// JWTs whose claims match these regular expressions.
    pub fn jwt<'a>(claims: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let body: Map<String, Value> = claims.into_iter().map(|(name, regex)| (name.into(), regex.into())).collect();
        Self { id: Some(1), enable: true, kind: "JWT".into(), value: serde_json::json!({ "body": body }) }
    }

    /// Tokens that this named matcher takes: `regex:…`, `prefix:…`, `suffix:…`.
    pub fn custom(matcher: &str) -> Self {
        Self { id: Some(1), enable: true, kind: "CUSTOM".into(), value: Value::String(matcher.into()) }
    }
}

/// Who may generate keys with a key manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    /// `PUBLIC`, `ALLOW` or `DENY`.
    pub permission_type: String,
    /// Role names.
    #[serde(default)]
    pub roles: Vec<String>,
}

impl Permissions {
    /// Everybody.
    pub fn public() -> Self {
        Self { permission_type: "PUBLIC".into(), roles: Vec::new() }
    }

    /// Only users with one of these roles.
    pub fn allow(roles: &[&str]) -> Self {
        Self { permission_type: "ALLOW".into(), roles: roles.iter().map(|role| (*role).to_owned()).collect() }
    }

    /// All but users with one of these roles.
    pub fn deny(roles: &[&str]) -> Self {
        Self { permission_type: "DENY".into(), roles: roles.iter().map(|role| (*role).to_owned()).collect() }
    }
}

/// A line of the form for a key manager: its label in the documents, in lower case.
type Label = &'static str;

/// Labels of the documents' form, and where their value stands in the document on the wire.
const FORM: &[(Label, &str)] = &[
    ("name", "/name"),
    ("display name", "/displayName"),
    ("description", "/description"),
    ("type", "/type"),
    ("well-known endpoint", "/wellKnownEndpoint"),
    ("issuer", "/issuer"),
    ("client registration endpoint", "/clientRegistrationEndpoint"),
    ("introspection endpoint", "/introspectionEndpoint"),
    ("token endpoint", "/tokenEndpoint"),
    ("display token endpoint", "/displayTokenEndpoint"),
    ("revoke endpoint", "/revokeEndpoint"),
    ("display revoke endpoint", "/displayRevokeEndpoint"),
    ("userinfo endpoint", "/userInfoEndpoint"),
    ("authorize endpoint", "/authorizeEndpoint"),
    ("scope management endpoint", "/scopeManagementEndpoint"),
    ("consumer key claim", "/consumerKeyClaim"),
    ("scopes claim", "/scopesClaim"),
    ("grant types", "/availableGrantTypes"),
    ("certificate type", "/certificates/type"),
    ("certificate", "/certificates/value"),
    ("token generation", "/enableTokenGeneration"),
    ("out of band provisioning", "/enableMapOAuthConsumerApps"),
    ("oauth app creation", "/enableOAuthAppCreation"),
    ("provisioned app validation", "/enableProvisionedAppValidation"),
    ("self-validate jwt", "/enableSelfValidationJWT"),
    ("enabled", "/enabled"),
    ("alias", "/alias"),
    ("token type", "/tokenType"),
    ("token version", "/additionalProperties/azure_ad_requested_access_token_version"),
    ("username", "/additionalProperties/Username"),
    ("password", "/additionalProperties/Password"),
    ("authentication", "/additionalProperties/Authentication"),
    ("identity user", "/additionalProperties/IdentityUser"),
    ("client certificate", "/additionalProperties/MutualTLSOptions"),
    ("api resource management endpoint", "/additionalProperties/api_resource_management_endpoint"),
    ("roles endpoint", "/additionalProperties/is7_roles_endpoint"),
    ("role creation", "/additionalProperties/enable_roles_creation"),
    ("user schema cache", "/additionalProperties/user_schema_cache_enabled"),
];

/// No line of the form has that label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key manager form has no line `{0}`\nhint: its labels stand in the key manager driver")]
pub struct UnknownLabel(pub String);

impl From<UnknownLabel> for kmspec_model::record::Failure {
    fn from(error: UnknownLabel) -> Self {
        Self::Error(error.to_string())
    }
}

impl KeyManager {
    /// What stands in the line of the form with this label: switches as `on` or `off`, lists joined by `, `; `None`
    /// when the line is empty.
    ///
    /// # Errors
    ///
    /// [`UnknownLabel`] when the form has no such line.
    pub fn entry(&self, label: &str) -> Result<Option<String>, UnknownLabel> {
        let document = serde_json::to_value(self).expect("a key manager has string keys");
        Ok(document.pointer(pointer(label)?).and_then(shown))
    }

    /// Enters a value into the line of the form with this label: switches take `on` and `off`, lists are separated by
    /// commas.
    ///
    /// # Errors
    ///
    /// [`UnknownLabel`] when the form has no such line.
    pub fn enter(&mut self, label: &str, text: &str) -> Result<(), UnknownLabel> {
        let path = pointer(label)?;
        let value = match (path, text) {
            ("/availableGrantTypes", list) => {
                Value::from(list.split(',').map(str::trim).filter(|each| !each.is_empty()).collect::<Vec<_>>())
            }
            (switch, "on" | "off") if switch.starts_with("/enable") => Value::Bool(text == "on"),
            (_, text) => Value::String(text.to_owned()),
        };
        let mut document = serde_json::to_value(&*self).expect("a key manager has string keys");
        place(&mut document, path, value);
        // Certificates come in two lines, of which the first entered stands alone for a moment.
        if let Some(Value::Object(certificates)) = document.get_mut("certificates") {
            certificates.entry("type").or_insert_with(|| "JWKS".into());
            certificates.entry("value").or_insert_with(|| "".into());
        }
        *self = serde_json::from_value(document).expect("every line of the form fits its member");
        Ok(())
    }
}

/// Where the line of the form with this label stands in the document on the wire, as a JSON pointer.
///
/// # Errors
///
/// [`UnknownLabel`] when the form has no such line.
pub fn pointer(label: &str) -> Result<&'static str, UnknownLabel> {
    let wanted = label.to_lowercase();
    FORM.iter().find(|(each, _)| *each == wanted).map(|(_, path)| *path).ok_or_else(|| UnknownLabel(label.to_owned()))
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(on) => Some(if *on { "on" } else { "off" }.to_owned()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(shown).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    }
}

fn place(document: &mut Value, path: &str, value: Value) {
    let mut at = document;
    for part in path.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[part];
    }
    *at = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_form_reads_back_what_was_entered() {
        let mut draft = KeyManager::default();
        for (label, path) in FORM {
            let text = match *path {
                "/availableGrantTypes" => "password, refresh_token",
                path if path.starts_with("/enable") => "on",
                _ => "some text",
            };
            draft.enter(label, text).unwrap();
            assert_eq!(draft.entry(label).unwrap().as_deref(), Some(text), "{label}");
        }
        assert!(draft.other.is_empty(), "every line has a member of its own: {:?}", draft.other);
        assert!(draft.enter("colour", "red").is_err());
    }

    #[test]
    fn an_empty_draft_sends_its_name_and_type_alone() {
        let draft = KeyManager { name: "a".into(), kind: "custom".into(), ..KeyManager::default() };
        assert_eq!(serde_json::to_value(draft).unwrap(), serde_json::json!({"name": "a", "type": "custom"}));
    }
}
