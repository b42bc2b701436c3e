//! Ctrl-C and SIGTERM: the first asks the run to finish early, the second ends the process at once.
//! What finishing early means is the runner's business.

use std::sync::Arc;

use tokio::sync::watch;

use kmspec_model::report::ExitStatus;

/// Whether the run was asked to finish early.
#[derive(Debug, Clone)]
pub struct Interruption {
    requested: watch::Receiver<bool>,
    sender: Arc<watch::Sender<bool>>,
}

impl Default for Interruption {
    fn default() -> Self {
        let (sender, requested) = watch::channel(false);
        Self { requested, sender: Arc::new(sender) }
    }
}

impl Interruption {
    /// Starts to listen for signals of the process.
    pub fn listen() -> Self {
        let interruption = Self::default();
        let own = interruption.clone();
        tokio::spawn(async move {
            signal().await;
            eprintln!(
                "\ninterrupted: running scenarios finish, then the partial report is written; once more ends at once"
            );
            own.request();
            signal().await;
            std::process::exit(i32::from(ExitStatus::Interrupted.code()));
        });
        interruption
    }

    /// Asks for an early finish.
    pub fn request(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it was asked for.
    pub fn requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Waits until it is asked for.
    pub async fn wait(&self) {
        let mut requested = self.requested.clone();
        if requested.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
pub async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        caught = tokio::signal::ctrl_c() => if caught.is_err() { std::future::pending::<()>().await },
        _ = terminate.recv() => {}
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
