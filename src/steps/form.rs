//! The form for a key manager as a feature fills it in: labels, and values that say what they mean.
//! Where a label stands on the wire is the key manager driver's knowledge.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cucumber::gherkin::Step;
use serde_json::{Value, json};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::key_manager::{KeyManager, pointer};

use super::{
    parameters::{OWN_CLAIMS, ServerKind},
    servers,
};

/// What stands for an absent value in a feature.
const NONE: &str = "(none)";
/// Names of connector properties that only the IS 7 form has.
const IS7_EXTRA: [(&str, &str); 2] =
    [("api_resource_management_endpoint", "/api/server/v1/api-resources"), ("is7_roles_endpoint", "/scim2/v2/Roles")];
/// Opaque tokens of WSO2 servers have the form of a UUID.
pub(super) const UUID_FORM: &str =
    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}";

/// A key manager document in the making, as JSON, so that a member can be left out.
pub(super) struct Form {
    pub(super) document: Value,
    base: String,
    server: Option<String>,
}

impl Form {
    /// The form for a server of that kind, filled in as its document says. The endpoints are those of the running
    /// server that has the key manager's name, or else of the place that the documents speak of.
    pub(super) fn filled(world: &World, name: &str, kind: ServerKind) -> Result<Self, StepError> {
        let (base, server) = match servers::base(world, name)? {
            Some(base) => (base, Some(name.to_owned())),
            None => (documented_base(world, kind), None),
        };
        let mut document = match kind {
            ServerKind::Is7 => wso2(&base, "WSO2-IS-7", "/api/identity/oauth2/dcr/v1.1/register", "/scim2/Me"),
            ServerKind::OpenBanking => {
                wso2(&base, "ObKeyManager", "/keymanager-operations/dcr/register", "/oauth2/userinfo?schema=openid")
            }
            _ => out_of_band(&base, kind),
        };
        if kind == ServerKind::Is7 {
            for (property, path) in IS7_EXTRA {
                document["additionalProperties"][property] = format!("{base}{path}").into();
            }
        }
        document["name"] = world.scene().name(name).into();
        document["displayName"] = name.into();
        let mut form = Self { document, base, server };
        if form.server.is_some() {
            form.take_endpoints(world)?;
        }
        Ok(form)
    }

    /// The form as it shows a key manager that is registered.
    pub(super) fn of(world: &World, name: &str, registered: &KeyManager) -> Result<Self, StepError> {
        let document = serde_json::to_value(registered)
            .map_err(|error| world.error(format!("the document of `{name}` cannot be shown: {error}")))?;
        let running = servers::base(world, name)?;
        let server = running.is_some().then(|| name.to_owned());
        let base = running.unwrap_or_else(|| origin(registered.token_endpoint.as_deref().unwrap_or_default()));
        Ok(Self { document, base, server })
    }

    /// The endpoints that a running server has, in place of the documents' ones.
    fn take_endpoints(&mut self, world: &World) -> Result<(), StepError> {
        let server = self.server.clone().unwrap_or_default();
        let endpoints = servers::endpoints(world, &server)?;
        let document = &mut self.document;
        let mut put = |member: &str, url: &Option<url::Url>| {
            if let Some(url) = url {
                document[member] = url.as_str().into();
            }
        };
        put("tokenEndpoint", &endpoints.token);
        put("revokeEndpoint", &endpoints.revocation);
        put("wellKnownEndpoint", &endpoints.discovery);
        put("introspectionEndpoint", &endpoints.introspection);
        put("clientRegistrationEndpoint", &endpoints.registration);
        document["issuer"] = servers::issuer(world, &server)?.into();
        if let Some(jwks) = &endpoints.jwks {
            document["certificates"] = json!({ "type": "JWKS", "value": jwks.as_str() });
        }
        if servers::kind(world, &server)? == ServerKind::EntraV1 {
            first_version(document);
        }
        Ok(())
    }

