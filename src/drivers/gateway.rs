//! API traffic: calls an API as a consumer would and reads back what reached its backend.
//! Requests that a polite client would repair are written by [`super::raw`].

use serde::Deserialize;
use url::Url;

use super::{
    error::DriverError,
    raw::{self, RawRequest},
    reply::{Refusal, Reply, find_header},
    wire::{Call, Line},
};

/// The gateway in the hands of an API consumer.
#[derive(Debug, Clone)]
pub struct Gateway {
    line: Line,
    root: Url,
}

/// A call of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// Method.
    pub method: String,
    /// Path below the gateway's root, with a leading slash; may hold a query.
    pub path: String,
    /// Header fields, in order.
    pub headers: Vec<(String, String)>,
    /// Body with its media type.
    pub body: Option<(String, String)>,
}

impl ApiCall {
    /// A `GET` of this path.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET".to_owned(), path: path.into(), headers: Vec::new(), body: None }
    }

    /// The same with `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// The same with one more header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What reached the backend, as the echo backend tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Echo {
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query, without the question mark.
    #[serde(default)]
    pub query: Option<String>,
    /// Header fields, in order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Body.
    #[serde(default)]
    pub body: Option<String>,
}

impl Echo {
    /// The value of a header field, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

impl Gateway {
    /// The gateway at this root.
    pub fn new(line: Line, root: Url) -> Self {
        Self { line, root }
    }

    /// Calls an API. Granted means: the backend answered, with this request before it.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn call(&self, call: &ApiCall) -> Result<Reply<Echo>, DriverError> {
        let mut url = self.root.clone();
        let (path, query) = call.path.split_once('?').map_or((call.path.as_str(), None), |(p, q)| (p, Some(q)));
        url.set_path(&format!("{}{path}", self.root.path().trim_end_matches('/')));
        url.set_query(query);
        let mut request = Call::new(&call.method, url).headers(&call.headers);
        if let Some((content_type, text)) = &call.body {
            request = request.body(content_type, text.clone());
        }
        self.line.send(request).await?.read("the echo of a request")
    }

    /// Calls an API with the request written exactly as given.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn call_raw(&self, request: &RawRequest) -> Result<Reply<Echo>, DriverError> {
        let answered = raw::send(&self.line, &self.root, request).await?;
        if !(200..300).contains(&answered.status) {
            return Ok(Reply::Refused(Refusal::read(answered.status, answered.headers, &answered.body)));
        }
        serde_json::from_str(&answered.body).map(Reply::Granted).map_err(|source| DriverError::Unreadable {
            method: request.method.clone(),
            url: format!("{}{}", self.root.as_str().trim_end_matches('/'), request.target),
            status: answered.status,
            wanted: "the echo of a request",
            source,
        })
    }
}
