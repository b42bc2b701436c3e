//! The gateway's refusals: status, code, message, description and challenge.
//! Which one applies is decided where the rule is checked.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde_json::json;

use crate::domain::KeyType;

/// Why a call was not forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No API has this context.
    NotFound,
    /// The API has no operation for this path and method.
    NoResource,
    /// No credential of a kind that the API accepts.
    MissingCredentials,
    /// Credentials were sent in more than one way, or more than once (RFC 6750, sections 2 and 3.1).
    SeveralCredentials,
    /// The token does not count, for whatever reason: the answer must not tell which.
    InvalidCredentials,
    /// The operation wants a token of a user, or of an application.
    WrongTokenType,
    /// The subscription is blocked.
    Blocked,
    /// No subscription, or the token's client belongs to no application.
    NotSubscribed,
    /// The API key may not be used from there.
    NotFromHere,
    /// The subscription waits for approval or was refused.
    SubscriptionInactive,
    /// None of the operation's scopes; the resource and its scopes.
    ScopeMissing { resource: String, scopes: Vec<String> },
    /// None of the API's audiences.
    WrongAudience,
    /// The API has no backend for this key type (`production` or `sandbox`).
    NoEndpoint(&'static str),
    /// The gateway takes keys of the other type only.
    OtherEnvironment(KeyType),
    /// The backend did not answer.
    BackendSilent,
    /// The request's body is longer than is taken, or broke off.
    BodyTooLong,
    /// The API is blocked as a whole.
    ApiBlocked,
    /// A tenant's domain in other letter case.
    MiscasedTenant,
    /// The message cannot be read, for the reason that is told.
    MessageNotBuilt(String),
}

const REALM: &str = "WSO2 API Manager";

