//! Microsoft's errors: the code of the RFC, a number of its own, and what is needed to find the request again.
//! When which of them is due is decided in `grants` and `entra`.

use serde_json::json;

use crate::realm::{AssertionFault, Cause, OAuthError, random, shape::object};

/// The error with its number and its particulars.
pub(super) fn worded(error: OAuthError) -> OAuthError {
    if error.extra.contains_key("error_codes") {
        return error;
    }
    let (status, code, number) = match error.cause {
        Some(Cause::WrongSecret) => (401, "invalid_client", 7_000_215),
        Some(Cause::NoSecret) => (401, "invalid_client", 7_000_218),
        Some(Cause::UnreadableCredentials) => (401, "invalid_client", 7_000_216),
        Some(Cause::UnknownClient | Cause::InactiveClient) => (400, "unauthorized_client", 700_016),
        Some(Cause::NoClient) => (400, "invalid_request", 900_144),
        Some(Cause::UnknownGrant) => (400, "unsupported_grant_type", 70_003),
        Some(Cause::PublicClient(_) | Cause::GrantNotAllowed(_)) => (400, "unauthorized_client", 70_001),
        Some(Cause::WrongPassword) => (400, "invalid_grant", 50_126),
        Some(Cause::SeveralCredentials) => (400, "invalid_request", 9_002_313),
        Some(Cause::OtherRedirect) => (400, "invalid_grant", 70_000),
        Some(Cause::Assertion(AssertionFault::Form)) => (401, "invalid_client", 50_027),
        Some(Cause::Assertion(AssertionFault::Signature)) => (401, "invalid_client", 700_027),
        Some(Cause::Assertion(AssertionFault::Audience)) => (401, "invalid_client", 700_023),
        Some(Cause::Assertion(AssertionFault::Time)) => (401, "invalid_client", 700_024),
        None => match error.code.as_str() {
            "invalid_scope" => (400, "invalid_scope", 70_011),
            "invalid_grant" => (400, "invalid_grant", 70_000),
            "invalid_request" => (400, "invalid_request", 9_002_313),
            _ => return error,
        },
    };
    numbered(OAuthError { status, code: code.to_owned(), ..error }, number)
}

/// There is no scope, which the second version needs.
pub(super) fn no_scope() -> OAuthError {
    numbered(OAuthError::invalid_request("The request body must contain the following parameter: scope."), 900_144)
}

/// There is no API of that name.
pub(super) fn no_resource(named: &str) -> OAuthError {
    let words = format!("The resource principal named {named} was not found in the tenant.");
    numbered(OAuthError::new(400, "invalid_resource", words), 500_011)
}

fn numbered(error: OAuthError, number: u64) -> OAuthError {
    let (trace, correlation) = (random::uuid(), random::uuid());
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let description = format!(
        "AADSTS{number}: {}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {now}",
        error.description
    );
    OAuthError {
        description,
        extra: object(json!({
            "error_codes": [number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        })),
        ..error
    }
}
