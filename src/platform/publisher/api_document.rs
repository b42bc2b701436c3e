//! An API document as sent: read, checked and turned into what the platform keeps, and back.
//! Storing it is left to the handlers.

use kmspec_mocks::objects;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{api_members, api_scopes, endpoint_security, operation_policies::played};
use crate::{
    domain::{Api, ApiScope, ApiStatus, KeyManager, Operation, PolicyLevel, SUPER_TENANT, principal},
    policies::{self, SUBSCRIPTIONLESS},
    store::Documents,
    wire::{Code, Refusal},
};

/// Members of the product's API document; others are refused.
const MEMBERS: &[&str] = &[
    "id",
    "name",
    "displayName",
    "description",
    "context",
    "version",
    "provider",
    "lifeCycleStatus",
    "wsdlInfo",
    "wsdlUrl",
    "responseCachingEnabled",
    "cacheTimeout",
    "hasThumbnail",
    "isDefaultVersion",
    "isRevision",
    "revisionedApiId",
    "revisionId",
    "enableSchemaValidation",
    "enableSubscriberVerification",
    "type",
    "audience",
    "audiences",
    "transport",
    "tags",
    "policies",
    "apiThrottlingPolicy",
    "authorizationHeader",
    "apiKeyHeader",
    "securityScheme",
    "maxTps",
    "visibility",
    "visibleRoles",
    "visibleTenants",
    "visibleOrganizations",
    "mediationPolicies",
    "apiPolicies",
    "subscriptionAvailability",
    "subscriptionAvailableTenants",
    "additionalProperties",
    "additionalPropertiesMap",
    "monetization",
    "accessControl",
    "accessControlRoles",
    "businessInformation",
    "corsConfiguration",
    "websubSubscriptionConfiguration",
    "workflowStatus",
    "createdTime",
    "lastUpdatedTime",
    "lastUpdatedTimestamp",
    "endpointConfig",
    "endpointImplementationType",
    "scopes",
    "operations",
    "threatProtectionPolicies",
    "categories",
    "keyManagers",
    "serviceInfo",
    "advertiseInfo",
    "gatewayVendor",
    "gatewayType",
    "asyncTransportProtocols",
    "organizationPolicies",
    "initiatedFromGateway",
    "egress",
    "subtype",
    "subtypeConfiguration",
    "primaryProductionEndpointId",
    "primarySandboxEndpointId",
    "isInitiatedFromGateway",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    name: String,
    context: String,
    version: String,
    #[serde(default)]
    audiences: Vec<String>,
    #[serde(default)]
    security_scheme: Vec<String>,
    #[serde(default)]
    authorization_header: Option<String>,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    scopes: Vec<ApiScope>,
    #[serde(default)]
    operations: Vec<DraftOperation>,
    #[serde(default)]
    endpoint_config: Value,
    #[serde(default)]
    api_policies: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DraftOperation {
    #[serde(default = "everything")]
    target: String,
    verb: String,
    #[serde(default)]
    auth_type: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    operation_policies: Value,
}

fn everything() -> String {
    "/*".to_owned()
}

/// Whose API it is and what it was before.
pub(super) struct Origin<'a> {
    pub(super) tenant: &'a str,
    pub(super) user: &'a str,
    pub(super) stored: Option<&'a Api>,
}

/// Reads, checks and completes a document.
pub(super) fn admit(
    documents: &Documents<'_>,
    origin: &Origin<'_>,
    mut sent: Map<String, Value>,
) -> Result<Api, Refusal> {
    let endpoint_security = endpoint_security::take(&mut sent, origin.stored.map(|stored| &stored.endpoint_security))?;
    if let Some(unknown) = sent.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(Refusal::bad_request(format!("Unrecognized property '{unknown}'")));
    }
    let key_managers = key_managers(documents, origin.tenant, sent.get("keyManagers"))?;
    let draft: Draft = objects::from_value(Value::Object(sent.clone())).map_err(|error| {
        let said = error.to_string();
        match said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(member) => Refusal::bad_request(format!("{member}: must not be null")),
            None => Refusal::bad_request("Malformed request body."),
        }
    })?;
    api_members::check_texts(&draft.name, &draft.context, &draft.version)?;
    api_members::check_place(&draft.context, origin.tenant)?;
    check_operations(&draft)?;
    check_plans(documents, origin.tenant, &draft)?;
    let context = placed(&draft.context, origin.tenant);
    let is_version = |other: &Api| other.name == draft.name && other.context == context;
    let is_own = |other: &Api| origin.stored.is_some_and(|stored| stored.id == other.id) || is_version(other);
    api_scopes::check(documents, origin.tenant, &draft.scopes, is_own)?;
    check_named_scopes(&draft)?;
    api_members::check(documents, origin.tenant, &sent)?;
    if !(draft.endpoint_config.is_object() || draft.endpoint_config.is_null()) {
        return Err(Refusal::bad_request("endpointConfig: must be an object"));
    }
    let endpoint = |which: &str| {
        let endpoint = &draft.endpoint_config[which];
        // Several endpoints of one kind come as a list; the first one is used.
        let url = if endpoint.is_array() { &endpoint[0]["url"] } else { &endpoint["url"] };
        url.as_str().map(str::to_owned)
    };
    Ok(Api {
        id: origin.stored.map_or_else(Uuid::new_v4, |stored| stored.id),
        tenant: origin.tenant.to_owned(),
        provider: origin.stored.map_or(origin.user, |stored| &stored.provider).to_owned(),
        context,
        status: origin.stored.map_or(ApiStatus::Created, |stored| stored.status),
        key_managers,
        audiences: draft.audiences,
        security_scheme: or_oauth2(draft.security_scheme),
        authorization_header: draft.authorization_header,
        policies: draft.policies.into_iter().filter(|plan| plan != SUBSCRIPTIONLESS).collect(),
        scopes: draft.scopes,
        production_endpoint: endpoint("production_endpoints"),
        sandbox_endpoint: endpoint("sandbox_endpoints"),
        endpoint_security,
        operations: draft.operations.into_iter().map(|own| operation(own, &draft.api_policies)).collect(),
        name: draft.name,
        version: draft.version,
        document: sent,
    })
}