    /// Enters the rows of a step's table.
    pub(super) fn enter_rows(&mut self, world: &World, step: &Step) -> Result<(), StepError> {
        for row in step.table.iter().flat_map(|table| &table.rows) {
            let [label, value] = row.as_slice() else {
                return Err(world.error(format!("a row of settings has a label and a value, not {row:?}")));
            };
            self.enter(world, label, value)?;
        }
        Ok(())
    }

    /// Enters one value.
    pub(super) fn enter(&mut self, world: &World, label: &str, text: &str) -> Result<(), StepError> {
        let (path, value) = self.line(world, label, text)?;
        match value {
            None => remove(&mut self.document, path),
            Some(value) => place(&mut self.document, path, value),
        }
        Ok(())
    }

    /// Where a label stands, and what the text means there; `None` leaves the member out.
    fn line(&self, world: &World, label: &str, text: &str) -> Result<(&'static str, Option<Value>), StepError> {
        let wanted = |value: Value| (text != NONE).then_some(value);
        Ok(match label {
            "key set" => ("/certificates", wanted(json!({ "type": "JWKS", "value": self.expanded(text) }))),
            "certificate" => ("/certificates", wanted(self.certificate(world, text)?)),
            "token validation" => ("/enableSelfValidationJWT", wanted(Value::Bool(text != "introspection"))),
            "token handling" => ("/tokenValidation", wanted(handling(text))),
            "claim mapping" => ("/claimMapping", wanted(mapping(text))),
            "permission" => ("/permissions", wanted(permission(text))),
            "grant types" => ("/availableGrantTypes", wanted(list(text))),
            "connector settings" if text == NONE => ("/additionalProperties", None),
            _ => {
                let path = pointer(label).or_fail(world)?;
                let value = match (path, text) {
                    (switch, "on" | "off") if switch.starts_with("/enable") => Value::Bool(text == "on"),
                    ("/name", _) => world.scene().name(&self.expanded(text)).into(),
                    _ => self.expanded(text).into(),
                };
                (path, wanted(value))
            }
        })
    }

    /// A path becomes a place at the server; a count in parentheses so many characters.
    pub(super) fn expanded(&self, text: &str) -> String {
        expanded(&self.base, text)
    }

    fn certificate(&self, world: &World, text: &str) -> Result<Value, StepError> {
        let own = match &self.server {
            Some(server) => servers::certificate_pem(world, server)?,
            None => servers::foreign_certificate_pem(world),
        };
        if text == "no certificate at all" {
            return Ok(json!({ "type": "PEM", "value": STANDARD.encode("no certificate at all") }));
        }
        let pem = match (text, &self.server) {
            ("PEM of another key pair", _) => servers::foreign_certificate_pem(world),
            ("PEM that has ended", Some(server)) => servers::ended_certificate_pem(world, server)?,
            _ => own,
        };
        Ok(json!({ "type": "PEM", "value": STANDARD.encode(pem) }))
    }
}

/// What a document says in the line with that label, in the words that features use; empty when it says nothing.
pub(super) fn shown(world: &World, document: &KeyManager, label: &str) -> Result<String, StepError> {
    let certificates = |kind: &str| document.certificates.as_ref().filter(|each| each.kind == kind);
    Ok(match label {
        "key set" => certificates("JWKS").map(|each| each.value.clone()).unwrap_or_default(),
        "certificate" => certificates("PEM").map(|each| each.value.clone()).unwrap_or_default(),
        "token validation" => match document.self_validate_jwt {
            Some(true) => "self-validated JWT".to_owned(),
            Some(false) => "introspection".to_owned(),
            None => String::new(),
        },
        "permission" => match &document.permissions {
            Some(each) if each.roles.is_empty() => each.permission_type.clone(),
            Some(each) => format!("{} {}", each.permission_type, each.roles.join(", ")),
            None => "PUBLIC".to_owned(),
        },
        "name" => document.name.strip_prefix(&world.scene().prefix).unwrap_or(&document.name).to_owned(),
        _ => document.entry(label).or_fail(world)?.unwrap_or_default(),
    })
}

