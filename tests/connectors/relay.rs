//! A way to an authorization server that can break, in plain HTTP.
//! What a break means is asserted by the tests.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http, response::IntoResponse};
use kmspec_mocks::server::AuthorizationServer;
use reqwest::{Client, Method};

/// What happens on the way to an authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing.
    Open,
    /// The request arrives nowhere; the answer is 500.
    Fails,
    /// The request arrives nowhere and is never answered.
    Stalls,
    /// The request arrives; its answer does not.
    LosesAnswer,
    /// The request arrives; its answer is cut.
    CutsAnswer,
    /// The request arrives; its answer is JSON of another kind.
    OtherJson,
    /// The request arrives nowhere; the answer has no end worth waiting for.
    Floods,
    /// The request arrives nowhere; the answer points elsewhere.
    Redirects,
    /// The server takes a part of a client's id for the id.
    FindsByPart,
}

/// The id of a client that is mapped.
pub(crate) const LONG_ID: &str = "08088776_2d1c_4e5f";

/// A relay before a mock server, in plain HTTP; what happens on it can be set for each method.
#[derive(Clone)]
pub(crate) struct Relay {
    target: String,
    http: Client,
    ways: Arc<Mutex<Vec<(Method, Way)>>>,
    /// Clients that a part of an id finds.
    ids: &'static [&'static str],
}

impl Relay {
    pub(crate) async fn before(server: &AuthorizationServer, http: Client) -> (String, Self) {
        let relay = Self { target: server.base_url().to_owned(), http, ways: Arc::default(), ids: &[LONG_ID] };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (base, relay)
    }

    /// From now on this happens to requests with these methods, and nothing to others.
    pub(crate) fn set(&self, ways: &[(Method, Way)]) {
        *self.ways.lock().unwrap() = ways.to_vec();
    }

    pub(crate) fn way(&self, method: &Method) -> Way {
        let ways = self.ways.lock().unwrap();
        ways.iter().find(|(known, _)| known == method).map_or(Way::Open, |(_, way)| *way)
    }
}

async fn pass(
    State(relay): State<Relay>,
    method: Method,
    uri: http::Uri,
    headers: http::HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let way = relay.way(&method);
    match way {
        Way::Fails => return (http::StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response(),
        Way::Stalls => std::future::pending().await,
        Way::Floods => return "x".repeat(4 << 20).into_response(),
        Way::Redirects => return (http::StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]).into_response(),
        Way::Open | Way::LosesAnswer | Way::CutsAnswer | Way::OtherJson | Way::FindsByPart => {}
    }
    let mut uri = uri.to_string();
    if way == Way::FindsByPart {
        let (parent, part) = uri.rsplit_once('/').unwrap();
        uri = format!("{parent}/{}", relay.ids.iter().find(|id| id.starts_with(part)).unwrap());
    }
    let mut request = relay.http.request(method, format!("{}{uri}", relay.target)).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length") {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let (status, fields, bytes) = (answer.status(), answer.headers().clone(), answer.bytes().await.unwrap());
    match way {
        Way::LosesAnswer => std::future::pending().await,
        Way::CutsAnswer => (status, bytes.slice(..bytes.len() / 2)).into_response(),
        Way::OtherJson => (status, "[]").into_response(),
        _ => {
            let kept = ["www-authenticate", "content-type"].map(|name| (name, fields.get(name).cloned()));
            let mut passed = (status, bytes).into_response();
            for (name, value) in kept {
                if let Some(value) = value {
                    passed.headers_mut().insert(name, value);
                }
            }
            passed
        }
    }
}
