//! One HTTP client per stage, with the right trust, and the one door through which every request leaves.
//! What a request says is the business of the plane's driver.

mod answered;
mod call;

pub use answered::Answered;
pub use call::Call;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Certificate, Client, Identity, Method, header::HeaderMap, multipart, redirect::Policy};
use url::Url;

use kmspec_model::exchange::{Plane, Role};

use call::Body;

use super::{
    error::DriverError,
    exchange_log::{ExchangeLog, Received, Sent},
};

/// Whom the harness trusts, and how long it waits for one answer.
#[derive(Debug, Clone, Default)]
pub struct WireSettings {
    /// PEM texts of the CAs that certificates may lead to.
    pub trust_pem: Vec<String>,
    /// Whether the CAs of the operating system count as well.
    pub system_trust: bool,
    /// Host names that stand for this machine although nothing resolves them here.
    pub names_of_this_machine: Vec<String>,
    /// Longest wait for one answer.
    pub request_limit: Duration,
}

/// The harness could not make its HTTP client.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made: {0}\nhint: check the PEM files named in the target's [trust]")]
pub struct WireError(#[from] reqwest::Error);

/// The HTTP client of a stage; clones share its connections.
#[derive(Debug, Clone)]
pub struct Wire {
    client: Client,
    settings: Arc<WireSettings>,
}

impl Wire {
    /// Makes the client.
    ///
    /// # Errors
    ///
    /// [`WireError`] when a CA cannot be read.
    pub fn new(settings: WireSettings) -> Result<Self, WireError> {
        Self::made(Arc::new(settings), None)
    }

    /// A wire with the same settings that shows this client certificate in handshakes, both in PEM; its connections are its own.
    ///
    /// # Errors
    ///
    /// [`WireError`] when the certificate or its key cannot be read.
    pub fn showing(&self, chain_pem: &str, key_pem: &str) -> Result<Self, WireError> {
        let identity = Identity::from_pem(format!("{chain_pem}{key_pem}").as_bytes())?;
        Self::made(Arc::clone(&self.settings), Some(identity))
    }

    fn made(settings: Arc<WireSettings>, identity: Option<Identity>) -> Result<Self, WireError> {
        let mut roots = Vec::new();
        for pem in &settings.trust_pem {
            roots.extend(Certificate::from_pem_bundle(pem.as_bytes())?);
        }
        let mut client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            // One dialect on every plane: header fields keep their order, and an interposer can read along.
            .http1_only()
            .timeout(settings.request_limit);
        client = if settings.system_trust { client.tls_certs_merge(roots) } else { client.tls_certs_only(roots) };
        for name in &settings.names_of_this_machine {
            client = client.resolve(name, SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
        }
        if let Some(identity) = identity {
            client = client.identity(identity);
        }
        Ok(Self { client: client.build()?, settings })
    }

    /// What it was made with.
    pub fn settings(&self) -> &WireSettings {
        &self.settings
    }

    /// The end of it that somebody holds towards a plane.
    pub fn line(&self, log: &ExchangeLog, role: Role, plane: Plane) -> Line {
        Line { wire: self.clone(), log: log.clone(), role, plane }
    }
}

/// The wire in somebody's hand: what is sent is written down with this role and plane.
#[derive(Debug, Clone)]
pub struct Line {
    wire: Wire,
    log: ExchangeLog,
    role: Role,
    plane: Plane,
}

impl Line {
    /// Where its exchanges are written down.
    pub fn log(&self) -> &ExchangeLog {
        &self.log
    }

    /// The wire it belongs to.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Who holds it.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Where it leads.
    pub fn plane(&self) -> Plane {
        self.plane
    }

    /// Sends a request and brings back whatever was answered.
    ///
    /// # Errors
    ///
    /// [`DriverError::Unanswered`] when nothing was, [`DriverError::NotSendable`] when it could not leave.
    pub async fn send(&self, call: Call) -> Result<Answered, DriverError> {
        let request = self.prepare(&call)?;
        let started = Instant::now();
        let received = async {
            let response = self.wire.client.execute(request).await?;
            let (status, headers) = (response.status().as_u16(), header_list(response.headers()));
            let body = response.bytes().await?;
            Ok::<_, reqwest::Error>((status, headers, String::from_utf8_lossy(&body).into_owned()))
        }
        .await;
        let took = started.elapsed();
        let sent = Sent {
            role: self.role,
            plane: self.plane,
            method: &call.method,
            url: call.url.as_str(),
            headers: &call.headers,
            body: call.shown_body(),
        };
        match received {
            Ok((status, headers, body)) => {
                self.log.record(sent, Received::Reply { status, headers: &headers, body: &body }, took);
                Ok(Answered { status, headers, body, took, due: None, method: call.method, url: call.url.to_string() })
            }
            Err(error) => {
                let why = causes(&error.without_url());
                self.log.record(sent, Received::Nothing(&why), took);
                Err(DriverError::Unanswered { method: call.method, url: call.url.to_string(), waited: took, why })
            }
        }
    }

    fn prepare(&self, call: &Call) -> Result<reqwest::Request, DriverError> {
        let refuse =
            |why: String| DriverError::NotSendable { method: call.method.clone(), url: call.url.to_string(), why };
        let method = Method::from_bytes(call.method.as_bytes()).map_err(|error| refuse(error.to_string()))?;
        let mut request = self.wire.client.request(method, call.url.clone());
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        request = match &call.body {
            Body::None => request,
            Body::Text(text) => request.body(text.clone()),
            Body::Multipart(parts) => {
                let form = parts.iter().fold(multipart::Form::new(), |form, part| {
                    let value = multipart::Part::text(part.value.clone());
                    let value = match &part.file_name {
                        Some(name) => value.file_name(name.clone()),
                        None => value,
                    };
                    form.part(part.name.clone(), value)
                });
                request.multipart(form)
            }
        };
        request.build().map_err(|error| refuse(causes(&error)))
    }
}

fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

/// An error and what caused it, as one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        source = cause.source();
    }
    parts.join(": ")
}

/// The URL with more path behind it; each part is one segment and is encoded as such.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_appended_and_encoded() {
        let base: Url = "https://localhost:9443/api/am/admin/v4/".parse().unwrap();
        assert_eq!(
            below(&base, &["key-managers", "a/b c"]).as_str(),
            "https://localhost:9443/api/am/admin/v4/key-managers/a%2Fb%20c"
        );
    }

    #[tokio::test]
    async fn a_silent_server_is_an_error_and_is_written_down() {
        let wire =
            Wire::new(WireSettings { request_limit: Duration::from_secs(2), ..WireSettings::default() }).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = ExchangeLog::default();
        let line = wire.line(&log, Role::Developer, Plane::Devportal);
        let url = format!("http://{free}/x").parse().unwrap();
        let error = line.send(Call::new("GET", url)).await.unwrap_err();
        assert!(matches!(error, DriverError::Unanswered { .. }), "{error}");
        assert_eq!(log.last().unwrap().status(), None);
    }
}
