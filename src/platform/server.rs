//! The two HTTPS servers: management planes with the resident key manager, and API traffic.
//! What is served on them is left to the rooms.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use http::StatusCode;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{
    config::Tls,
    error::PlatformError,
    handshake::{AnyClient, Presenting},
    panics::Panics,
    wire::Refusal,
};

/// A port that is taken, before anything is served on it.
pub(super) struct Door {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Door {
    /// Takes the port.
    pub(super) fn open(address: SocketAddr) -> Result<Self, PlatformError> {
        let failed = |source| PlatformError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Serves a router until it is told to stop.
    pub(super) fn serve(self, router: Router, tls: Arc<ServerConfig>) -> Result<Running, PlatformError> {
        let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(tls)).acceptor(NoDelayAcceptor::new());
        let (server, address, handle) = self.open_server()?;
        let serving = server.acceptor(acceptor).serve(router.into_make_service());
        Ok(Running { handle, task: tokio::spawn(log_end(address, serving)) })
    }

    /// The same for clients that may show a certificate.
    pub(super) fn serve_mutual(self, router: Router, tls: Arc<ServerConfig>) -> Result<Running, PlatformError> {
        let (server, address, handle) = self.open_server()?;
        let serving = server.acceptor(Presenting::new(tls)).serve(router.into_make_service());
        Ok(Running { handle, task: tokio::spawn(log_end(address, serving)) })
    }

    /// The same without TLS.
    pub(super) fn serve_plain(self, router: Router) -> Result<Running, PlatformError> {
        let (server, address, handle) = self.open_server()?;
        let serving = server.acceptor(NoDelayAcceptor::new()).serve(router.into_make_service());
        Ok(Running { handle, task: tokio::spawn(log_end(address, serving)) })
    }

    fn open_server(self) -> Result<(axum_server::Server<SocketAddr>, SocketAddr, Handle<SocketAddr>), PlatformError> {
        let address = self.address;
        let handle = Handle::new();
        let server =
            axum_server::from_tcp(self.listener).map_err(|source| PlatformError::Listen { address, source })?;
        Ok((server.handle(handle.clone()), address, handle))
    }
}

async fn log_end(address: SocketAddr, serving: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = serving.await {
        tracing::error!(%address, %error, "the server ended");
    }
}

/// A server at work.
pub(super) struct Running {
    handle: Handle<SocketAddr>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Lets requests that were begun finish for at most a second, then closes the port.
    pub(super) async fn stop(self) {
        self.handle.graceful_shutdown(Some(Duration::from_secs(1)));
        let _ = self.task.await;
    }
}

/// Whether a server asks for the certificates of its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clients {
    /// It does, and takes those without any, too.
    Asked,
    /// It does not.
    NotAsked,
}

/// The TLS side of a server, from PEM.
pub(super) fn tls_config(tls: &Tls, clients: Clients) -> Result<Arc<ServerConfig>, PlatformError> {
    let wrong = |what: &str| PlatformError::Certificate(what.to_owned());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(tls.chain_pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| wrong("the chain is no PEM"))?;
    let key = PrivateKeyDer::from_pem_slice(tls.key_pem.as_bytes()).map_err(|_| wrong("the key is no PEM"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error.to_string()))?;
    let config = match clients {
        Clients::Asked => config.with_client_cert_verifier(Arc::new(AnyClient(provider))),
        Clients::NotAsked => config.with_no_client_auth(),
    };
    let mut config = config.with_single_cert(chain, key).map_err(|error| wrong(&error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Puts the catching of panics around a router: a request that met one is answered 500, and it is remembered.
pub(super) fn with_panics_caught(router: Router, panics: Panics) -> Router {
    router.layer(middleware::from_fn_with_state(panics, catch_panic))
}

/// Longer request bodies are not read; the planes take less than this anyway.
const MAX_BODY_BYTES: usize = 16 << 20;

/// Puts the reading of bodies around a router that may answer without them.
///
/// A request that is refused by its head would leave its body on the connection, which then has to be closed: the
/// client's next request on it would be lost.
pub(super) fn with_bodies_read(router: Router) -> Router {
    router.layer(middleware::from_fn(read_body))
}

async fn read_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(_) => Refusal::generic(StatusCode::PAYLOAD_TOO_LARGE, "Request payload is too large.").into_response(),
    }
}

async fn catch_panic(State(panics): State<Panics>, request: Request, next: Next) -> Response {
    let place = format!("{} {}", request.method(), request.uri().path());
    panics.catch(&place, next.run(request)).await.unwrap_or_else(|| {
        Refusal::generic(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server encountered an internal error. Please contact administrator.",
        )
        .into_response()
    })
}