/// A value as the form would hold it.
pub(super) fn expanded(base: &str, text: &str) -> String {
    if text.starts_with('/') {
        return format!("{base}{text}");
    }
    let counted = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(" characters)"));
    match counted.and_then(|count| count.parse().ok()) {
        Some(count) => "x".repeat(count),
        None => text.to_owned(),
    }
}

/// The host that the documents put the server at. One of its own for each scenario where tenants are shared, since no
/// two key managers of a tenant may have one issuer.
pub(super) fn documented_base(world: &World, kind: ServerKind) -> String {
    let prefix = world.scene().prefix.trim_end_matches('-').to_lowercase();
    match (kind, prefix.as_str()) {
        (ServerKind::Is7, "") => "https://localhost:9444".to_owned(),
        (ServerKind::Is7, prefix) => format!("https://{prefix}.localhost:9444"),
        (ServerKind::OpenBanking, prefix) => format!("https://{prefix}is.example.org:9446"),
        (_, prefix) => format!("https://{prefix}idp.example.org"),
    }
}

/// Scheme and authority of a URL, or nothing.
pub(super) fn origin(url: &str) -> String {
    url::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

fn wso2(base: &str, kind: &str, registration: &str, userinfo: &str) -> Value {
    json!({
        "type": kind,
        "description": "as its document says",
        "wellKnownEndpoint": format!("{base}/oauth2/token/.well-known/openid-configuration"),
        "issuer": format!("{base}/oauth2/token"),
        "clientRegistrationEndpoint": format!("{base}{registration}"),
        "introspectionEndpoint": format!("{base}/oauth2/introspect"),
        "tokenEndpoint": format!("{base}/oauth2/token"),
        "revokeEndpoint": format!("{base}/oauth2/revoke"),
        "userInfoEndpoint": format!("{base}{userinfo}"),
        "authorizeEndpoint": format!("{base}/oauth2/authorize"),
        "scopeManagementEndpoint": format!("{base}/api/identity/oauth2/v1.0/scopes"),
        "certificates": { "type": "JWKS", "value": format!("{base}/oauth2/jwks") },
        "availableGrantTypes": ["client_credentials", "password", "refresh_token"],
        "consumerKeyClaim": "azp",
        "scopesClaim": "scope",
        "enabled": true,
        "enableTokenGeneration": true,
        "enableOAuthAppCreation": true,
        "enableMapOAuthConsumerApps": true,
        "enableSelfValidationJWT": true,
        "additionalProperties": { "Username": "admin", "Password": "admin" },
    })
}

/// The places that tokens of the first version of Entra belong to: the issuer ends in a slash there.
fn first_version(document: &mut Value) {
    for (path, of_second, of_first) in [
        ("/issuer", "/v2.0", "/"),
        ("/wellKnownEndpoint", "/v2.0/.well-known/", "/.well-known/"),
        ("/tokenEndpoint", "/oauth2/v2.0/token", "/oauth2/token"),
        ("/certificates/value", "/discovery/v2.0/keys", "/discovery/keys"),
    ] {
        if let Some(value) = document.pointer_mut(path) {
            *value = value.as_str().unwrap_or_default().replace(of_second, of_first).into();
        }
    }
}

/// The claims of a server's tokens that name their client and what they may do.
fn claims(kind: ServerKind) -> (&'static str, &'static str) {
    match kind {
        ServerKind::Auth0 | ServerKind::Keycloak | ServerKind::Asgardeo => ("azp", "scope"),
        ServerKind::Okta => ("cid", "scp"),
        // Tokens of applications hold roles; those of users hold scopes in `scp`.
        ServerKind::EntraV1 => ("appid", "roles"),
        ServerKind::Entra => ("azp", "roles"),
        ServerKind::PingFederate => ("client_id_name", "scope"),
        ServerKind::ForgeRock => ("aud", "scope"),
        _ => ("client_id", "scope"),
    }
}

fn out_of_band(base: &str, kind: ServerKind) -> Value {
    let (consumer_key, scopes) = claims(kind);
    json!({
        "type": "custom",
        "description": "attached out of band",
        "issuer": base,
        "tokenEndpoint": format!("{base}/oauth/token"),
        "wellKnownEndpoint": format!("{base}/.well-known/openid-configuration"),
        "revokeEndpoint": format!("{base}/oauth/revoke"),
        // Entered also where the vendor has none: a platform that forbears has no excuse of not knowing where to ask, and
        // the journal of a server files what arrives there under its kind whether it is served or not.
        "introspectionEndpoint": format!("{base}/oauth/introspect"),
        "clientRegistrationEndpoint": format!("{base}/oauth/register"),
        "certificates": { "type": "JWKS", "value": format!("{base}/oauth/keys") },
        "availableGrantTypes": [],
        "consumerKeyClaim": consumer_key,
        "scopesClaim": scopes,
        "enabled": true,
        "enableTokenGeneration": false,
        "enableOAuthAppCreation": false,
        "enableMapOAuthConsumerApps": true,
        "enableSelfValidationJWT": true,
        "additionalProperties": {},
    })
}

/// Claims' names at the authorization server and inside the platform, as `remote to local, remote to local`; a local name can
/// be one of `the platform's own`.
fn mapping(text: &str) -> Value {
    let pairs = text.split(", ").map(|pair| pair.split_once(" to ").unwrap_or((pair, pair)));
    let local = |name: &str| match name.strip_prefix("the platform's own ") {
        Some(own) => format!("{OWN_CLAIMS}/{own}"),
        None => name.to_owned(),
    };
    pairs.map(|(remote, name)| json!({ "remoteClaim": remote, "localClaim": local(name) })).collect::<Vec<_>>().into()
}

/// `REFERENCE <pattern>`, `CUSTOM <matcher>`, or `JWT <claim> <pattern>`.
fn handling(text: &str) -> Value {
    let (kind, value) = text.split_once(' ').unwrap_or((text, ""));
    let value = match (kind, value.split_once(' ')) {
        ("JWT", Some((claim, pattern))) => json!({ "body": { claim: pattern } }),
        _ => value.into(),
    };
    json!([{ "id": 1, "enable": true, "type": kind, "value": value }])
}

/// `ALLOW a, b`, `DENY a` or `PUBLIC`.
pub(super) fn permission(text: &str) -> Value {
    let (kind, roles) = text.split_once(' ').unwrap_or((text, ""));
    json!({ "permissionType": kind, "roles": list(roles) })
}

fn list(text: &str) -> Value {
    text.split(',').map(str::trim).filter(|each| !each.is_empty()).collect::<Vec<_>>().into()
}

fn place(document: &mut Value, path: &str, value: Value) {
    let mut at = document;
    for part in path.split('/').skip(1) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[part];
    }
    *at = value;
}

