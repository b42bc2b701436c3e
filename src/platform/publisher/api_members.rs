//! Members of an API document whose values are listed, or are to be names of something: what they may hold.
//! The members that make the API what it is are left to `api_document`.

use http::HeaderName;
use serde_json::{Map, Value};

use super::operation_policies;
use crate::{
    domain::SUPER_TENANT,
    identity::role_exists,
    policies,
    store::Documents,
    wire::{Code, Refusal},
};

/// Members with one value of a list, as the product's document has them; absent and `null` are as good as any.
const CHOICES: &[(&str, &[&str])] = &[
    ("/type", &["HTTP", "WS", "SOAPTOREST", "SOAP", "GRAPHQL", "WEBSUB", "SSE", "WEBHOOK", "ASYNC", "MCP"]),
    ("/audience", &["PUBLIC", "SINGLE"]),
    ("/visibility", &["PUBLIC", "PRIVATE", "RESTRICTED"]),
    ("/accessControl", &["NONE", "RESTRICTED"]),
    ("/subscriptionAvailability", &["CURRENT_TENANT", "ALL_TENANTS", "SPECIFIC_TENANTS"]),
    ("/endpointImplementationType", &["INLINE", "MOCKED_OAS", "ENDPOINT", "TEMPLATE"]),
    (
        "/endpointConfig/endpoint_type",
        &[
            "http",
            "https",
            "address",
            "default",
            "service",
            "awslambda",
            "failover",
            "load_balance",
            "sequence_backend",
        ],
    ),
];

/// Members that are lists of texts, and what they may hold where that is listed.
const LISTS: &[(&str, Option<&[&str]>)] = &[
    ("transport", Some(&["http", "https"])),
    ("visibleRoles", None),
    ("visibleTenants", None),
    ("accessControlRoles", None),
    ("subscriptionAvailableTenants", None),
    ("tags", None),
    ("categories", None),
];

/// Members that are flags.
const FLAGS: &[&str] = &[
    "isDefaultVersion",
    "responseCachingEnabled",
    "hasThumbnail",
    "isRevision",
    "enableSchemaValidation",
    "enableSubscriberVerification",
];

/// Members that are objects.
const OBJECTS: &[&str] = &[
    "additionalPropertiesMap",
    "advertiseInfo",
    "businessInformation",
    "corsConfiguration",
    "endpointConfig",
    "monetization",
    "serviceInfo",
    "subtypeConfiguration",
    "websubSubscriptionConfiguration",
    "wsdlInfo",
];

/// Members that name a header field of requests to the API.
const HEADERS: &[&str] = &["authorizationHeader", "apiKeyHeader"];

/// Members that keep others out by roles: the member, the value that does so, and the list of the roles.
const BY_ROLES: &[(&str, &str, &str)] =
    &[("visibility", "RESTRICTED", "visibleRoles"), ("accessControl", "RESTRICTED", "accessControlRoles")];

/// Refuses values that are none of the listed ones, roles that do not exist, and a restriction to nobody.
pub(super) fn check(documents: &Documents<'_>, tenant: &str, sent: &Map<String, Value>) -> Result<(), Refusal> {
    check_form(sent)?;
    let document = Value::Object(sent.clone());
    for (place, known) in CHOICES {
        choice(document.pointer(place), known)?;
    }
    for (member, known) in LISTS {
        for text in texts(sent.get(*member))? {
            if known.is_some_and(|known| !known.contains(&text)) {
                return Err(disallowed());
            }
        }
    }
    for (member, value, list) in BY_ROLES {
        let roles = texts(sent.get(*list))?;
        if roles.is_empty() && sent.get(*member).is_some_and(|own| own == value) {
            return Err(Code::AccessRolesMissing.into());
        }
        for role in roles {
            if !role_exists(documents, tenant, role)? {
                return Err(Refusal::from(Code::RoleNotFound).because(format!("{list}: there is no role {role}")));
            }
        }
    }
    let operations = || sent.get("operations").and_then(Value::as_array).into_iter().flatten();
    let attached = operations().filter_map(|own| own.get("operationPolicies"));
    attached.chain(sent.get("apiPolicies")).try_for_each(operation_policies::check)?;
    let plans = operations().map(|own| own.get("throttlingPolicy")).chain([sent.get("apiThrottlingPolicy")]);
    plans.flatten().try_for_each(plan)
}

