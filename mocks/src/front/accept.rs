//! Listening, the handshake, and a connection of its own behind for each in front.
//! What happens to the bytes in between is in `relay`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    relay::{End, relay},
    requests::Requests,
};
use crate::{certificates::ClientCheck, faults::Faults};

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

    /// Serves it: each connection is decrypted and goes on to a connection of its own to one of the servers behind, in
    /// turn.
    pub(crate) fn serve(self, door: Door, behind: Vec<SocketAddr>, faults: Faults) -> Front {
        // Subscribed before anybody can script a refusal.
        let refusal = faults.refusal();
        Front(tokio::spawn(accept(self, door, behind, faults, refusal)))
    }
}

/// With which certificate the front serves, and what it asks of clients; clones share it, and it may change.
#[derive(Clone)]
pub(crate) struct Door {
    config: Arc<RwLock<Arc<rustls::ServerConfig>>>,
    /// Tells clients' certificates apart, where they are asked for.
    pub(crate) clients: Option<Arc<ClientCheck>>,
}

impl Door {
    pub(crate) fn new(config: Arc<rustls::ServerConfig>, clients: Option<Arc<ClientCheck>>) -> Self {
        Self { config: Arc::new(RwLock::new(config)), clients }
    }

    /// Serves new connections with another certificate.
    pub(crate) fn change(&self, config: Arc<rustls::ServerConfig>) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A front being served; dropping it closes the port and every connection through it.
pub(crate) struct Front(JoinHandle<()>);

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn accept(port: Port, door: Door, behind: Vec<SocketAddr>, faults: Faults, mut refusal: watch::Receiver<bool>) {
    let mut turns = behind.into_iter().cycle();
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
                let (door, faults, behind) = (door.clone(), faults.clone(), turns.next());
                connections.spawn(async move {
                    if let Some(behind) = behind
                        && let Err(cause) = splice(stream, &door, behind, &faults).await
                    {
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

async fn splice(stream: TcpStream, door: &Door, behind: SocketAddr, faults: &Faults) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut outside = timeout(HANDSHAKE_LIMIT, door.acceptor().accept(stream)).await??;
    let presented = outside.get_ref().1.peer_certificates();
    let presented = door.clients.as_ref().and_then(|clients| clients.header(presented));
    let mut inside = TcpStream::connect(behind).await?;
    inside.set_nodelay(true)?;
    if let End::Reset = relay(&mut outside, &mut inside, Requests::new(presented), faults).await? {
        outside.get_ref().0.set_zero_linger()?;
    }
    Ok(())
}
