//! The backend behind a gateway: it answers with what reached it, counts, and remembers.
//! Whether what reached it was right is for others to say.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::certificates::TlsIdentity;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// A request as it reached the backend; also the JSON that it answers with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query, without the question mark.
    pub query: Option<String>,
    /// Header fields in order, repeated ones included.
    pub headers: Vec<(String, String)>,
    /// Body; bytes that are no UTF-8 are replaced.
    pub body: String,
}

impl Echo {
    /// Every value of a header field.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A backend on a port of this machine. Dropping it closes the port.
#[derive(Debug)]
pub struct EchoBackend {
    base_url: String,
    seen: Arc<Mutex<Vec<Echo>>>,
    serving: JoinHandle<()>,
}

impl EchoBackend {
    /// Starts one on a free port of loopback, with TLS when there is an identity to serve with.
    ///
    /// # Errors
    ///
    /// What the system says when there is no port to be had.
    pub async fn start(tls: Option<TlsIdentity>) -> io::Result<Self> {
        Self::start_on(tls, None).await
    }

    /// The same on a given port.
    ///
    /// # Errors
    ///
    /// What the system says when the port is taken.
    pub async fn start_on(tls: Option<TlsIdentity>, port: Option<u16>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await?;
        let address: SocketAddr = listener.local_addr()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let seen = Arc::<Mutex<Vec<Echo>>>::default();
        let acceptor = tls.map(|identity| TlsAcceptor::from(identity.server_config()));
        let serving = tokio::spawn(accept(listener, acceptor, Arc::clone(&seen)));
        Ok(Self { base_url: format!("{scheme}://localhost:{}", address.port()), seen, serving })
    }

    /// Scheme, host and port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What reached it up to now, in order.
    pub fn requests(&self) -> Vec<Echo> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests reached it.
    pub fn count(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets what reached it.
    pub fn clear(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for EchoBackend {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, seen: Arc<Mutex<Vec<Echo>>>) {
    // The set goes with this task, and every connection with the set.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (tls, seen) = (tls.clone(), Arc::clone(&seen));
                connections.spawn(async move {
                    let _ = stream.set_nodelay(true);
                    match tls {
                        None => serve(stream, seen).await,
                        Some(tls) => match timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await {
                            Ok(Ok(stream)) => serve(stream, seen).await,
                            Ok(Err(cause)) => tracing::debug!(%cause, "a TLS handshake with the echo backend failed"),
                            Err(_) => tracing::debug!("a TLS handshake with the echo backend took too long"),
                        },
                    }
                });
            }
            Err(cause) => {
                tracing::warn!(%cause, "the echo backend could not accept a connection");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, seen: Arc<Mutex<Vec<Echo>>>) {
    let service = service_fn(move |request| {
        let seen = Arc::clone(&seen);
        async move { Ok::<_, Infallible>(echo(request, &seen).await) }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new());
    if let Err(cause) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%cause, "a connection to the echo backend ended early");
    }
}

async fn echo(request: Request<Incoming>, seen: &Mutex<Vec<Echo>>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let body = match body.collect().await {
        Ok(body) => text(&body.to_bytes()),
        // The sender gave up in the middle: nothing complete reached us.
        Err(_) => return status(400),
    };
    let echo = Echo {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body,
    };
    let answer = serde_json::to_vec(&echo).unwrap_or_default();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(echo);
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn status(code: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::BAD_REQUEST);
    response
}
