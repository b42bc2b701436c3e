//! A reverse proxy that stands before one origin of the subject and shows every message to a saboteur.
//! With a saboteur that does nothing it cannot be told from the subject: paths, methods and repeated fields stay as sent.

use std::{
    io,
    net::Ipv4Addr,
    panic::AssertUnwindSafe,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures::FutureExt as _;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::{
    clients::Clients,
    message,
    saboteur::{Deed, Saboteur},
    upstream::{Origin, Upstream, UpstreamError},
};
use kmspec_mocks::certificates::TlsIdentity;
use kmspec_model::exchange::Plane;

/// Where an interposer stands, and for whom.
pub struct InterposerConfig {
    /// The subject's URL; the interposer takes the place of its origin and keeps its path.
    pub upstream: Url,
    /// Which interfaces live at that origin.
    pub side: Side,
    /// How drivers are served; `None` serves plain `http`.
    pub tls: Option<Arc<ServerConfig>>,
    /// PEM certificates that the subject's certificate may lead to; not asked for when the subject speaks `http`.
    pub trust: Vec<String>,
    /// Who changes messages.
    pub saboteur: Arc<dyn Saboteur>,
}

/// Which interfaces live at one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Admin, publisher, developer portal, resident key manager and event intake, told apart by path.
    Management,
    /// API traffic alone.
    Gateway,
    /// A third-party authorization server.
    AuthorizationServer,
}

impl Side {
    fn plane(self, path: &str) -> Plane {
        match self {
            Self::Gateway => Plane::Gateway,
            Self::AuthorizationServer => Plane::AuthorizationServer,
            Self::Management if path.contains("/api/am/admin/") => Plane::Admin,
            Self::Management if path.contains("/api/am/publisher/") => Plane::Publisher,
            Self::Management if path.contains("/api/am/devportal/") => Plane::Devportal,
            Self::Management if path.contains("/internal/data/") => Plane::Notify,
            Self::Management => Plane::Resident,
        }
    }
}

/// An interposer could not take its place.
#[derive(Debug, thiserror::Error)]
pub enum InterposerError {
    /// What it should stand before is no address that it can reach.
    #[error("no interposer can stand before `{upstream}`")]
    Upstream {
        /// The address.
        upstream: Box<Url>,
        /// Why not.
        source: UpstreamError,
    },
    /// No port could be had.
    #[error("opening a port for the interposer before `{upstream}`")]
    Bind {
        /// The address it should stand before.
        upstream: Box<Url>,
        /// Why not.
        source: io::Error,
    },
}

/// A running interposer; it ends when dropped.
pub struct Interposer {
    url: Url,
    deeds: Arc<AtomicUsize>,
    panics: Arc<std::sync::Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Interposer {
    /// Opens a free loopback port and answers there in the subject's place.
    ///
    /// # Errors
    ///
    /// [`InterposerError`] when the subject's URL has no origin to connect to, or no port is free.
    pub async fn start(config: InterposerConfig) -> Result<Self, InterposerError> {
        Self::start_for(config, Clients::default()).await
    }

    /// The same for clients that show certificates, which it shows to the subject in their name.
    ///
    /// # Errors
    ///
    /// As for [`Interposer::start`].
    pub async fn start_for(config: InterposerConfig, clients: Clients) -> Result<Self, InterposerError> {
        let bind_error = |source| InterposerError::Bind { upstream: Box::new(config.upstream.clone()), source };
        let origin = Origin::new(&config.upstream, &config.trust)
            .map_err(|source| InterposerError::Upstream { upstream: Box::new(config.upstream.clone()), source })?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(bind_error)?;
        let port = listener.local_addr().map_err(bind_error)?.port();
        let url = place_of(&config.upstream, config.tls.is_some(), port);
        let deeds = Arc::new(AtomicUsize::new(0));
        let panics = Arc::<std::sync::Mutex<Vec<String>>>::default();
        let place = Arc::new(Place {
            own: url.clone(),
            origin: Arc::new(origin),
            side: config.side,
            saboteur: config.saboteur,
            clients,
            deeds: Arc::clone(&deeds),
            panics: Arc::clone(&panics),
        });
        let acceptor = config.tls.map(TlsAcceptor::from);
        let accepting = tokio::spawn(accept(listener, acceptor, place));
        Ok(Self { url, deeds, panics, accepting })
    }

    /// What to tell drivers instead of the subject's URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The count behind [`Interposer::deeds`], which outlives the interposer.
    pub fn tally(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.deeds)
    }