impl Refusal {
    /// The answer. `takes_api_keys` adds the challenge of the API's other scheme.
    pub(super) fn response(&self, takes_api_keys: bool) -> Response<Body> {
        let (code, message, description) = self.texts();
        let body = match self {
            Self::NotFound
            | Self::NoEndpoint(_)
            | Self::BackendSilent
            | Self::BodyTooLong
            | Self::ApiBlocked
            | Self::MiscasedTenant
            | Self::MessageNotBuilt(_) => {
                json!({"code": code, "type": "Status report", "message": message, "description": description})
            }
            _ => json!({"code": code, "message": message, "description": description}),
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge(takes_api_keys) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SeveralCredentials => StatusCode::BAD_REQUEST,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoResource
            | Self::NotSubscribed
            | Self::NotFromHere
            | Self::ScopeMissing { .. }
            | Self::WrongAudience
            | Self::NoEndpoint(_) => StatusCode::FORBIDDEN,
            Self::BackendSilent | Self::ApiBlocked => StatusCode::SERVICE_UNAVAILABLE,
            Self::MiscasedTenant | Self::MessageNotBuilt(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MissingCredentials
            | Self::InvalidCredentials
            | Self::WrongTokenType
            | Self::OtherEnvironment(_)
            | Self::Blocked
            | Self::SubscriptionInactive => StatusCode::UNAUTHORIZED,
        }
    }

    /// Code, message and description.
    fn texts(&self) -> (&'static str, &'static str, String) {
        const CREDENTIALS: &str = "Invalid Credentials";
        match self {
            Self::NotFound => ("404", "Not Found", "The requested resource is not available.".to_owned()),
            Self::NoResource => {
                let message = "No matching resource found in the API for the given request";
                ("900906", message, format!("{message}. Check the API documentation and add a proper REST resource path to the invocation URL"))
            }
            Self::MissingCredentials => (
                "900902",
                "Missing Credentials",
                "Missing Credentials. Make sure your API invocation call has a header: 'Authorization : Bearer ACCESS_TOKEN'"
                    .to_owned(),
            ),
            Self::SeveralCredentials | Self::InvalidCredentials => (
                "900901",
                CREDENTIALS,
                format!("{CREDENTIALS}. Make sure you have provided the correct security credentials"),
            ),
            Self::WrongTokenType => same("900905", "Incorrect Access Token Type is provided"),
            Self::Blocked => same("900907", "The requested API is temporarily blocked"),
            Self::NotSubscribed => (
                "900908",
                "Resource forbidden ",
                "User is NOT authorized to access the Resource. API Subscription validation failed.".to_owned(),
            ),
            Self::NotFromHere => {
                ("900908", "Resource forbidden ", "Access forbidden for the invocations".to_owned())
            }
            Self::SubscriptionInactive => same("900909", "The subscription to the API is inactive"),
            Self::ScopeMissing { resource, .. } => (
                "900910",
                "The access token does not allow you to access the requested resource",
                format!("User is NOT authorized to access the Resource: {resource}. Scope validation failed."),
            ),
            Self::WrongAudience => {
                let message = "The access token does not allow you to access the requested resource";
                ("900914", message, format!("Access Denied. {message}"))
            }
            Self::NoEndpoint(kind) => {
                let key = if *kind == "sandbox" { "Sandbox" } else { "Production" };
                ("900901", "Runtime Error", format!("{key} key offered to the API with no {kind} endpoint"))
            }
            Self::OtherEnvironment(key_type) => {
                let (key, gateway) = match key_type {
                    KeyType::Production => ("Production", "Sandbox"),
                    KeyType::Sandbox => ("Sandbox", "Production"),
                };
                ("900901", CREDENTIALS, format!("{key} Key Provided for {gateway} Gateway"))
            }
            Self::BackendSilent => ("101503", "Runtime Error", "Error connecting to the back end".to_owned()),
            Self::BodyTooLong => ("413", "Payload Too Large", "The request body is longer than the gateway takes".to_owned()),
            Self::ApiBlocked => ("700700", "API blocked", "This API has been blocked temporarily".to_owned()),
            Self::MiscasedTenant => ("900900", "Runtime Error", "The tenant could not be loaded".to_owned()),
            Self::MessageNotBuilt(why) => ("601000", "Runtime Error", format!("Error while building the message. {why}")),
        }
    }

    /// RFC 6750, section 3: a challenge on every 401, without an error code when nothing was sent.
    fn challenge(&self, takes_api_keys: bool) -> Option<HeaderValue> {
        let error = match self {
            Self::MissingCredentials => String::new(),
            Self::SeveralCredentials => error("invalid_request", "The token was sent more than once"),
            Self::ScopeMissing { scopes, .. } => {
                let scopes: Vec<_> = scopes.iter().filter(|scope| is_scope_token(scope)).map(String::as_str).collect();
                let description = "The token lacks a scope that the resource needs";
                format!("{}, scope=\"{}\"", error("insufficient_scope", description), scopes.join(" "))
            }
            _ if self.status() == StatusCode::UNAUTHORIZED => error("invalid_token", "The provided token is invalid"),
            _ => return None,
        };
        let other = if takes_api_keys { format!(", API Key realm=\"{REALM}\"") } else { String::new() };
        HeaderValue::try_from(format!("Bearer realm=\"{REALM}\"{error}{other}")).ok()
    }
}

fn same(code: &'static str, message: &'static str) -> (&'static str, &'static str, String) {
    (code, message, message.to_owned())
}

fn error(code: &str, description: &str) -> String {
    format!(", error=\"{code}\", error_description=\"{description}\"")
}

/// RFC 6749, section 3.3: anything else cannot stand in a challenge.
fn is_scope_token(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(refusal: &Refusal, api_keys: bool) -> Option<String> {
        let response = refusal.response(api_keys);
        response.headers().get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_challenge_names_an_error_only_when_something_was_sent() {
        assert_eq!(challenge(&Refusal::MissingCredentials, false).unwrap(), "Bearer realm=\"WSO2 API Manager\"");
        assert_eq!(
            challenge(&Refusal::MissingCredentials, true).unwrap(),
            "Bearer realm=\"WSO2 API Manager\", API Key realm=\"WSO2 API Manager\""
        );
        assert!(challenge(&Refusal::InvalidCredentials, false).unwrap().contains("error=\"invalid_token\""));
        assert_eq!(challenge(&Refusal::NotSubscribed, false), None);
    }

    #[test]
    fn each_refusal_has_its_status_and_code() {
        let scope = Refusal::ScopeMissing { resource: "/a".into(), scopes: vec![] };
        for (refusal, status, code) in [
            (Refusal::NotFound, 404, "404"),
            (Refusal::NoResource, 403, "900906"),
            (Refusal::MissingCredentials, 401, "900902"),
            (Refusal::SeveralCredentials, 400, "900901"),
            (Refusal::InvalidCredentials, 401, "900901"),
            (Refusal::WrongTokenType, 401, "900905"),
            (Refusal::Blocked, 401, "900907"),
            (Refusal::NotSubscribed, 403, "900908"),
            (Refusal::NotFromHere, 403, "900908"),
            (Refusal::SubscriptionInactive, 401, "900909"),
            (scope, 403, "900910"),
            (Refusal::WrongAudience, 403, "900914"),
            (Refusal::NoEndpoint("sandbox"), 403, "900901"),
            (Refusal::OtherEnvironment(KeyType::Production), 401, "900901"),
            (Refusal::BackendSilent, 503, "101503"),
            (Refusal::BodyTooLong, 413, "413"),
            (Refusal::ApiBlocked, 503, "700700"),
            (Refusal::MiscasedTenant, 500, "900900"),
        ] {
            assert_eq!((refusal.status().as_u16(), refusal.texts().0), (status, code), "{refusal:?}");
            assert_eq!(challenge(&refusal, false).is_some(), [400, 401].contains(&status) || code == "900910");
        }
    }

    #[test]
    fn a_missing_scope_is_named_unless_it_would_break_the_header() {
        let refusal = Refusal::ScopeMissing { resource: "/a".into(), scopes: vec!["read".into(), "a\"b".into()] };
        assert!(challenge(&refusal, false).unwrap().ends_with("scope=\"read\""));
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    }
}
