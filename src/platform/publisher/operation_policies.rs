//! The policies of operations, and those of an API for all its operations: checked, and read into what the gateway plays.
//! Which policies there are, and for which flows, is said by `policies`.

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::{
    domain::{HeaderChange, Played},
    policies::{self, ADD_HEADER, JSON_TO_XML, REMOVE_HEADER, REVOKE_ONE_TIME_TOKEN},
    wire::Refusal,
};

/// Refuses policies by flow that the gateway would not play as they are sent: it must not seem that they are.
pub(super) fn check(sent: &Value) -> Result<(), Refusal> {
    let malformed = || Refusal::bad_request("Malformed request body.");
    if sent.is_null() {
        return Ok(());
    }
    for (flow, attached) in sent.as_object().ok_or_else(malformed)? {
        if attached.is_null() {
            continue;
        }
        for policy in attached.as_array().ok_or_else(malformed)? {
            let name = policy.get("policyName").and_then(Value::as_str).ok_or_else(malformed)?;
            if !policies::may_have(name, flow) {
                let said = format!("operationPolicies: there is no policy {name} for the flow {flow}");
                return Err(Refusal::bad_request(said));
            }
            if !matches!(policy.get("parameters"), None | Some(Value::Null | Value::Object(_))) {
                return Err(malformed());
            }
            check_parameters(name, policy)?;
        }
    }
    Ok(())
}

fn check_parameters(name: &str, policy: &Value) -> Result<(), Refusal> {
    let is_fine = match name {
        ADD_HEADER => header_name(policy).is_some() && header_value(policy).is_some(),
        REMOVE_HEADER => header_name(policy).is_some(),
        _ => true,
    };
    if is_fine {
        return Ok(());
    }
    let said = format!("operationPolicies: {name} needs a header field that may be set as its parameters headerName");
    Err(Refusal::bad_request(if name == ADD_HEADER { said + " and headerValue" } else { said }))
}

/// A field's name; those that a message is framed and sent on by are not an API's to change (RFC 9110, section 7.6.1).
fn header_name(policy: &Value) -> Option<String> {
    let name = HeaderName::try_from(policy["parameters"]["headerName"].as_str()?).ok()?;
    (!policies::UNCHANGED.contains(&name.as_str())).then(|| name.as_str().to_owned())
}

/// A field's value; numbers and flags count as their text.
fn header_value(policy: &Value) -> Option<String> {
    let text = match &policy["parameters"]["headerValue"] {
        Value::String(text) => text.clone(),
        value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
        _ => return None,
    };
    HeaderValue::try_from(&text).ok().map(|_| text)
}

/// What the gateway does for an operation: first the policies of the API, then its own.
pub(super) fn played(of_api: &Value, own: &Value) -> Played {
    let in_flow = |flow: &str| {
        let all = [of_api, own].into_iter().filter_map(|policies| policies[flow].as_array()).flatten();
        all.cloned().collect::<Vec<Value>>()
    };
    let (request, response) = (in_flow("request"), in_flow("response"));
    Played {
        one_time_scope: one_time_scope(&request),
        json_to_xml: named(&request, JSON_TO_XML).is_some(),
        answers_to_xml: named(&response, JSON_TO_XML).is_some(),
        request_headers: request.iter().filter_map(header_change).collect(),
        response_headers: response.iter().filter_map(header_change).collect(),
    }
}

/// The parameter of the policy that lets a token be used once; without the parameter it names the scope `OTT`, as the
/// product does.
fn one_time_scope(request: &[Value]) -> Option<String> {
    let policy = named(request, REVOKE_ONE_TIME_TOKEN)?;
    Some(policy["parameters"]["scope"].as_str().unwrap_or("OTT").to_owned())
}

fn header_change(policy: &Value) -> Option<HeaderChange> {
    let name = header_name(policy)?;
    match policy["policyName"].as_str()? {
        ADD_HEADER => Some(HeaderChange { name, value: Some(header_value(policy)?) }),
        REMOVE_HEADER => Some(HeaderChange { name, value: None }),
        _ => None,
    }
}

fn named<'a>(attached: &'a [Value], name: &str) -> Option<&'a Value> {
    attached.iter().find(|each| each["policyName"] == name)
}