    /// The panics in its own code and its saboteur's so far, oldest first: what was found out through it is worth
    /// nothing then.
    pub fn panics(&self) -> Vec<String> {
        self.panics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// In how many messages the defect showed so far.
    pub fn deeds(&self) -> usize {
        self.deeds.load(Ordering::Relaxed)
    }
}

impl Drop for Interposer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn place_of(upstream: &Url, tls: bool, port: u16) -> Url {
    let scheme = if tls { "https" } else { "http" };
    let mut url = upstream.clone();
    url.set_scheme(scheme).expect("both schemes are special, so either may replace the other");
    url.set_host(Some("localhost")).expect("`localhost` is a host");
    url.set_port(Some(port)).expect("a URL with a host takes a port");
    url
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, place: Arc<Place>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        connections.spawn(welcome(stream, acceptor.clone(), Arc::clone(&place)));
        while connections.try_join_next().is_some() {}
    }
}

async fn welcome(stream: TcpStream, acceptor: Option<TlsAcceptor>, place: Arc<Place>) {
    // Small messages both ways: waiting to fill a segment would show as latency.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => place.serve(stream, None).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => {
                let shown = place.clients.who_showed(stream.get_ref().1.peer_certificates());
                place.serve(stream, shown).await;
            }
            Err(error) => tracing::debug!(%error, "a driver's handshake with the interposer failed"),
        },
    }
}

/// What all connections of one interposer share.
struct Place {
    own: Url,
    origin: Arc<Origin>,
    side: Side,
    saboteur: Arc<dyn Saboteur>,
    clients: Clients,
    deeds: Arc<AtomicUsize>,
    panics: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Place {
    /// Each connection of a driver has one of its own to the subject, so that both live and die alike.
    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin + Send, shown: Option<TlsIdentity>) {
        let upstream = Mutex::new(Upstream::new(Arc::clone(&self.origin), shown));
        let service = service_fn(|request| self.pass_or_panic(request, &upstream));
        let served = http1::Builder::new()
            .preserve_header_case(true)
            .auto_date_header(false)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        if let Err(error) = served {
            tracing::debug!(%error, "a connection through the interposer ended early");
        }
    }

    /// Passes one request on; a panic on the way is remembered, and the driver gets no answer.
    async fn pass_or_panic(
        &self,
        request: Request<Incoming>,
        upstream: &Mutex<Upstream>,
    ) -> Result<Response<Full<Bytes>>, PassError> {
        let what = format!("{} {}", request.method(), request.uri().path());
        AssertUnwindSafe(self.pass(request, upstream)).catch_unwind().await.unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message");
            self.panics.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{what}: {text}"));
            Err(PassError::Panicked)
        })
    }

    /// Passes one request on. Where the subject gives no answer neither does the interposer: it hangs up.
    async fn pass(
        &self,
        request: Request<Incoming>,
        upstream: &Mutex<Upstream>,
    ) -> Result<Response<Full<Bytes>>, PassError> {
        let (parts, body) = request.into_parts();
        let sent = Request::from_parts(parts, body.collect().await?.to_bytes());
        let plane = self.side.plane(sent.uri().path());
        let mut forwarded = sent.clone();
        self.count(self.saboteur.on_request(plane, &mut forwarded).await);
        if forwarded.body() != sent.body() {
            message::fit_length(&mut forwarded);
        }
        self.name_subject(&mut forwarded);

        let answer = upstream.lock().await.exchange(forwarded).await?;
        let (parts, body) = answer.into_parts();
        let received = body.clone();
        let mut answer = Response::from_parts(parts, body);
        self.count(self.saboteur.on_answer(plane, &sent, &mut answer).await);
        if *answer.body() != received {
            message::fit_answer_length(&mut answer);
        }
        self.name_interposer(&mut answer);
        Ok(answer.map(Full::new))
    }

    fn count(&self, deed: Deed) {
        if deed == Deed::Done {
            self.deeds.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The subject reads its own name in `Host`; a name that the driver made up stays.
    fn name_subject(&self, request: &mut Request<Bytes>) {
        let own = message::authority(&self.own);
        if request.headers().get(header::HOST).is_some_and(|host| host.as_bytes() == own.as_bytes()) {
            let subject = HeaderValue::from_str(&self.origin.authority).expect("an authority is visible ASCII");
            request.headers_mut().insert(header::HOST, subject);
        }
    }

    /// A `Location` at the subject leads back through the interposer.
    fn name_interposer(&self, answer: &mut Response<Bytes>) {
        let Some(location) = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()) else {
            return;
        };
        let Some(rest) = location.strip_prefix(&self.origin.ascii) else { return };
        if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
            let origin = self.own.origin().ascii_serialization();
            if let Ok(value) = HeaderValue::from_str(&format!("{origin}{rest}")) {
                answer.headers_mut().insert(header::LOCATION, value);
            }
        }
    }
}

/// Why a driver's request got no answer.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error("reading the driver's request")]
    Request(#[from] hyper::Error),
    #[error("the interposer or its saboteur panicked")]
    Panicked,
    #[error("asking the subject")]
    Upstream(#[from] UpstreamError),
}

#[cfg(test)]
mod tests;
