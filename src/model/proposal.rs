//! The key manager that a certified server would make: every field of the form, and the document ready to POST.
//! What is known of the server comes in as [`ServerFacts`]; what is wrong with the server stands in the run report.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::capability::Capability;

/// What certification found out about a server, as far as the form asks for it.
#[derive(Debug, Clone, Default)]
pub struct ServerFacts {
    /// Name of the server, for the key manager's name.
    pub name: String,
    /// Where its discovery document is.
    pub discovery: Option<Url>,
    /// Members of the document.
    pub document: Map<String, Value>,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Key manager type as on the wire.
    pub key_manager_type: String,
    /// Connector properties that the form of this type asks for; which of them are secret.
    pub properties: Vec<(String, bool)>,
    /// Registration was opened with an initial access token (RFC 7591, section 3), which the platform needs as well.
    pub registers_with_token: bool,
    /// Claim of its tokens that was seen to hold the client's id.
    pub consumer_key_claim: Option<String>,
    /// Claim of its tokens that was seen to hold scopes.
    pub scopes_claim: Option<String>,
    /// Regular expression that covers the opaque tokens that were seen.
    pub opaque_pattern: Option<String>,
    /// What was noticed while finding out, for the reader of the report.
    pub remarks: Vec<String>,
}

/// One field of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    /// As the form calls it.
    pub label: String,
    /// As the document calls it.
    pub member: String,
    /// What to enter; empty where the field is left empty.
    pub value: String,
    /// Why this value, where that is not plain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// The key manager that the server would make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyManagerProposal {
    /// Every field of the form, in its order.
    pub fields: Vec<FormField>,
    /// The same as a document for `POST /key-managers`; secrets are placeholders in angle brackets.
    pub document: Value,
    /// What the reader should know before entering it.
    pub notes: Vec<String>,
}

/// Fields of the form and the member of the discovery document that fills each.
const ENDPOINTS: &[(&str, &str, &str)] = &[
    ("Client Registration Endpoint", "clientRegistrationEndpoint", "registration_endpoint"),
    ("Introspection Endpoint", "introspectionEndpoint", "introspection_endpoint"),
    ("Token Endpoint", "tokenEndpoint", "token_endpoint"),
    ("Display Token Endpoint", "displayTokenEndpoint", "token_endpoint"),
    ("Revoke Endpoint", "revokeEndpoint", "revocation_endpoint"),
    ("Display Revoke Endpoint", "displayRevokeEndpoint", "revocation_endpoint"),
    ("UserInfo Endpoint", "userInfoEndpoint", "userinfo_endpoint"),
    ("Authorize Endpoint", "authorizeEndpoint", "authorization_endpoint"),
];

impl KeyManagerProposal {
    /// Fills the form from what is known.
    pub fn from_facts(facts: &ServerFacts) -> Self {
        let mut form = Form { facts, fields: Vec::new(), document: Map::new(), notes: Vec::new() };
        form.general();
        form.endpoints();
        form.connector();
        form.grant_types();
        form.certificates();
        form.switches();
        form.validation();
        form.constants();
        form.notes.push(
            "Choosing introspection sends each unknown token to the introspection endpoint. Seed document 000 writes of key \
             sets there, which belongs to the other choice (DEC-14)."
                .to_owned(),
        );
        Self { fields: form.fields, document: Value::Object(form.document), notes: form.notes }
    }
}

struct Form<'a> {
    facts: &'a ServerFacts,
    fields: Vec<FormField>,
    document: Map<String, Value>,
    notes: Vec<String>,
}

