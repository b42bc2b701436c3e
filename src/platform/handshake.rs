//! Client certificates in a handshake: asked of everybody, demanded of nobody, and handed on with each request.
//! Which of them opens what is decided by the gateway.

use std::{io, sync::Arc};

use axum::{Extension, middleware::AddExtension};
use axum_server::{
    accept::{Accept, NoDelayAcceptor},
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use futures::{FutureExt as _, future::BoxFuture};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_layer::Layer as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What a client showed in the handshake of the connection, leaf first; empty when nothing. It has the leaf's key.
#[derive(Debug, Clone, Default)]
pub(super) struct PresentedChain(pub(super) Arc<[CertificateDer<'static>]>);

/// Takes any certificate whose key the client has, and none at all.
#[derive(Debug)]
pub(super) struct AnyClient(pub(super) Arc<CryptoProvider>);

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.0.signature_verification_algorithms)
    }

    /// By the key alone, so that certificates of the first version of X.509 do, too.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let (_, read) = X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
        let key = SubjectPublicKeyInfoDer::from(read.public_key().raw);
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Shakes hands, and hands on what the client showed with every request of the connection.
#[derive(Debug, Clone)]
pub(super) struct Presenting(RustlsAcceptor<NoDelayAcceptor>);

impl Presenting {
    pub(super) fn new(tls: Arc<ServerConfig>) -> Self {
        Self(RustlsAcceptor::new(RustlsConfig::from_config(tls)).acceptor(NoDelayAcceptor::new()))
    }
}

type Shaken<I> = tokio_rustls::server::TlsStream<I>;

impl<I, S> Accept<I, S> for Presenting
where
    RustlsAcceptor<NoDelayAcceptor>: Accept<I, S, Stream = Shaken<I>, Service = S>,
    <RustlsAcceptor<NoDelayAcceptor> as Accept<I, S>>::Future: Send + 'static,
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Send + 'static,
{
    type Stream = Shaken<I>;
    type Service = AddExtension<S, PresentedChain>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let shaking = self.0.accept(stream, service);
        async move {
            let (stream, service) = shaking.await?;
            let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let chain = PresentedChain(shown.iter().map(|one| one.clone().into_owned()).collect());
            Ok((stream, Extension(chain).layer(service)))
        }
        .boxed()
    }
}