/// Flags and names of header fields: what is neither would count as absent unseen.
fn check_form(sent: &Map<String, Value>) -> Result<(), Refusal> {
    let told = |member: &str| sent.get(member).filter(|value| !value.is_null());
    if FLAGS.iter().any(|member| told(member).is_some_and(|value| !value.is_boolean())) {
        return Err(Refusal::bad_request("Malformed request body."));
    }
    if OBJECTS.iter().any(|member| told(member).is_some_and(|value| !value.is_object())) {
        return Err(Refusal::bad_request("Malformed request body."));
    }
    check_mediation(told("mediationPolicies"))?;
    let is_name = |value: &Value| value.as_str().is_some_and(|text| HeaderName::try_from(text).is_ok());
    match HEADERS.iter().find(|member| told(member).is_some_and(|value| !is_name(value))) {
        Some(member) => Err(Refusal::bad_request(format!("{member}: must be the name of a header field"))),
        None => Ok(()),
    }
}

/// Sequences of the old kind are played by no gateway here: it must not seem that they are.
fn check_mediation(told: Option<&Value>) -> Result<(), Refusal> {
    match told.map(|told| told.as_array().map(Vec::is_empty)) {
        None | Some(Some(true)) => Ok(()),
        Some(Some(false)) => Err(Refusal::bad_request("mediationPolicies: not played here, see apiPolicies")),
        Some(None) => Err(Refusal::bad_request("Malformed request body.")),
    }
}

fn disallowed() -> Refusal {
    Refusal::bad_request("One or more request body parameters contain disallowed values.")
}

fn choice(sent: Option<&Value>, known: &[&str]) -> Result<(), Refusal> {
    match sent.filter(|sent| !sent.is_null()) {
        Some(sent) if !sent.as_str().is_some_and(|text| known.contains(&text)) => Err(disallowed()),
        _ => Ok(()),
    }
}

/// The texts of a list; none where it is absent.
fn texts(sent: Option<&Value>) -> Result<Vec<&str>, Refusal> {
    let Some(sent) = sent.filter(|sent| !sent.is_null()) else { return Ok(Vec::new()) };
    let texts = sent.as_array().and_then(|all| all.iter().map(Value::as_str).collect());
    texts.ok_or_else(|| Refusal::bad_request("Malformed request body."))
}

/// A plan of an operation, or of all operations together; an empty one counts as absent.
fn plan(sent: &Value) -> Result<(), Refusal> {
    match sent {
        Value::Null => Ok(()),
        Value::String(name) if name.is_empty() || policies::OPERATION_PLANS.contains(&name.as_str()) => Ok(()),
        Value::String(name) => {
            Err(Refusal::from(Code::PolicyUnknown).because(format!("There is no policy {name} for operations")))
        }
        _ => Err(Refusal::bad_request("Malformed request body.")),
    }
}

/// Name, context and version: not blank, not too long, and the latter two such that a path can hold them.
pub(super) fn check_texts(name: &str, context: &str, version: &str) -> Result<(), Refusal> {
    for (member, text, most) in [("name", name, 60), ("context", context, 232), ("version", version, 30)] {
        if text.trim_matches(|c: char| c.is_whitespace() || (c == '/' && member == "context")).is_empty() {
            return Err(Refusal::from(Code::TextBlank).because(format!("{member}: size must be between 1 and {most}")));
        }
        if text.chars().count() > most {
            let said = format!("{member}: size must be between 1 and {most}");
            return Err(Refusal::from(Code::TextTooLong).because(said));
        }
    }
    // What a path may hold as it is (RFC 3986, section 3.3), but for the parameters of a segment: clients send anything
    // else encoded, and the gateway compares paths as they were sent.
    let odd = |text: &str| !text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~!$&'()*+,=:@/".contains(c));
    // A path that says to go up, or nowhere, never arrives as it was written.
    let lost = |text: &str| text.trim_matches('/').split('/').any(|part| ["", ".", ".."].contains(&part));
    for (member, bad) in [
        ("context", odd(context) || lost(context)),
        ("version", odd(version) || lost(version) || version.contains('/')),
    ] {
        if bad {
            let said = format!("{member}: contains characters that no path may have");
            return Err(Refusal::from(Code::TextInvalid).because(said));
        }
    }
    Ok(())
}

/// In the super tenant a context that begins like a tenant's leads there, and never to the API.
pub(super) fn check_place(context: &str, tenant: &str) -> Result<(), Refusal> {
    let first = context.trim_start_matches('/').split('/').next();
    if tenant == SUPER_TENANT && first == Some("t") {
        return Err(Refusal::from(Code::TextInvalid).because("context: /t/ is where the other tenants are"));
    }
    Ok(())
}

/// Whether a scope of that name can be asked for: names of scopes are told apart by blanks (RFC 6749, section 3.3).
pub(super) fn is_scope(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control())
}