impl Form<'_> {
    fn has(&self, capability: Capability) -> bool {
        self.facts.capabilities.contains(&capability)
    }

    fn text(&self, member: &str) -> String {
        self.facts.document.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn enter(&mut self, label: &str, member: &str, value: Value, remark: &str) {
        let shown = match &value {
            Value::String(text) => text.clone(),
            Value::Bool(true) => "on".to_owned(),
            Value::Bool(false) => "off".to_owned(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        };
        let empty = shown.is_empty() && !value.is_array();
        self.fields.push(FormField {
            label: label.to_owned(),
            member: member.to_owned(),
            value: shown,
            remark: remark.to_owned(),
        });
        if !empty {
            self.document.insert(member.to_owned(), value);
        }
    }

    fn general(&mut self) {
        let name: String = self
            .facts
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' })
            .collect::<String>()
            .trim_matches('-')
            .chars()
            .take(100)
            .collect();
        let display: String = self.facts.name.chars().take(100).collect();
        self.enter("Name", "name", json!(name), "unique in the tenant, without blanks; choose another if you like");
        self.enter("Display Name", "displayName", json!(display), "");
        self.enter("Description", "description", json!("Proposed by kmspec certify"), "optional");
        self.enter("Key Manager Type", "type", json!(self.facts.key_manager_type), "");
        let discovery = self.facts.discovery.as_ref().map(Url::to_string).unwrap_or_default();
        self.enter("Well-known URL", "wellKnownEndpoint", json!(discovery), "importing it fills most of what follows");
        self.enter("Issuer", "issuer", json!(self.text("issuer")), "compared with `iss` character by character");
    }

    fn is_wso2(&self) -> bool {
        matches!(self.facts.key_manager_type.as_str(), "WSO2-IS-7" | "WSO2-IS" | "ObKeyManager")
    }

    fn at_origin(&self, path: &str) -> String {
        let issuer = self.text("issuer").parse::<Url>();
        issuer.and_then(|issuer| issuer.join(path)).map(|url| url.to_string()).unwrap_or_default()
    }

    fn endpoints(&mut self) {
        let is7 = self.facts.key_manager_type == "WSO2-IS-7";
        for (label, member, source) in ENDPOINTS {
            let mut value = self.text(source);
            let mut remark = String::new();
            if *member == "clientRegistrationEndpoint" && !self.has(Capability::Dcr) && !value.is_empty() {
                value.clear();
                remark =
                    "left empty: registration is not open to the platform, so clients are attached out of band".into();
            } else if is7 && *member == "userInfoEndpoint" {
                value = self.at_origin("/scim2/Me");
                remark = "the connector reads profiles from /scim2/Me; the import fills in /oauth2/userinfo".into();
            } else if is7 && *member == "authorizeEndpoint" {
                remark = "the seed documents print /scim2/Me here, evidently a slip (SEED-IS7-19)".into();
                self.notes.push(format!(
                    "Seed documents 001 and 003 print /scim2/Me as authorize endpoint, evidently a slip (SEED-IS7-19). A \
                     platform stores what is entered; enter {value}."
                ));
            } else if value.is_empty() {
                remark = format!("the discovery document has no `{source}`");
            }
            self.enter(label, member, json!(value), &remark);
        }
        let scopes = if self.is_wso2() { self.at_origin("/api/identity/oauth2/v1.0/scopes") } else { String::new() };
        let remark = if self.is_wso2() { "" } else { "no such endpoint is known for this type" };
        self.enter("Scope Management Endpoint", "scopeManagementEndpoint", json!(scopes), remark);
    }

    fn connector(&mut self) {
        let mut properties = Map::new();
        let mut asked = self.facts.properties.clone();
        if self.facts.registers_with_token && self.has(Capability::Dcr) && !self.is_wso2() {
            asked.push(("initial_access_token".to_owned(), true));
        }
        for (name, secret) in asked {
            let value = match name.as_str() {
                "api_resource_management_endpoint" => self.at_origin("/api/server/v1/api-resources"),
                "is7_roles_endpoint" => self.at_origin("/scim2/v2/Roles"),
                _ => format!("<{name}>"),
            };
            self.fields.push(FormField {
                label: name.clone(),
                member: format!("additionalProperties.{name}"),
                value: value.clone(),
                remark: if secret {
                    "a secret: replace the placeholder; it is never shown again".into()
                } else {
                    String::new()
                },
            });
            properties.insert(name, Value::String(value));
        }
        self.document.insert("additionalProperties".to_owned(), Value::Object(properties));
    }

    fn grant_types(&mut self) {
        let offered = self.facts.document.get("grant_types_supported").and_then(Value::as_array).cloned();
        let mut grants: Vec<Value> = offered.unwrap_or_default();
        let before = grants.len();
        grants.retain(|grant| grant != "implicit");
        let remark = if grants.len() < before { "`implicit` is left out: it is discouraged (SEED-KM-29)" } else { "" };
        self.enter("Grant types", "availableGrantTypes", Value::Array(grants), remark);
    }

    fn certificates(&mut self) {
        let jwks = self.text("jwks_uri");
        let remark = if jwks.is_empty() { "no key set is published: paste the PEM certificate" } else { "" };
        self.fields.push(FormField {
            label: "Certificates: JWKS".into(),
            member: "certificates".into(),
            value: jwks.clone(),
            remark: remark.into(),
        });
        if !jwks.is_empty() {
            self.document.insert("certificates".to_owned(), json!({ "type": "JWKS", "value": jwks }));
        }
        let claim = self.facts.consumer_key_claim.clone().unwrap_or_default();
        let remark =
            if claim.is_empty() { "not seen in a token: ask the server's documentation" } else { "seen in a token" };
        self.enter("Consumer Key Claim URI", "consumerKeyClaim", json!(claim), remark);
        let claim = self.facts.scopes_claim.clone().unwrap_or_default();
        let remark = if claim.is_empty() { "not seen in a token: `scope` is usual" } else { "seen in a token" };
        self.enter("Scopes Claim URI", "scopesClaim", json!(claim), remark);
    }

    fn switches(&mut self) {
        let (generates, creates) = (self.has(Capability::ClientCredentials), self.has(Capability::Dcr));
        let out_of_band = "off: without client registration, keys and tokens come from the server itself (SEED-OOB-20)";
        let remark = if creates { "" } else { out_of_band };
        self.enter("Token Generation", "enableTokenGeneration", json!(generates && creates), remark);
        self.enter("Out Of Band Provisioning", "enableMapOAuthConsumerApps", json!(true), "");
        self.enter("OAuth App Creation", "enableOAuthAppCreation", json!(creates), remark);
    }

    fn validation(&mut self) {
        let jwt = self.has(Capability::JwtAccessTokens);
        let remark = if jwt {
            "its access tokens are JWTs: no round trip is needed"
        } else {
            "off: its tokens are opaque, so the gateway asks the introspection endpoint"
        };
        self.enter("Self Validate JWT", "enableSelfValidationJWT", json!(jwt), remark);
        if jwt {
            return;
        }
        if !self.has(Capability::Introspection) {
            self.notes.push(
                "Its tokens are opaque and it has no introspection endpoint: no gateway can validate them. Configure it to \
                 issue JWT access tokens."
                    .to_owned(),
            );
        }
        let pattern = self.facts.opaque_pattern.clone().unwrap_or_default();
        self.fields.push(FormField {
            label: "Token Handling Options: REFERENCE".into(),
            member: "tokenValidation".into(),
            value: pattern.clone(),
            remark: "compulsory with introspection (SEED-IS-24); it fits the tokens that were seen".into(),
        });
        if !pattern.is_empty() {
            let rule = json!([{ "id": 1, "type": "REFERENCE", "value": pattern, "enable": true }]);
            self.document.insert("tokenValidation".to_owned(), rule);
        }
    }

    fn constants(&mut self) {
        self.document.insert("claimMapping".to_owned(), json!([]));
        self.document.insert("permissions".to_owned(), json!({ "permissionType": "PUBLIC", "roles": [] }));
        self.document.insert("tokenType".to_owned(), json!("DIRECT"));
        self.document.insert("enabled".to_owned(), json!(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(key_manager_type: &str, capabilities: &[Capability]) -> ServerFacts {
        let document = json!({
            "issuer": "https://localhost:9444/oauth2/token",
            "token_endpoint": "https://localhost:9444/oauth2/token",
            "authorization_endpoint": "https://localhost:9444/oauth2/authorize",
            "userinfo_endpoint": "https://localhost:9444/oauth2/userinfo",
            "registration_endpoint": "https://localhost:9444/register",
            "jwks_uri": "https://localhost:9444/oauth2/jwks",
            "grant_types_supported": ["implicit", "client_credentials"],
        });
        ServerFacts {
            name: "IS 7".into(),
            document: document.as_object().unwrap().clone(),
            capabilities: capabilities.to_vec(),
            key_manager_type: key_manager_type.into(),
            properties: vec![("Username".into(), false), ("Password".into(), true)],
            opaque_pattern: Some("^[a-z]{3}$".into()),
            ..ServerFacts::default()
        }
    }

    #[test]
    fn the_slip_in_the_documents_is_named_and_not_followed() {
        let proposal = KeyManagerProposal::from_facts(&facts("WSO2-IS-7", &[Capability::Dcr]));
        assert_eq!(proposal.document["authorizeEndpoint"], "https://localhost:9444/oauth2/authorize");
        assert_eq!(proposal.document["userInfoEndpoint"], "https://localhost:9444/scim2/Me");
        assert!(proposal.notes.iter().any(|note| note.contains("SEED-IS7-19")));
        assert_eq!(proposal.document["additionalProperties"]["Password"], "<Password>");
    }

    #[test]
    fn without_registration_the_proposal_is_out_of_band() {
        let capabilities = [Capability::ClientCredentials, Capability::JwtAccessTokens];
        let document = KeyManagerProposal::from_facts(&facts("custom", &capabilities)).document;
        assert_eq!(document.get("clientRegistrationEndpoint"), None);
        for (member, value) in [
            ("enableTokenGeneration", false),
            ("enableOAuthAppCreation", false),
            ("enableMapOAuthConsumerApps", true),
            ("enableSelfValidationJWT", true),
        ] {
            assert_eq!(document[member], value, "{member}");
        }
        assert_eq!(document["availableGrantTypes"], json!(["client_credentials"]));
    }

    #[test]
    fn a_registration_that_asks_for_a_token_has_a_field_for_it() {
        for (token, capabilities, there) in
            [(true, &[Capability::Dcr][..], true), (false, &[Capability::Dcr], false), (true, &[], false)]
        {
            let known =
                ServerFacts { properties: Vec::new(), registers_with_token: token, ..facts("custom", capabilities) };
            let properties = &KeyManagerProposal::from_facts(&known).document["additionalProperties"];
            assert_eq!(properties.get("initial_access_token").is_some(), there, "{properties}");
        }
    }

    #[test]
    fn opaque_tokens_come_with_a_handling_rule_and_a_warning_where_nobody_can_be_asked() {
        let proposal = KeyManagerProposal::from_facts(&facts("custom", &[Capability::Dcr]));
        assert_eq!(proposal.document["tokenValidation"][0]["value"], "^[a-z]{3}$");
        assert!(proposal.notes.iter().any(|note| note.contains("no gateway can validate")));
    }
}
