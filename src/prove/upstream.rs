//! The interposer's side that faces the subject: one connection, opened when needed and again when the subject closed it.
//! What is sent over it is not looked at here.

use std::{io, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, InvalidDnsNameError, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::Url;

use super::{clients::certificates, message};
use kmspec_mocks::certificates::TlsIdentity;

/// Why the subject could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Its URL names no host and port.
    #[error("`{0}` names no host and port")]
    NoOrigin(Url),
    /// Its host is no name that a certificate could carry.
    #[error("its host cannot stand in a certificate")]
    Name(#[from] InvalidDnsNameError),
    /// A certificate to trust could not be read.
    #[error("reading a certificate to trust")]
    Trust(#[from] rustls::pki_types::pem::Error),
    /// TLS could not be set up.
    #[error("setting up TLS towards it")]
    Tls(#[from] rustls::Error),
    /// No connection.
    #[error("connecting to it")]
    Connect(#[from] io::Error),
    /// The connection broke.
    #[error("talking to it")]
    Http(#[from] hyper::Error),
}

/// Where the subject is.
pub(super) struct Origin {
    /// As in `Host`.
    pub(super) authority: String,
    /// Scheme, host and port, as in an absolute URL.
    pub(super) ascii: String,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    trust: Vec<String>,
}

impl Origin {
    pub(super) fn new(url: &Url, trust: &[String]) -> Result<Self, UpstreamError> {
        let no_origin = || UpstreamError::NoOrigin(url.clone());
        let host = url.host_str().ok_or_else(no_origin)?.trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().ok_or_else(no_origin)?;
        let tls = match url.scheme() {
            "https" => Some((connector(trust, None)?, ServerName::try_from(host.clone())?)),
            _ => None,
        };
        let ascii = url.origin().ascii_serialization();
        Ok(Self { authority: message::authority(url), ascii, host, port, tls, trust: trust.to_vec() })
    }
}

fn connector(trust: &[String], shown: Option<&TlsIdentity>) -> Result<TlsConnector, UpstreamError> {
    let mut roots = RootCertStore::empty();
    for pem in trust {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate?)?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let config = match shown {
        None => config.with_no_client_auth(),
        Some(shown) => {
            let key = PrivateKeyDer::from_pem_slice(shown.key_pem.as_bytes())?;
            config.with_client_auth_cert(certificates(shown), key)?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The connection to the subject that belongs to one connection of a driver.
pub(super) struct Upstream {
    origin: Arc<Origin>,
    /// What the driver showed in its handshake.
    shown: Option<TlsIdentity>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Upstream {
    pub(super) fn new(origin: Arc<Origin>, shown: Option<TlsIdentity>) -> Self {
        Self { origin, shown, sender: None }
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// A connection that the subject closed between two requests is opened again, as any client would; a request
    /// that may have reached the subject is never sent twice.
    pub(super) async fn exchange(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, UpstreamError> {
        let mut request = request.map(Full::new);
        let answer = loop {
            let reused = self.sender.is_some();
            let mut sender = match self.sender.take() {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            if sender.ready().await.is_err() && reused {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(answer) => {
                    self.sender = Some(sender);
                    break answer;
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if reused => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        };
        let (parts, body) = answer.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, UpstreamError> {
        let stream = TcpStream::connect((self.origin.host.as_str(), self.origin.port)).await?;
        stream.set_nodelay(true)?;
        match &self.origin.tls {
            None => handshake(stream).await,
            Some((connector, name)) => {
                let connector = match &self.shown {
                    None => connector.clone(),
                    shown => self::connector(&self.origin.trust, shown.as_ref())?,
                };
                handshake(connector.connect(name.clone(), stream).await?).await
            }
        }
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, UpstreamError> {
    let (sender, connection) = http1::Builder::new().preserve_header_case(true).handshake(TokioIo::new(stream)).await?;
    // Ends by itself when the sender is dropped or the subject hangs up; what it says then the sender says too.
    tokio::spawn(connection);
    Ok(sender)
}
