//! The TLS front of a mock server: terminates TLS and hands the bytes on to the plain server behind it.
//! It is the place for whatever happens below HTTP, scripted faults included; what is said in HTTP is not its business.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    faults::Faults,
    relay::{End, relay},
};

/// A client that connects and then says nothing is let go after this long.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// How long the port may take to come free after its listener has gone.
const HOLD_LIMIT: Duration = Duration::from_secs(5);

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
    pub(crate) fn serve(self, tls: Arc<rustls::ServerConfig>, behind: SocketAddr, faults: Faults) -> Front {
        // Subscribed before anybody can script a refusal.
        let refusal = faults.refusal();
        Front(tokio::spawn(accept(self, TlsAcceptor::from(tls), behind, faults, refusal)))
    }
}

/// A front being served; dropping it closes the port and every connection through it.
pub(crate) struct Front(JoinHandle<()>);

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn accept(port: Port, tls: TlsAcceptor, behind: SocketAddr, faults: Faults, mut refusal: watch::Receiver<bool>) {
    let Port { mut listener, address } = port;
    // The set goes with this task, and every connection with the set.
    let mut connections = JoinSet::new();
    loop {
        if *refusal.borrow_and_update() {
            drop(listener);
            connections.shutdown().await;
            listener = match refuse(address, &faults, &mut refusal).await {
                Ok(listener) => listener,
                Err(cause) => {
                    tracing::error!(%cause, %address, "a mock server could not get its port back");
                    // Whoever waits for the refusal has it, for good.
                    faults.note_refused(true);
                    return;
                }
            };
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = refusal.changed() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let (tls, faults) = (tls.clone(), faults.clone());
                connections.spawn(async move {
                    if let Err(cause) = splice(stream, tls, behind, &faults).await {
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

/// Holds the port without listening, so that the system refuses whoever connects, until the refusal ends.
async fn refuse(address: SocketAddr, faults: &Faults, refusal: &mut watch::Receiver<bool>) -> io::Result<TcpListener> {
    let held = hold(address).await?;
    faults.note_refused(true);
    if refusal.wait_for(|refuse| !refuse).await.is_err() {
        return Err(io::Error::other("the server is gone"));
    }
    held.set_reuseaddr(true)?;
    let listener = held.listen(1024)?;
    faults.note_refused(false);
    Ok(listener)
}

/// Takes a port again that was listened on a moment ago; its connections may still be on their way out.
async fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let deadline = tokio::time::Instant::now() + HOLD_LIMIT;
    loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        match socket.bind(address) {
            Ok(()) => {
                // Otherwise the system may give a port that nobody listens on to somebody else who would share it.
                socket.set_reuseaddr(false)?;
                return Ok(socket);
            }
            Err(cause) if tokio::time::Instant::now() >= deadline => return Err(cause),
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

async fn splice(stream: TcpStream, tls: TlsAcceptor, behind: SocketAddr, faults: &Faults) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut outside = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await??;
    let mut inside = TcpStream::connect(behind).await?;
    inside.set_nodelay(true)?;
    if let End::Reset = relay(&mut outside, &mut inside, faults).await? {
        outside.get_ref().0.set_zero_linger()?;
    }
    Ok(())
}