fn check_operations(draft: &Draft) -> Result<(), Refusal> {
    const VERBS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    // A misspelt one must not open an operation, nor let more tokens in.
    let known = |own: &DraftOperation| own.auth_type.as_deref().is_none_or(|text| AUTH_TYPES.contains(&text));
    if draft.operations.iter().any(|own| !VERBS.contains(&own.verb.to_ascii_uppercase().as_str()) || !known(own)) {
        return Err(Refusal::bad_request("One or more request body parameters contain disallowed values."));
    }
    Ok(())
}

/// Plans must be there, and the ways to log in be known.
fn check_plans(documents: &Documents<'_>, tenant: &str, draft: &Draft) -> Result<(), Refusal> {
    for plan in draft.policies.iter().filter(|plan| *plan != SUBSCRIPTIONLESS) {
        if !policies::is_known(documents, tenant, PolicyLevel::Subscription, plan)? {
            return Err(Refusal::from(Code::PolicyUnknown).because(format!("There is no business plan {plan}")));
        }
    }
    match draft.security_scheme.iter().find(|scheme| !SECURITY_SCHEMES.contains(&scheme.as_str())) {
        Some(scheme) => Err(Refusal::bad_request(format!("securityScheme: {scheme} is none"))),
        None => Ok(()),
    }
}

/// The values of an operation's `authType`; an empty one counts as absent.
const AUTH_TYPES: &[&str] = &["", "Any", "None", "Application", "Application User", "Application & Application User"];

/// The values of `securityScheme`.
const SECURITY_SCHEMES: &[&str] =
    &["oauth2", "mutualssl", "mutualssl_mandatory", "basic_auth", "api_key", "oauth_basic_auth_api_key_mandatory"];

/// Absent means all; what is there must be an array of names that exist.
fn key_managers(documents: &Documents<'_>, tenant: &str, sent: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let Some(sent) = sent.filter(|sent| !sent.is_null()) else {
        return Ok(vec!["all".to_owned()]);
    };
    let names: Option<Vec<String>> =
        sent.as_array().and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    let names = names.ok_or(Code::KeyManagersNoArray)?;
    for name in names.iter().filter(|name| *name != "all") {
        if documents.find_by_key::<KeyManager>(tenant, name)?.is_none() {
            return Err(Refusal::from(Code::NotRegistered).because(format!("Key Manager {name} is not registered")));
        }
    }
    Ok(names)
}

/// Operations name scopes that the API carries.
fn check_named_scopes(draft: &Draft) -> Result<(), Refusal> {
    let known = |name: &String| draft.scopes.iter().any(|own| own.scope.name == *name);
    match draft.operations.iter().flat_map(|own| &own.scopes).find(|name| !known(name)) {
        Some(name) => Err(Refusal::bad_request(format!("operations: the API has no scope {name}"))),
        None => Ok(()),
    }
}

fn operation(draft: DraftOperation, api_policies: &Value) -> Operation {
    let usual = "Application & Application User";
    let auth_type = draft.auth_type.filter(|text| !text.is_empty() && text != "Any");
    Operation {
        target: draft.target,
        verb: draft.verb.to_ascii_uppercase(),
        auth_type: auth_type.unwrap_or_else(|| usual.to_owned()),
        scopes: draft.scopes,
        played: played(api_policies, &draft.operation_policies),
    }
}

fn or_oauth2(schemes: Vec<String>) -> Vec<String> {
    if schemes.is_empty() { vec!["oauth2".to_owned()] } else { schemes }
}

/// `/ctx`, or `/t/{tenant}/ctx` in a tenant; a context that came back from a read is there already.
fn placed(context: &str, tenant: &str) -> String {
    let context = format!("/{}", context.trim_matches('/'));
    let prefix = format!("/t/{tenant}");
    if tenant == SUPER_TENANT || context.starts_with(&format!("{prefix}/")) { context } else { prefix + &context }
}

/// The document as read back: what was sent, with what the platform decided over it.
pub(super) fn shown(api: &Api) -> Value {
    let mut document = api.document.clone();
    let subscriptionless = [SUBSCRIPTIONLESS.to_owned()];
    let policies = if api.policies.is_empty() { &subscriptionless[..] } else { &api.policies[..] };
    let decided = json!({
        "id": api.id,
        "name": api.name,
        "context": api.context,
        "version": api.version,
        "provider": principal(&api.provider, &api.tenant),
        "lifeCycleStatus": api.status,
        "keyManagers": api.key_managers,
        "audiences": api.audiences,
        "securityScheme": api.security_scheme,
        "policies": policies,
        "scopes": api.scopes,
    });
    if let Value::Object(decided) = decided {
        document.extend(decided);
    }
    let sent = document.get("operations").and_then(Value::as_array).cloned().unwrap_or_default();
    let operations: Vec<Value> = api
        .operations
        .iter()
        .enumerate()
        .map(|(index, own)| {
            let mut shown = sent.get(index).cloned().unwrap_or_else(|| json!({}));
            shown["id"] = json!(index.to_string());
            shown["target"] = json!(own.target);
            shown["verb"] = json!(own.verb);
            shown["authType"] = json!(own.auth_type);
            shown["scopes"] = json!(own.scopes);
            shown
        })
        .collect();
    document.insert("operations".to_owned(), json!(operations));
    Value::Object(document)
}
