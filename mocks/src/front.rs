//! The TLS front of a mock server: terminates TLS and hands the bytes on to the plain server behind it.
//! It is the place for whatever happens below HTTP; what is said in HTTP is not its business.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// A client that connects and then says nothing is let go after this long.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// A bound port, not yet served: its number is needed for the issuer before there is a server behind it.
pub(crate) struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    /// Takes a port on loopback; any free one when none is given.
    pub(crate) async fn take(port: Option<u16>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn number(&self) -> u16 {
        self.address.port()
    }

    /// Serves it: each connection is decrypted and spliced to a connection of its own to `behind`.
    pub(crate) fn serve(self, tls: Arc<rustls::ServerConfig>, behind: SocketAddr) -> Front {
        Front(tokio::spawn(accept(self.listener, TlsAcceptor::from(tls), behind)))
    }
}

/// A front being served; dropping it closes the port and every connection through it.
pub(crate) struct Front(JoinHandle<()>);

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, behind: SocketAddr) {
    // The set goes with this task, and every connection with the set.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let tls = tls.clone();
                connections.spawn(async move {
                    if let Err(cause) = splice(stream, tls, behind).await {
                        tracing::debug!(%cause, "a connection to a mock server ended early");
                    }
                });
            }
            // Out of file descriptors, most likely: others close theirs meanwhile.
            Err(cause) => {
                tracing::warn!(%cause, "a mock server could not accept a connection");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn splice(stream: TcpStream, tls: TlsAcceptor, behind: SocketAddr) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut outside = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await??;
    let mut inside = TcpStream::connect(behind).await?;
    inside.set_nodelay(true)?;
    copy_bidirectional(&mut outside, &mut inside).await.map(drop)
}
