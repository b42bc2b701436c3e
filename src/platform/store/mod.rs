//! The store: every document of the platform in one SQLite database, a file or memory; secrets in it are sealed.
//! What the documents mean is left to the rooms that read them.

mod claim;
mod documents;
mod kinds;
mod schema;
mod sealing;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

use self::{claim::Claim, sealing::Seal};
use super::events::EventBus;

pub use documents::Documents;
pub use kinds::{Document, Revocation};

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In this process; gone with it.
    Memory,
    /// In this file, which is created when it is not there. Beside it, in a file of the same name with `.key` at its end,
    /// is the key of the secrets in it.
    File(PathBuf),
}

/// Why the store did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the store failed")]
    Database(#[from] rusqlite::Error),
    /// A document in the store is not what this version writes.
    #[error("a stored {kind} cannot be read")]
    Unreadable {
        /// Kind of the document.
        kind: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The file was written by a later version.
    #[error(
        "the data has schema version {found}, and this program knows {known} at most\nhint: start it with the program that wrote it"
    )]
    Newer {
        /// Version of the file.
        found: u32,
        /// Version of this program.
        known: u32,
    },
    /// Another process, or another platform of this one, has the data.
    #[error("the data in `{}` is in use by another platform\nhint: stop that one first, or give each a data file of its own", .0.display())]
    InUse(PathBuf),
    /// The file by which a process claims the data cannot be used.
    #[error("the lock file `{}` cannot be used: {source}", path.display())]
    LockFile {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file with the key of the data's secrets cannot be used.
    #[error("the key file `{}` cannot be used: {source}", path.display())]
    KeyFile {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The data has sealed secrets, and their key is not there.
    #[error("the key file `{}` is missing\nhint: it belongs to the data; restore both from the same backup", .0.display())]
    KeyMissing(PathBuf),
    /// The key is not the one that the data was sealed with.
    #[error(
        "the key file `{}` belongs to other data\nhint: restore the data and its key from the same backup", .0.display()
    )]
    OtherKey(PathBuf),
    /// A secret was changed where it is kept, or put in another's place.
    #[error("a secret of the stored {kind} `{id}` cannot be opened\nhint: the data was changed by another program")]
    Tampered {
        /// Kind of the document.
        kind: &'static str,
        /// Id of the document.
        id: String,
    },
    /// The work on the store did not run to its end.
    #[error("work on the store was cut off")]
    CutOff,
}

/// The store; clones share one connection, and so writes come one after the other.
#[derive(Debug, Clone)]
pub struct Store {
    connection: Arc<Opened>,
    seal: Arc<Seal>,
    bus: EventBus,
}

/// The connection, behind it the claim on its file, and then who is told of the end: members are dropped in this order.
#[derive(Debug)]
struct Opened {
    connection: Mutex<Connection>,
    _claim: Option<Claim>,
    held: watch::Sender<()>,
}

impl Store {
    /// Opens the data and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the file cannot be opened or was written by a later version.
    pub fn open(data: &Data) -> Result<Self, StoreError> {
        let claim = match data {
            Data::Memory => None,
            Data::File(path) => Some(Claim::on(path)?),
        };
        let mut connection = match data {
            Data::Memory => Connection::open_in_memory()?,
            Data::File(path) => Connection::open(path)?,
        };
        schema::prepare(&mut connection)?;
        let seal = match data {
            Data::Memory => Seal::passing(),
            Data::File(path) => Seal::beside(path, &mut connection)?,
        };
        let connection =
            Arc::new(Opened { connection: Mutex::new(connection), _claim: claim, held: watch::Sender::new(()) });
        Ok(Self { connection, seal: Arc::new(seal), bus: EventBus::new() })
    }

    /// Lets go, and comes back when everybody else has: then the data may be opened again. Work that was begun goes on to its
    /// end meanwhile, for no longer than `most`; whether it came to it is the answer.
    pub async fn released(self, most: Duration) -> bool {
        let mut held = self.connection.held.subscribe();
        drop(self);
        // Nothing is ever sent: it ends when the last holder has dropped the connection and the claim.
        tokio::time::timeout(most, held.changed()).await.is_ok()
    }

    /// Where changes are told after they were committed, in the order of the commits.
    pub fn bus(&self) -> &EventBus {
        &self.bus
    }

    /// Reads, on a thread that may block.
    ///
    /// # Errors
    ///
    /// Whatever `work` returns.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Documents<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || store.read_now(work)).await;
        done.unwrap_or_else(|cut| Err(cut_off(cut).into()))
    }

    /// Reads and writes in one transaction, on a thread that may block: all of it is kept, or nothing when `work`
    /// fails. What it announced is published after the commit.
    ///
    /// # Errors
    ///
    /// Whatever `work` returns, and [`StoreError`] when the commit fails.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Documents<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || store.write_now(work)).await;
        done.unwrap_or_else(|cut| Err(cut_off(cut).into()))
    }

    /// [`Store::read`] on this very thread; not for async code.
    ///
    /// # Errors
    ///
    /// Whatever `work` returns.
    pub fn read_now<T, E>(&self, work: impl FnOnce(&Documents<'_>) -> Result<T, E>) -> Result<T, E> {
        work(&Documents::new(&self.lock(), &self.seal))
    }

    /// [`Store::write`] on this very thread; not for async code.
    ///
    /// # Errors
    ///
    /// Whatever `work` returns, and [`StoreError`] when the commit fails.
    pub fn write_now<T, E>(&self, work: impl FnOnce(&Documents<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let mut connection = self.lock();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let documents = Documents::new(&transaction, &self.seal);
        let done = work(&documents)?;
        let announced = documents.into_announced();
        transaction.commit().map_err(StoreError::from)?;
        // Still under the lock, so that readers meet changes in the order in which they were committed.
        announced.into_iter().for_each(|event| self.bus.publish(event));
        Ok(done)
    }

    /// A panic while the lock was held rolled its transaction back, so the connection is sound.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A panic of the work goes on in the caller, where it is noticed; only the end of the program cuts work off.
fn cut_off(cut: tokio::task::JoinError) -> StoreError {
    match cut.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => StoreError::CutOff,
    }
}

#[cfg(test)]
mod tests;
