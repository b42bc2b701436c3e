//! Handing a call on to the backend, and its answer back: without credentials, without what only concerns one hop.
//! Whether the call may pass was decided before.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header},
};

use super::{mediation, refusal::Refusal};
use crate::domain::{Api, HeaderChange, KeyType};

/// Header fields of one hop only (RFC 9110, section 7.6.1), and those that the client library sets itself.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

/// Header fields by which gateways tell backends who is calling. Whatever a client sends under these names is not true; compared with `_` read as `-`, as many backends do.
const IDENTITY: [&str; 12] = [
    "x-jwt-assertion",
    "x-user",
    "x-user-id",
    "x-userinfo",
    "x-username",
    "x-claims",
    "x-consumer-key",
    "x-application",
    "x-email",
    "remote-user",
    "x-remote-user",
    "x-wso2-client-certificate",
];
const IDENTITY_PREFIXES: [&str; 5] =
    ["x-auth-", "x-authenticated-", "x-forwarded-user", "x-forwarded-email", "x-consumer-"];

/// One call to be handed on.
pub(super) struct Forward<'a> {
    pub(super) method: Method,
    pub(super) endpoint: &'a str,
    pub(super) resource: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    /// The headers that carried credentials.
    pub(super) credentials: [HeaderName; 3],
    /// What policies do to the fields; what the gateway says of itself and of the caller comes after it.
    pub(super) changes: &'a [HeaderChange],
    /// What the gateway tells of the caller.
    pub(super) assertion: Option<HeaderValue>,
    /// The header in which it is told.
    pub(super) assertion_header: &'a HeaderName,
    /// By what the backend knows the gateway.
    pub(super) login: Option<HeaderValue>,
    pub(super) body: Bytes,
}

impl Forward<'_> {
    /// Sends it and gives the backend's answer.
    pub(super) async fn send(self, http: &reqwest::Client) -> Result<Response<Body>, Refusal> {
        let mut url = format!("{}{}", self.endpoint.trim_end_matches('/'), self.resource);
        if !self.query.is_empty() {
            url.push('?');
            url.push_str(self.query);
        }
        let mut headers = outgoing(self.headers, &self.credentials);
        mediation::change_headers(&mut headers, self.changes);
        headers.remove(self.assertion_header);
        if let Some(assertion) = self.assertion {
            headers.insert(self.assertion_header, assertion);
        }
        if let Some(login) = self.login {
            headers.insert(header::AUTHORIZATION, login);
        }
        let answer = http.request(self.method, url).headers(headers).body(self.body).send().await;
        let answer = answer.map_err(silent)?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(silent)?;
        strip_hop_by_hop(&mut headers);
        headers.remove(header::AUTHORIZATION);
        headers.remove(self.assertion_header);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The backend for a key type; a call without credentials goes to whichever there is.
pub(super) fn endpoint(api: &Api, key_type: Option<KeyType>) -> Result<(KeyType, &str), Refusal> {
    let production = api.production_endpoint.as_deref().map(|url| (KeyType::Production, url));
    let sandbox = api.sandbox_endpoint.as_deref().map(|url| (KeyType::Sandbox, url));
    match key_type {
        Some(KeyType::Production) => production.ok_or(Refusal::NoEndpoint("production")),
        Some(KeyType::Sandbox) => sandbox.ok_or(Refusal::NoEndpoint("sandbox")),
        None => production.or(sandbox).ok_or(Refusal::NoEndpoint("production")),
    }
}

fn silent(error: reqwest::Error) -> Refusal {
    tracing::warn!(error = %error.without_url(), "the backend did not answer");
    Refusal::BackendSilent
}

fn outgoing(incoming: &HeaderMap, credentials: &[HeaderName]) -> HeaderMap {
    let mut headers = incoming.clone();
    strip_hop_by_hop(&mut headers);
    headers.remove(header::HOST);
    headers.remove(header::AUTHORIZATION);
    for name in credentials {
        headers.remove(name);
    }
    let claimed: Vec<_> = headers.keys().filter(|name| tells_identity(name)).cloned().collect();
    for name in claimed {
        headers.remove(name);
    }
    headers
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn tells_identity(name: &HeaderName) -> bool {
    let name = name.as_str().replace('_', "-");
    IDENTITY.contains(&name.as_str()) || IDENTITY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_identity_and_hop_by_hop_fields_do_not_reach_the_backend() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer a"),
            ("x-token", "Bearer b"),
            ("x-jwt-assertion", "x"),
            ("x_jwt_assertion", "x"),
            ("x_user", "x"),
            ("x-consumer-username", "x"),
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("host", "gateway"),
            ("accept", "text/plain"),
            ("x-request-id", "7"),
        ] {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let sent = outgoing(&headers, &[HeaderName::from_static("x-token")]);
        let mut names: Vec<_> = sent.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "x-request-id"]);
    }
}