fn remove(document: &mut Value, path: &str) {
    if let Some((above, last)) = path.rsplit_once('/')
        && let Some(object) = document.pointer_mut(above).and_then(Value::as_object_mut)
    {
        object.remove(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_place_at_the_server_and_a_count_a_text() {
        assert_eq!(expanded("https://a.test", "/oauth2/token"), "https://a.test/oauth2/token");
        assert_eq!(expanded("", "(257 characters)").len(), 257);
        assert_eq!(expanded("https://a.test", "Acme login"), "Acme login");
    }

    #[test]
    fn a_member_can_be_left_out_at_any_depth() {
        let mut document = json!({ "a": { "b": 1, "c": 2 }, "d": 3 });
        remove(&mut document, "/a/b");
        remove(&mut document, "/d");
        place(&mut document, "/e/f", json!(4));
        assert_eq!(document, json!({ "a": { "c": 2 }, "e": { "f": 4 } }));
    }

    #[test]
    fn permissions_and_handling_read_as_written() {
        assert_eq!(permission("ALLOW a, b"), json!({ "permissionType": "ALLOW", "roles": ["a", "b"] }));
        assert_eq!(permission("PUBLIC"), json!({ "permissionType": "PUBLIC", "roles": [] }));
        assert_eq!(handling("CUSTOM prefix:x")[0]["value"], "prefix:x");
        assert_eq!(handling("JWT aut APP.*")[0]["value"], json!({ "body": { "aut": "APP.*" } }));
    }
}
