//! The wiremock servers behind a front: as many as connections are to be spread over, all with the same answers.
//! What they answer is in `answering`.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
};

use tokio::task::unconstrained;
use wiremock::{Mock, MockServer, matchers::any};

use super::answering::Answering;

/// wiremock keeps every request that a mock matched, even when it records none. After so many they are thrown away.
const KEPT: usize = 512;

/// Servers behind a front.
pub(super) struct Behind(Vec<Arc<MockServer>>);

impl Behind {
    /// Starts so many servers that answer this.
    pub(super) async fn start(count: usize, answering: impl Fn(Cleaner) -> Answering) -> io::Result<Self> {
        let mut servers = Vec::new();
        for _ in 0..count.max(1) {
            let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
            // Our own journal holds the answers too; wiremock's would be a second copy of the requests.
            let server = Arc::new(MockServer::builder().listener(listener).disable_request_recording().start().await);
            let cleaner = Cleaner::of(&server);
            server.register(Mock::given(any()).respond_with(answering(cleaner))).await;
            servers.push(server);
        }
        Ok(Self(servers))
    }

    /// Where they listen.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|server| *server.address()).collect()
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        // A wiremock server waits for its own lock when it is dropped. Inside of a task that has used up its share of
        // the runtime that wait never ends, so it happens on a thread of its own.
        let servers = std::mem::take(&mut self.0);
        std::thread::spawn(move || drop(servers));
    }
}

/// Counts the requests of one server and has it forget them in time.
#[derive(Debug, Clone)]
pub(super) struct Cleaner(Arc<Count>);

#[derive(Debug)]
struct Count {
    server: OnceLock<Weak<MockServer>>,
    requests: AtomicUsize,
}

impl Cleaner {
    fn of(server: &Arc<MockServer>) -> Self {
        Self(Arc::new(Count { server: OnceLock::from(Arc::downgrade(server)), requests: AtomicUsize::new(0) }))
    }

    /// Notes a request. Must be called from within the server's answering.
    ///
    /// The server answers under its lock, which is handed on in the order in which it was asked for. Asked for here, for
    /// throwing everything away and then at once for registering the answers again, it goes to these two before any
    /// other request: nobody meets a server without answers.
    pub(super) fn count(&self, answering: &Answering) {
        let count = self.0.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let server = self.0.server.get().and_then(Weak::upgrade).filter(|_| count.is_multiple_of(KEPT));
        let Some(server) = server else { return };
        let again = Mock::given(any()).respond_with(answering.clone());
        let forgetting = {
            let server = Arc::clone(&server);
            Box::pin(unconstrained(async move { server.reset().await }))
        };
        let registering = Box::pin(unconstrained(async move {
            server.register(again).await;
            server
        }));
        let (mut forgetting, mut registering) = (forgetting, registering);
        let mut context = Context::from_waker(Waker::noop());
        let queued =
            forgetting.as_mut().poll(&mut context).is_pending() && registering.as_mut().poll(&mut context).is_pending();
        debug_assert!(queued, "the lock is held by whoever answers");
        tokio::spawn(async move {
            forgetting.await;
            let server = registering.await;
            // It might be the last one to hold the server: see `Behind`.
            std::thread::spawn(move || drop(server));
        });
    }
}
